internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

/// The train stage: a model from the shards, epoch by epoch. Every epoch leaves a checkpoint, from
/// which an interrupted run goes on to the same bits.
struct TrainStage: PipelineStage {
    let training: TrainingDescription
    /// The code of the paper's tables that it follows, or nil.
    let code: String?
    /// Whether the model after half of the epochs is kept beside the best one.
    var keepsHalfway = false
    /// Whose shards it learns from; nil for those of the dataset itself, or of the round's version.
    var data: Dataset?
    var round = 0

    let stage = Stage.train
    var upstream: [String] { [PackedShardsOrigin(round: round, data: data).id] }

    func inputs(_ listing: SampleListing) -> [String] {
        [PackedShardsOrigin(round: round, data: data).path]
    }

    func outputs(_ listing: SampleListing) -> [String] {
        [stage.manifestPath(round: round), stage.path(StageFile.weights, round: round)]
            + (keepsHalfway ? [stage.path(StageFile.halfway, round: round)] : [])
            + (training.curation == nil ? [] : [stage.path(StageFile.curation, round: round)])
            + (round == 0 ? [] : [stage.recordPath(round: round)])
    }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.train(pack: upstream[0], training, keepsHalfway: keepsHalfway)
    }

    func upstream(in context: StageContext) throws -> [Digest] {
        [try PackedShardsOrigin(round: round, data: data).fingerprint(in: context)]
    }

    /// A training is the same where it has the same description and learnt from the shards with the
    /// same id, whatever steps wrote those: so models outlive changes that are in no id, such as
    /// the sizes of files, and formulas of fingerprints that earlier releases had.
    func isSame(in context: StageContext) -> Bool {
        guard let manifest = try? context.dataset.manifest(TrainManifest.self),
            let pack = try? PackedShardsOrigin(round: round, data: data).dataset(in: context)
                .manifest(PackManifest.self)
        else { return false }
        return isOf(manifest, pack) && (manifest.halfway != nil) == keepsHalfway
    }

    /// Whether a manifest is of this training on those shards.
    func isOf(_ manifest: TrainManifest, _ pack: PackManifest) -> Bool {
        let id = pack.id
        return manifest.training.json == training.json && manifest.inputs.contains { $0.id == id }
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let begun = Stopwatch()
        let (dataset, reporter) = (context.dataset, context.reporter)
        let source = try PackedShardsOrigin(round: round, data: data).dataset(in: context)
        let pack = try source.manifest(PackManifest.self)
        let input = pack.input
        // A checkpoint names what it learns from by content, so that it can go on whatever steps
        // wrote that.
        let content = Fingerprint.train(pack: input.id, training, keepsHalfway: keepsHalfway)
        try protectModel(pack, of: source, fingerprint: fingerprint, content: content, in: context)
        let store = try PackedSamples(pack, in: source.folder(.pack))
        let endless = try training.samplesPerEpoch.map {
            try EndlessSource(source, pack: pack, count: $0)
        }
        let samples: any TrainingSource =
            try endless
            ?? PackedSource(
                store: store, samples: try store.select(training.selection, of: .train))
        let judges = PackedSource(
            store: store, samples: try judges(in: store, context.pipelinePath))
        if !store.physics.isRealised {
            reporter.warned(
                "the coefficients differ from sample to sample, and a model is given the sources "
                    + "alone: it learns what the media have in common")
        }
        let model = try model(on: store.physics.lattice, context.pipelinePath)
        let checkpoint = TrainingCheckpoint(
            in: dataset, fingerprint: content, parameters: model.parameterCount,
            statistics: model.tensors.reduce(0) { $0 + ($1.isParameter ? 0 : $1.count) },
            patience: training.earlyStop,
            curated: training.curation.flatMap { _ in
                endless.map { ($0.count, $0.stream.design.strata.count) }
            }
        ) { what in
            reporter.warned(
                "the checkpoint of this training is damaged, so it begins anew: \(what)")
        }
        let curator = training.curation.flatMap { curation in
            endless.map {
                Curator($0, curation, seed: training.seed, from: checkpoint?.curation)
            }
        }
        let run = TrainingRun(
            training, model: model, source: samples, judgedBy: judges, threads: context.threads,
            checkpoint: checkpoint, keepsHalfway: keepsHalfway, curator: curator)
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
            try saved.save(snapshot.metrics.count, telling: context.clock) {
                // First: whatever is killed from here on goes on from it. Weights without one are
                // taken for somebody's model, which is not overwritten.
                try snapshot.checkpoint.write(in: dataset)
                if isFirst {
                    try invalidateEvaluation(in: dataset)
                    try context.invalidate(stage)
                }
                let weights = try WeightsFile.write(
                    snapshot.weights, to: "\(folder)/\(StageFile.weights)")
                let metrics = try AtomicFile.write(
                    EpochMetrics.lines(snapshot.metrics), to: "\(folder)/\(StageFile.metrics)")
                files = [(StageFile.weights, weights), (StageFile.metrics, metrics)]
                let log = "\(folder)/\(StageFile.curation)"
                if let curator, let curation = snapshot.checkpoint.curation {
                    let file = try AtomicFile.write(try curator.log(of: curation), to: log)
                    files.append((StageFile.curation, file))
                } else {
                    try AtomicFile.withdraw(log)
                }
            }
            unsaved = nil
        }
        func snapshot() -> EpochSnapshot {
            EpochSnapshot(
                weights: run.weights(physics: store.physics, trainedOn: input.id),
                metrics: run.metrics, checkpoint: run.checkpoint(fingerprint: content))
        }
        let (work, writtenBefore) = (Stopwatch(), context.clock.all[.writing] ?? 0)
        do {
            try run.run { done in
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
        let written = (context.clock.all[.writing] ?? 0) - writtenBefore
        context.clock.add(.waiting, run.waited)
        context.clock.add(.computing, work.seconds - run.waited - written)
        try save(snapshot())
        let weights = run.weights(physics: store.physics, trainedOn: input.id)
        var manifest = TrainManifest(
            training: training, inputs: [input], samples: samples.count,
            judgedSamples: judges.count, parameterCount: model.parameterCount,
            epochs: run.metrics.count, steps: run.steps, bestEpoch: run.bestEpoch,
            judged: run.metrics.map(run.judgedValue), digest: weights.digest, files: [])
        if !samples.isRepeated {
            let drawn = samples.count * (training.curation?.candidates ?? 1)
            manifest.ranks = 0..<drawn * run.metrics.count
        }
        if keepsHalfway {
            let weights = run.halfwayWeights(physics: store.physics, trainedOn: input.id)
            let file = try WeightsFile.write(weights, to: "\(folder)/\(StageFile.halfway)")
            files.append((StageFile.halfway, file))
            manifest.halfway = TrainManifest.Halfway(
                epoch: weights.epoch ?? 0, digest: weights.digest)
        } else {
            try AtomicFile.withdraw("\(folder)/\(StageFile.halfway)")
        }
        manifest.files = files.map { Manifest.File($0.name, $0.digest, samples: samples.count) }
        var extra: [String: JSON] = ["waited_seconds": .number(run.waited)]
        if let name = code {
            extra["code"] = .string(name)
            let changed = try ModelCode(named: name).changed(in: training)
            if !changed.isEmpty { extra["code_changed"] = .array(changed.map(JSON.string)) }
        }
        try context.commit(
            manifest, fingerprint: fingerprint, samples: samples.count,
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

        mutating func save(
            _ epochs: Int, telling clock: PhaseClock, _ write: () throws -> Void
        ) throws {
            let began = Stopwatch()
            try write()
            seconds = began.seconds
            clock.add(.writing, seconds)
            (ended, isBegun, count) = (Stopwatch(), true, epochs)
        }
    }

    /// The samples that choose the best epoch.
    private func judges(in store: PackedSamples, _ pipelinePath: String) throws
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
    private func model(on lattice: Lattice, _ pipelinePath: String) throws -> ModelDescription {
        do { return try training.model(on: lattice) } catch {
            throw PipelineError(.data, "\(pipelinePath): train: \(error.message)")
        }
    }
}
