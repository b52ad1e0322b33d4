internal import Datasets
internal import Fields
internal import Foundation
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards

extension Job {
    /// The rounds of a pipeline: each chooses what the last model is weak at, solves and packs it
    /// as a new version of the dataset, and trains and judges a model on that. Rounds that are done
    /// are skipped.
    func resample() throws {
        guard let curation = pipeline.curation else {
            throw PipelineError(
                .data,
                "\(pipelinePath): has no 'rounds', so there is nothing to choose: add it, with "
                    + "'add' at least")
        }
        let started = Stopwatch()
        var version = dataset
        var selection = pipeline.trainingSelection
        var curve = LearningRounds(self, curation)
        if pipeline.trainer == nil { try curve.add(model: dataset, version, selection) }
        var done = 0
        // Whether the user's program has seen the last version already.
        var isTrained = false
        for number in 1...curation.count {
            try Interruption.check()
            if let stop = curation.stop,
                curve.isFlat(next: curation.add - curation.drop, standardErrors: stop)
            {
                reporter.noted(
                    "no round \(number): it would gain less than \(ErrorTable.digits(stop)) "
                        + "standard errors, by the curve of those before")
                break
            }
            reporter.noted("round \(number) of \(curation.count)")
            let judge: Round.Judge =
                pipeline.trainer.map { .trainer($0) }
                ?? .model(number == 1 ? dataset : dataset.round(number - 1))
            let round = Round(
                number, of: self, from: version, selection: selection, curation, judge: judge)
            do { version = try round.perform() } catch let end as RoundsEnd {
                reporter.noted(
                    "no round \(number): \(end.message). Rounds end here, with \(done) of at most "
                        + "\(curation.count); the last model is that of \(selection)")
                isTrained = true
                break
            }
            done = number
            if pipeline.trainer != nil {
                try curve.add(trainer: number - 1, selection: selection, of: round.parent)
            }
            selection = Dataset.roundName(number)
            if pipeline.trainer == nil {
                let model = try train(on: version, selection: selection, in: round.dataset)
                try curve.add(model: model, version, selection)
            }
        }
        if let trainer = pipeline.trainer, !isTrained {
            try TrainerCall(
                number: done, job: self, version: version, selection: selection,
                seed: curation.seed, candidates: nil
            ).run(trainer, column: curation.column, scoring: [])
        }
        let digest = try FileDigest(of: version.packManifest, followingLinks: false)
        let last = try version.manifest(.pack)
        try StepRecord(
            step: Stage.resample.rawValue, fingerprint: try roundsFingerprint(curation),
            files: [
                Manifest.File(
                    path: last.packPath, bytes: digest.bytes, sha256: digest.sha256,
                    samples: last.files.count)
            ], seconds: started.seconds
        ).write(in: dataset)
    }

    /// What all rounds together follow from.
    private func roundsFingerprint(_ curation: Curation) throws -> Digest {
        Fingerprint.rounds(pipeline, curation, after: try dataset.manifest(.pack).id)
    }

    /// Whether `run` has nothing to do for the rounds.
    var roundsAreDone: Bool {
        guard let curation = pipeline.curation, let fingerprint = try? roundsFingerprint(curation),
            let record = StepRecord(step: Stage.resample.rawValue, in: dataset)
        else { return false }
        return record.fingerprint == fingerprint && record.isIntact(in: dataset)
    }

    /// Trains and judges a model on a version, in the round's folder.
    private func train(on version: Dataset, selection: String, in folder: Dataset) throws -> Dataset
    {
        try Dataset.createFolder(folder.stepsFolder)
        var own = pipeline
        own.training?.selection = selection
        let job = Job(
            pipeline: own, pipelinePath: pipelinePath, dataset: folder, threads: threads,
            reporter: reporter, replace: replace, source: version)
        try job.train()
        try job.evaluate()
        return folder
    }
}

/// What the rounds so far gained, for the rule that ends them.
private struct LearningRounds {
    private let job: Job
    private let curation: Curation
    private var rounds: [(samples: Int, errors: [Double])] = []
    /// The samples that the rounds' models are judged on, in ascending order.
    private var judged: [SampleID] = []

    init(_ job: Job, _ curation: Curation) {
        self.job = job
        self.curation = curation
    }

    func isFlat(next: Int, standardErrors: Double) -> Bool {
        LearningCurve.isFlat(
            rounds, next: (rounds.last?.samples ?? 0) + next, standardErrors: standardErrors)
    }

    /// Adds a model: its errors on the validation part, or on the test part where there is no
    /// other.
    mutating func add(model: Dataset, _ version: Dataset, _ selection: String) throws {
        guard curation.stop != nil else { return }
        let store = try PackedSamples(try version.manifest(.pack), in: version.folder(.pack))
        var errors = model
        if !store.all(of: .validation).isEmpty {
            errors = Dataset(root: "\(job.dataset.round(rounds.count).root)/validation")
            try Dataset.createFolder(errors.stepsFolder)
            try Evaluator(
                .packed(version, selection: "validation"),
                predictions: .models(
                    try Ensemble([model.root], dropoutSamples: 0, threads: job.threads)),
                output: errors, threads: job.threads, pipeline: job.pipeline.name,
                reporter: job.reporter
            ).run()
        }
        try add("\(errors.folder(.evaluate))/\(StageFile.errors)", store, selection)
    }

    /// Adds what the user's program wrote of the test part, if it did.
    mutating func add(trainer number: Int, selection: String, of version: Dataset) throws {
        let path = TrainerCall.testErrors(number, of: job.dataset)
        guard curation.stop != nil else { return }
        guard InputFile.isFolder(path) == false else {
            job.reporter.warned(
                "the trainer wrote no errors of the test part, which STEADYSET_TEST_ERRORS names, "
                    + "so 'stop' cannot tell what round \(number) is worth")
            return
        }
        try add(
            path, PackedSamples(try version.manifest(.pack), in: version.folder(.pack)), selection)
    }

    private mutating func add(_ path: String, _ store: PackedSamples, _ selection: String) throws {
        let (ids, errors) = try ScoreTable(path: path, column: curation.column).sorted
        if !rounds.isEmpty, ids != judged {
            throw PipelineError(
                .data,
                "\(path): has errors of other samples than the round before, so 'stop' cannot "
                    + "compare them")
        }
        judged = ids
        rounds.append((try store.select(selection, of: .train).count, errors))
    }
}
