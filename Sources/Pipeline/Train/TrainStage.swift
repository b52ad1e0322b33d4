internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

extension Job {

    /// The train stage: a model from the shards, epoch by epoch. Every epoch leaves a checkpoint,
    /// from which an interrupted run goes on to the same bits.
    func train() throws {
        let begun = Stopwatch()
        guard let training = pipeline.training else {
            throw PipelineError(
                .data,
                "\(pipelinePath): has no 'train', so there is nothing to train: add it, with "
                    + "model.kind at least")
        }
        let pack = try source.manifest(.pack)
        let fingerprint = Fingerprint.train(pack: pack.id, training)
        if let manifest = finished("train", .train, fingerprint: fingerprint) {
            return skipped(manifest, stage: .train)
        }
        try protectModel(training, pack, fingerprint: fingerprint)
        let store = try PackedSamples(pack, in: source.folder(.pack))
        let samples = try store.select(training.selection, of: .train)
        let judges = try judges(of: training, in: store)
        let model = try model(of: training, on: store.physics.lattice)
        let checkpoint = TrainingCheckpoint(
            in: dataset, fingerprint: fingerprint, parameters: model.parameterCount,
            statistics: model.tensors.reduce(0) { $0 + ($1.isParameter ? 0 : $1.count) },
            patience: training.earlyStop
        ) { [reporter] what in
            reporter.warned(
                "the checkpoint of this training is damaged, so it begins anew: " + "\(what)")
        }
        let run = TrainingRun(
            training, model: model, store: store, samples: samples, judgedBy: judges,
            threads: threads, checkpoint: checkpoint)
        reporter.began(
            .train, total: training.epochs * samples.count, done: run.metrics.count * samples.count)
        let folder = dataset.folder(.train)
        var saved = SavedEpochs(count: run.metrics.count)
        var unsaved: EpochSnapshot?
        var files: [(name: String, digest: FileDigest)] = []
        /// Writes where the training stands. Until the first epoch is done, an earlier model stays
        /// as it was.
        func save(_ snapshot: EpochSnapshot) throws {
            let isFirst = !saved.isBegun
            try saved.save(snapshot.metrics.count) {
                if isFirst {
                    try invalidateEvaluation()
                    try invalidate(.train)
                }
                let weights = try WeightsFile.write(
                    snapshot.weights, to: "\(folder)/\(StageFile.weights)")
                let metrics = try AtomicFile.write(
                    EpochMetrics.lines(snapshot.metrics), to: "\(folder)/\(StageFile.metrics)")
                files = [(StageFile.weights, weights), (StageFile.metrics, metrics)]
                try snapshot.checkpoint.write(in: dataset)
            }
            unsaved = nil
        }
        func snapshot() -> EpochSnapshot {
            EpochSnapshot(
                weights: run.weights(physics: store.physics, trainedOn: pack.id),
                metrics: run.metrics, checkpoint: run.checkpoint(fingerprint: fingerprint))
        }
        do {
            try run.run { [reporter] done in
                reporter.advanced(.train, done: done)
            } ended: { line in
                unsaved = snapshot()
                if saved.isDue { try save(snapshot()) }
                reporter.ended(epoch: line.json, of: training.epochs)
            }
        } catch {
            // Whatever happened since, the last whole epoch is worth keeping.
            if let unsaved { try? save(unsaved) }
            guard let error = error as? LearningError, error.code == .diverged else { throw error }
            let kept =
                saved.count == 0
                ? "No epoch was finished; what was there before is as it was"
                : "The training up to epoch \(saved.count) is kept"
            throw PipelineError(.diverged, "\(error.message). \(kept)")
        }
        try save(snapshot())
        let weights = run.weights(physics: store.physics, trainedOn: pack.id)
        let judged = run.metrics.map { run.judgedValue($0).map(JSON.number) ?? .null }
        let manifest = Manifest(
            stage: Stage.train.rawValue, parameters: training.json, inputs: [input(.pack, pack)],
            content: .object([
                "samples": .integer(samples.count), "judged_samples": .integer(judges.count),
                "parameters": .integer(model.parameterCount), "epochs": .integer(run.metrics.count),
                "steps": .integer(run.steps), "best_epoch": .integer(run.bestEpoch),
                "judged": .array(judged), "digest": .string(weights.digest.description),
            ]), files: files.map { Manifest.File($0.name, $0.digest, samples: samples.count) })
        var extra: [String: JSON] = ["waited_seconds": .number(run.waited)]
        if let name = pipeline.modelCode {
            extra["code"] = .string(name)
            let changed = try ModelCode(named: name).changed(in: training)
            if !changed.isEmpty { extra["code_changed"] = .array(changed.map(JSON.string)) }
        }
        try commit(
            manifest, stage: .train, fingerprint: fingerprint, samples: samples.count,
            started: begun, work: run.seconds, worked: samples.count * run.metrics.count,
            provenance: extra)
        AtomicFile.remove(TrainingCheckpoint.path(in: dataset))
    }

    /// Where a training stands after an epoch, as it is written.
    private struct EpochSnapshot {
        let weights: ModelWeights
        let metrics: [EpochMetrics]
        let checkpoint: TrainingCheckpoint
    }

    /// What of a training is on the disk, and when to write it again: often enough to lose little,
    /// and so seldom that it takes a twentieth of the time at most.
    private struct SavedEpochs {
        /// Epochs that the checkpoint holds.
        private(set) var count: Int
        /// Whether this run has written anything.
        private(set) var isBegun = false
        private var ended: Stopwatch?
        private var seconds = 0.0

        init(count: Int) { self.count = count }

        /// Whether it is time.
        var isDue: Bool { ended.map { $0.seconds >= 20 * seconds } ?? true }

        mutating func save(_ epochs: Int, _ write: () throws -> Void) throws {
            let began = Stopwatch()
            try write()
            seconds = began.seconds
            (ended, isBegun, count) = (Stopwatch(), true, epochs)
        }
    }

    /// The samples that choose the best epoch.
    private func judges(of training: TrainingDescription, in store: PackedSamples) throws
        -> [PackedSamples.Sample]
    {
        let part: Split.Part
        switch training.judge {
        case .none: return []
        case .validation: part = .validation
        case .test: part = .test
        }
        let samples = store.all(of: part)
        guard !samples.isEmpty else {
            throw PipelineError(
                .data,
                "\(pipelinePath): train: the dataset has no \(part) part to choose the best epoch "
                    + "by: set split.\(part)_every and make it anew, or set train.judge to "
                    + "\(part == .validation ? "'test', as the paper does," : "'validation'") or "
                    + "'none'")
        }
        return samples
    }

    /// The network on the dataset's lattice.
    private func model(of training: TrainingDescription, on lattice: Lattice) throws
        -> ModelDescription
    {
        do { return try training.model(on: lattice) } catch {
            throw PipelineError(.data, "\(pipelinePath): train: \(error.message)")
        }
    }
}
