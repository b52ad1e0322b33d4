internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Parallel
internal import Shards

/// A training in memory: a network, its optimiser, and the epochs so far.
///
/// What it computes depends on the description and the samples alone; a run that goes on after a
/// checkpoint has the same bits as one that was never interrupted.
final class TrainingRun {
    let description: TrainingDescription
    let model: ModelDescription
    /// Whether the model after half of the epochs is kept as well.
    private let keepsHalfway: Bool
    /// Samples that are predicted at a time.
    private let predictedAtOnce: Int
    private let train: BatchReader
    private let judge: BatchReader?
    /// What chooses the samples of each epoch, where draws are curated.
    private let curator: Curator?
    private let workers: Workers
    private let network: Network
    private var adam: Adam
    private var best: BestEpoch
    private var bestParameters: [Float]
    private var bestStatistics: [Float]
    /// The network's numbers after half of the epochs, where they are kept and it was so far.
    private var halfway: NetworkNumbers?
    /// Every epoch so far.
    private(set) var metrics: [EpochMetrics] = []
    /// How long the network waited for samples, of this run.
    private(set) var waited = 0.0
    private let started = Stopwatch()
    private let secondsBefore: Double

    /// Threads that read samples beside those that compute.
    private static let readers = 2
    /// Sites that are predicted at a time.
    private static let judgedSites = 1 << 20

    /// Prepares a training, from the beginning or from a checkpoint.
    init(
        _ description: TrainingDescription, model: ModelDescription, source: any TrainingSource,
        judgedBy: PackedSource, threads: Int, checkpoint: TrainingCheckpoint?, keepsHalfway: Bool,
        curator: Curator? = nil
    ) {
        self.description = description
        self.model = model
        self.keepsHalfway = keepsHalfway
        self.curator = curator
        predictedAtOnce = max(
            1, min(description.batch, TrainingRun.judgedSites / model.lattice.count))
        train = BatchReader(
            source: source, size: min(description.batch, source.count),
            transform: description.transform,
            noise: LabelNoise(sigma: description.labelNoise, seed: description.seed),
            seed: description.seed
        ).caching()
        judge =
            judgedBy.samples.isEmpty
            ? nil
            : BatchReader(
                source: judgedBy,
                size: predictedAtOnce,
                transform: description.transform, keepingFields: true
            ).caching()
        workers = Workers(threads: threads)
        network = Network(model, seed: description.seed, largestBatch: train.size, workers: workers)
        if let checkpoint {
            network.parameters = checkpoint.parameters
            network.statistics = checkpoint.statistics
            adam = Adam(
                description.optimiser, steps: checkpoint.steps, mean: checkpoint.mean,
                square: checkpoint.square)
            best = checkpoint.best
            (bestParameters, bestStatistics) = (
                checkpoint.bestParameters, checkpoint.bestStatistics
            )
            metrics = checkpoint.metrics
            halfway = checkpoint.halfway
        } else {
            adam = Adam(description.optimiser, count: network.parameters.count)
            best = BestEpoch(patience: description.earlyStop)
            (bestParameters, bestStatistics) = (network.parameters, network.statistics)
        }
        secondsBefore = checkpoint?.seconds ?? 0
        if checkpoint == nil, keepsHalfway, description.epochs < 2 { halfway = numbers }
    }

    /// The number of the best epoch, from 1.
    var bestEpoch: Int { best.epoch }
    /// Steps so far.
    var steps: Int { adam.steps }
    /// Seconds of work so far, those before a checkpoint among them.
    var seconds: Double { secondsBefore + started.seconds }
    /// Whether no epoch is left to do.
    var isOver: Bool { metrics.count >= description.epochs || best.isOver(after: metrics.count) }

    /// The model after its best epoch.
    func weights(physics: Physics, trainedOn: Digest) -> ModelWeights {
        ModelWeights(
            model: model, transform: description.transform, physics: physics.json.canonicalText,
            trainedOn: trainedOn.description, epoch: best.epoch, parameters: bestParameters,
            statistics: bestStatistics)
    }

    /// The network's numbers as they are.
    private var numbers: NetworkNumbers {
        NetworkNumbers(parameters: network.parameters, statistics: network.statistics)
    }

