internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

/// Judges predictions, those of models or anybody's from a file, on samples of a dataset or on
/// configurations that were never solved: by their labels, or without any.
final class Evaluator {

    private let subject: Subject
    private let predictions: Predictions
    private let context: StageContext
    private let writesFeatures: Bool
    private let coverage: Coverage?
    /// What the pipeline's step depends on; nil where that is said by the samples and predictions.
    private let step: Digest?
    private let solvers: SolverPool

    private var output: Dataset { context.dataset }
    private var reporter: any Reporter { context.reporter }
    private var samples: any EvaluatedSamples { subject.samples }
    private var lattice: Lattice { samples.physics.lattice }

    /// Sites that are predicted at a time.
    private static let sites = 1 << 20
    /// Cycles that estimate an error: two give the estimate, two more a bound that is not much
    /// above the error.
    private static let cycles = 4
    /// Samples that are named when they are left out.
    private static let warnings = 5

    /// Checks that everything fits together; nothing is written.
    ///
    /// - Parameters:
    ///   - context: Where the evaluate stage is written.
    ///   - writesFeatures: Whether `features.npy` is written beside the errors; models make it.
    ///   - coverage: What bounds for new samples are to hold with; nil for none.
    ///   - step: The fingerprint of the pipeline's step, where it is one.
    init(
        _ subject: Subject, predictions: Predictions, in context: StageContext,
        writesFeatures: Bool = false, coverage: Coverage? = nil, step: Digest? = nil
    ) throws {
        self.subject = subject
        self.predictions = predictions
        self.context = context
        self.writesFeatures = writesFeatures
        self.coverage = coverage
        self.step = step
        solvers = SolverPool(physics: subject.samples.physics, accuracy: subject.accuracy)
        if case .file = predictions, writesFeatures {
            throw PipelineError(
                .usage, "--features goes with --model: a file of predictions has none")
        }
        try predictions.check(subject.samples, context.reporter)
        // A model knows what it was trained with, and was stopped by: its errors there say nothing
        // of new samples.
        if coverage != nil, let packed = subject.samples as? PackedEvaluatedSamples,
            let sample = packed.samples.first(where: { $0.part != .test })
        {
            throw PipelineError(
                .usage,
                "--coverage is for samples of the test part; \(sample.id) is of the part "
                    + "\(sample.part.rawValue): leave --selection out, or name a part of 'test'")
        }
    }

    /// What determines the result, apart from the samples; the manifest's parameters, but for the
    /// digest of predictions.
    private var parameters: EvaluateManifest.Parameters {
        var parameters = subject.parameters
        if case .models(let ensemble) = predictions {
            parameters.models = ensemble.members.map(\.weights.digest)
            parameters.dropoutSamples = ensemble.dropoutSamples
            parameters.comparesHalfway = ensemble.spread == .tod
        }
        parameters.labels = subject.labels
        if subject.labels == .solved { parameters.solver = subject.accuracy }
        parameters.writesFeatures = writesFeatures
        parameters.coverage = coverage
        return parameters
    }

    private var fingerprint: Digest {
        step
            ?? Fingerprint.evaluate(
                parameters: parameters.json, data: subject.input.map { ($0.stage, $0.id) })
    }

    /// The manifest where this very evaluation was done before; never for a file of predictions,
    /// which may have changed.
    private var finished: EvaluateManifest? {
        guard case .models = predictions, let record = StepRecord(step: "evaluate", in: output),
            record.fingerprint == fingerprint, record.isIntact(in: output)
        else { return nil }
        return try? output.manifest(EvaluateManifest.self)
    }

    /// What is gathered while samples are judged.
    private struct Progress {
        var table: ErrorTable
        var features: FeaturesFile?
        /// Of a file's predictions.
        var values = Digest.Hasher()
        var leftOut = 0
        /// Predictions of a file that are 0 everywhere.
        var zeros: [SampleID] = []
        var predicting = 0.0
        var judging = 0.0
        var waited = 0.0
    }

    /// Judges every sample, and writes both tables, features where they are asked for, and the
    /// manifest.
    func run() throws {
        let started = Stopwatch()
        if let manifest = finished {
            return context.skipped(manifest)
        }
        try output.protectErrors(
            models: parameters.models, predictions: nil, fingerprint: fingerprint,
            replace: context.replace)
        reporter.began(.evaluate, total: samples.count, done: 0)
        let folder = output.folder(.evaluate)
        try Dataset.createFolder(folder)
        var progress = try begin(in: folder)
        let reader = EvaluationReader(
            samples: samples, labels: subject.labels, size: max(1, Evaluator.sites / lattice.count),
            solvers: solvers)
        let source = reader.read(threads: context.threads)
        while true {
            try Interruption.check()
            let asked = Stopwatch()
            guard let batch = try source.next() else { break }
            progress.waited += asked.seconds
            try judge(batch, &progress)
            reporter.advanced(.evaluate, done: progress.table.count + progress.leftOut)
        }
        context.clock.add(.waiting, progress.waited)
        context.clock.add(.computing, progress.predicting)
        context.clock.add(.judging, progress.judging - progress.predicting)
        try context.clock.time(.writing) {
            try finish(progress, in: folder, started: started)
        }
    }

    private func begin(in folder: String) throws -> Progress {
        var (spread, features) = (nil as String?, nil as FeaturesFile?)
        if case .models(let ensemble) = predictions {
            spread = ensemble.spread?.rawValue
            if writesFeatures {
                features = try FeaturesFile(in: folder, width: ensemble.featureCount)
            }
        }
        let table = try ErrorTable(
            "\(folder)/\(StageFile.errors)", hasLabels: subject.labels != .none,
            spread: spread, coverage: coverage)
        return Progress(table: table, features: features)
    }

    private func judge(_ batch: EvaluationBatch, _ progress: inout Progress) throws {
        for (id, bound) in batch.leftOut {
            progress.leftOut += 1
            guard progress.leftOut <= Evaluator.warnings else { continue }
            reporter.warned(
                "configuration \(id) is left out: the error bound of its label is \(bound), above "
                    + "the tolerance of \(subject.accuracy.tolerance)")
        }
        guard !batch.samples.isEmpty else { return }
        let begun = Stopwatch()
        let prediction = try predictions.predict(batch, on: lattice, withFeatures: writesFeatures)
        progress.predicting += begun.seconds
        if case .file = predictions {
            progress.values.update(FieldBytes.bytes(of: prediction.y))
            for (number, sample) in batch.samples.enumerated()
            where prediction.y[number * lattice.count..<(number + 1) * lattice.count].allSatisfy({
                $0 == 0
            }) { progress.zeros.append(sample.id) }
        }
        let judgements = try judgements(of: prediction.y, batch)
        progress.judging += begun.seconds
        for (number, sample) in batch.samples.enumerated() {
            try progress.table.add(
                sample, judgements[number], spread: prediction.spread?[number])
        }
        try progress.features?.append(prediction.features)
    }

    /// Compares with the labels, or judges without them; several threads.
    private func judgements(of y: [Float], _ batch: EvaluationBatch) throws -> [ErrorTable
        .Judgement]
    {
        let (sites, solvers) = (lattice.count, solvers)
        var judgements: [ErrorTable.Judgement] = []
        try OrderedWork.run(count: batch.samples.count, threads: context.threads) {
            { number in
                let range = number * sites..<(number + 1) * sites
                if batch.configurations.isEmpty || !batch.labels.isEmpty {
                    return .errors(
                        FieldErrors(x: batch.x[range], y: batch.labels[range], prediction: y[range])
                    )
                }
                try Interruption.check()
                let configuration = batch.configurations[number]
                return solvers.withSolver {
                    .estimate(
                        ErrorEstimate(
                            $0.judge(
                                Array(y[range]), image: SourceImage(configuration),
                                physics: configuration.physics, cycles: Evaluator.cycles)))
                }
            }
        } consume: { (_, judgement: ErrorTable.Judgement) in
            judgements.append(judgement)
        }
        return judgements
    }

    private func finish(_ progress: Progress, in folder: String, started: Stopwatch) throws {
        let table = progress.table
        guard table.count > 0 else {
            throw PipelineError(
                .data,
                "\(samples.name): no label at all reaches the tolerance, so nothing can be judged")
        }
        if let first = progress.zeros.first {
            reporter.warned(
                "\(predictions.path): \(progress.zeros.count) of \(table.count) predictions are 0 "
                    + "everywhere, \(first) the first: no field is, so see whether they were ever "
                    + "written")
        }
        if progress.leftOut > Evaluator.warnings {
            reporter.warned("\(progress.leftOut) configurations are left out altogether")
        }
        if let coverage, !table.uncovered.isEmpty {
            let strata = table.uncovered.map(String.init).joined(separator: ", ")
            reporter.noted(
                "no bound for \(strata) sources: a chance of \(coverage.chance) needs at least "
                    + "\(coverage.fewest) samples of a number of sources")
        }
        var parameters = parameters
        if case .file = predictions {
            let values = progress.values.finish()
            parameters.predictions = values
            try output.protectErrors(
                models: parameters.models, predictions: values,
                fingerprint: fingerprint, replace: context.replace)
        }
        // Until here, an earlier evaluation stays as it was.
        try context.invalidate(.evaluate)
        let errors = try table.commit()
        let summary = try AtomicFile.write(
            Array(table.summaryText.utf8), to: "\(folder)/\(StageFile.summary)")
        var files = [(StageFile.errors, errors), (StageFile.summary, summary)]
        if let features = progress.features {
            files.append((FeaturesFile.name, try features.commit()))
        } else {
            try AtomicFile.withdraw("\(folder)/\(FeaturesFile.name)")
        }
        let manifest = manifest(
            parameters, progress, errors: errors,
            files: files.map { Manifest.File($0.0, $0.1, samples: table.count) })
        try context.commit(
            manifest, fingerprint: fingerprint, samples: table.count,
            started: started,
            provenance: [
                "waited_seconds": .number(progress.waited),
                "computing_seconds": .number(progress.predicting),
                "judging_seconds": .number(progress.judging - progress.predicting),
            ])
        let rate = Words.rate(Double(table.count) / max(progress.predicting, 1e-9))
        reporter.noted(
            subject.labels == .none
                ? "estimated mean absolute error \(ErrorTable.digits(table.mae)), no error above "
                    + "\(BoundText.digits(table.largestBound)); the models computed \(rate)"
                : "mean absolute error \(ErrorTable.digits(table.mae)); the models computed "
                    + "\(rate)")
    }

    private func manifest(
        _ parameters: EvaluateManifest.Parameters, _ progress: Progress, errors: FileDigest,
        files: [Manifest.File]
    ) -> EvaluateManifest {
        var inputs = subject.input.map { [$0] } ?? []
        if case .models(let ensemble) = predictions {
            inputs += ensemble.members.compactMap(\.input)
        }
        let table = progress.table
        var features: EvaluateManifest.Features?
        if let width = progress.features?.width, let file = files.last {
            features = EvaluateManifest.Features(width: width, digest: file.sha256)
        }
        return EvaluateManifest(
            parameters: parameters, inputs: inputs, samples: table.count,
            result: subject.labels == .none
                ? .estimated(mae: table.mae, largestBound: table.largestBound)
                : .measured(mae: table.mae), digest: errors.sha256, leftOut: progress.leftOut,
            features: features, files: files)
    }
}