    /// The model after half of the epochs; after the last one where that is the best model, or
    /// where the training ended before.
    func halfwayWeights(physics: Physics, trainedOn: Digest) -> ModelWeights {
        let half = description.epochs / 2
        let isLast = halfway == nil || best.epoch == half
        let kept = isLast ? numbers : halfway ?? numbers
        return ModelWeights(
            model: model, transform: description.transform, physics: physics.json.canonicalText,
            trainedOn: trainedOn.description, epoch: isLast ? metrics.count : half,
            parameters: kept.parameters, statistics: kept.statistics)
    }

    /// What a run needs to go on after the latest epoch.
    func checkpoint(fingerprint: Digest) -> TrainingCheckpoint {
        TrainingCheckpoint(
            fingerprint: fingerprint, metrics: metrics, best: best, seconds: seconds,
            network: network, adam: adam, bestParameters: bestParameters,
            bestStatistics: bestStatistics, halfway: halfway, curation: curator?.decided)
    }

    /// Makes the epochs that are left.
    ///
    /// - Parameters:
    ///   - advanced: Hears how many samples of all epochs are done.
    ///   - ended: Hears of every epoch.
    /// - Throws: `LearningError` with code `.diverged` where a loss or a weight is not finite,
    ///   naming epoch, step and samples.
    func run(advanced: (Int) -> Void, ended: (EpochMetrics) throws -> Void) throws {
        guard !isOver else { return }
        let rates = description.learningRate(stepsPerEpoch: train.batches)
        let inTurn =
            curator == nil
            ? train.read(
                epochs: metrics.count..<description.epochs, threads: TrainingRun.readers) : nil
        while !isOver {
            let epoch = metrics.count
            let objective = description.objective(epoch: epoch)
            let chosen = try curator?.next { try candidateLosses(objective, epoch: epoch) }
            let source =
                inTurn
                ?? reader(of: chosen).read(
                    epochs: epoch..<epoch + 1, threads: TrainingRun.readers)
            var losses = EpochLosses(chosen?.window)
            for batch in 0..<train.batches {
                try Interruption.check()
                try step(objective, source, &losses, rate: rates(adam.steps), epoch: epoch)
                let count = train.source.count
                advanced(epoch * count + min(count, (batch + 1) * train.size))
            }
            curator?.learn(losses.byPosition)
            let judged = try judge.map { try self.judge($0, objective, epoch: epoch) }
            guard network.parameters.allSatisfy(\.isFinite) else {
                throw diverged("a weight is not finite at the end of epoch \(epoch + 1)")
            }
            let line = EpochMetrics(
                epoch: epoch + 1, steps: adam.steps, learningRate: rates(adam.steps - 1),
                prefactor: objective.prefactor.name, trainLoss: losses.mean,
                designLoss: losses.designMean, judgeLoss: judged?.loss, judgeMAE: judged?.mae)
            metrics.append(line)
            if keepsHalfway, metrics.count == description.epochs / 2 {
                halfway = numbers
            }
            // Without a judge, the last epoch is the best.
            let value = judgedValue(line) ?? -Double(epoch)
            if best.take(value, epoch: epoch + 1) {
                (bestParameters, bestStatistics) = (network.parameters, network.statistics)
            }
            try ended(line)
        }
    }

    /// The value by which epochs are compared; nil where none judges.
    func judgedValue(_ line: EpochMetrics) -> Double? {
        description.bestBy == .loss ? line.judgeLoss : line.judgeMAE
    }

    /// Reads what was chosen for an epoch in the place of what comes in turn.
    private func reader(of chosen: CuratedSource?) -> BatchReader {
        var reader = train
        if let chosen { reader.source = chosen }
        return reader
    }

    /// The objective of every candidate of a curated epoch, under the model as it is; nil where
    /// there is no sample.
    private func candidateLosses(_ objective: Objective, epoch: Int) throws -> [Double?] {
        guard let all = curator?.candidates else { return [] }
        let reader = BatchReader(
            source: all, size: predictedAtOnce, transform: description.transform)
        var found = [Double?](repeating: nil, count: all.count)
        let place = "the candidates of epoch \(epoch + 1)"
        try predict(reader, epoch: epoch, objective, place) { batch, losses, _ in
            for (loss, number) in zip(losses, batch.numbers) { found[number % all.count] = loss }
        }
        return found
    }

    /// Predicts the samples of an epoch of `reader`, batch by batch.
    ///
    /// - Parameters:
    ///   - place: What it is for, for messages.
    ///   - body: Is given a batch, the objective of each of its samples, and the outputs, (samples,
    ///     rows, columns), which it may alter.
    private func predict(
        _ reader: BatchReader, epoch: Int, _ objective: Objective, _ place: String,
        _ body: (SampleBatch, _ losses: [Double], _ output: inout [Float]) throws -> Void
    ) throws {
        let source = reader.read(epochs: epoch..<epoch + 1, threads: TrainingRun.readers)
        var output: [Float] = []
        while let batch = try source.next() {
            try Interruption.check()
            guard !batch.ids.isEmpty else { continue }
            if output.count != batch.x.count {
                output = [Float](repeating: 0, count: batch.x.count)
            }
            network.predict(batch.x, into: &output)
            let losses = objective.values(
                output: output, labels: batch.labels, samples: batch.ids.count,
                sites: model.lattice.count, workers: workers)
            try check(losses, batch.ids, place)
            try body(batch, losses, &output)
        }
    }

    /// Makes one step with the next batch, and notes the objective of its samples.
    private func step(
        _ objective: Objective, _ source: Prefetch<SampleBatch>, _ epochLosses: inout EpochLosses,
        rate: Double, epoch: Int
    ) throws {
        let asked = Stopwatch()
        guard let batch = try source.next() else {
            throw PipelineError(.software, "there are too few batches")
        }
        waited += asked.seconds
        guard !batch.ids.isEmpty else {
            throw PipelineError(
                .data,
                "a whole batch of epoch \(epoch + 1) has no sample: all that would be drawn are "
                    + "held out, or cannot be certified; choose a larger batch, or widen what is "
                    + "drawn from")
        }
        network.forward(batch.x, step: UInt32(truncatingIfNeeded: adam.steps))
        var (losses, gradient) = objective.gradient(
            output: network.output, labels: batch.labels, samples: batch.ids.count,
            sites: model.lattice.count, workers: workers)
        try check(losses, batch.ids, "epoch \(epoch + 1), step \(adam.steps + 1)")
        if let curation = curator?.curation, curation.isUnbiased,
            let weights = epochLosses.weights(of: batch)
        {
            let sites = model.lattice.count
            for (sample, weight) in weights.enumerated() {
                for place in sample * sites..<(sample + 1) * sites { gradient[place] *= weight }
            }
        }
        network.backward(gradient)
        adam.step(&network.parameters, gradient: network.gradient, rate: rate, workers: workers)
        epochLosses.add(losses, of: batch)
    }

    /// The means over the judging samples of the objective and of the absolute error of the field
    /// itself.
    private func judge(_ reader: BatchReader, _ objective: Objective, epoch: Int) throws -> (
        loss: Double, mae: Double
    ) {
        let place = "the judging of epoch \(epoch + 1)"
        var (loss, mae) = (0.0, 0.0)
        try predict(reader, epoch: 0, objective, place) { batch, losses, output in
            description.transform.invert(&output)
            let errors = Objective(loss: .mae, prefactor: .none).values(
                output: output, labels: batch.y, samples: batch.ids.count,
                sites: model.lattice.count, workers: workers)
            try check(errors, batch.ids, place)
            loss += losses.reduce(0, +)
            mae += errors.reduce(0, +)
        }
        let count = Double(reader.source.count)
        return (loss / count, mae / count)
    }

    private func check(_ losses: [Double], _ ids: [SampleID], _ place: String) throws {
        guard !losses.allSatisfy(\.isFinite) else { return }
        let bad = zip(losses, ids).filter { !$0.0.isFinite }.map(\.1.description)
        let names =
            bad.prefix(5).joined(separator: ", ")
            + (bad.count > 5 ? " and \(bad.count - 5) more" : "")
        throw diverged("the loss is not finite in \(place), of the samples \(names)")
    }

    private func diverged(_ what: String) -> LearningError {
        LearningError(
            .diverged,
            "\(what): lower optimiser.learning_rate or set optimiser.clip_norm, and look at "
                + "prefactor and transform")
    }
}
