internal import Datasets
internal import Fields
internal import Sampling
internal import Shards

/// What the rounds so far gained, for the rule that ends them.
struct RoundsCurve {
    private let context: StageContext
    private let curation: Curation
    private var rounds: [(samples: Int, errors: [Double])] = []
    /// The samples that the rounds' models are judged on, in ascending order.
    private var judged: [SampleID] = []

    init(_ context: StageContext, _ curation: Curation) {
        self.context = context
        self.curation = curation
    }

    func isFlat(next: Int, standardErrors: Double) -> Bool {
        LearningCurve.isFlat(
            rounds, next: (rounds.last?.samples ?? 0) + next, standardErrors: standardErrors)
    }

    /// Adds the models that are there before round `number`, the first of which learnt from the
    /// selection `start`. A program of the user's own learns from a version only when its
    /// candidates are scored, so of the last one nothing is known yet.
    mutating func addRounds(before number: Int, start: String, hasModels: Bool) throws {
        for earlier in 0..<(hasModels ? number : number - 1) {
            let version = try RoundRecords(of: context.base).version(after: earlier)
            let selection = earlier == 0 ? start : Dataset.roundName(earlier)
            if hasModels {
                try add(model: earlier, version, selection, isLast: earlier == number - 1)
            } else {
                try add(trainer: earlier, version, selection)
            }
        }
    }

    /// Adds a model: its errors on the validation part, or on the test part where there is no
    /// other. Those before the last were judged when their own rounds were.
    private mutating func add(model: Int, _ version: Dataset, _ selection: String, isLast: Bool)
        throws
    {
        let own = context.of(round: model)
        let store = try PackedSamples(
            try version.manifest(PackManifest.self), in: version.folder(.pack))
        var errors = own.dataset
        if !store.all(of: .validation).isEmpty {
            errors = Dataset(root: "\(context.base.round(model).root)/validation")
            if isLast || (try? errors.manifest(EvaluateManifest.self)) == nil {
                try Evaluator(
                    .packed(version, selection: "validation"),
                    predictions: .models(
                        try Ensemble([own.dataset.root], dropoutSamples: 0, threads: own.threads)),
                    in: own.work(in: errors)
                ).run()
            }
        }
        try add("\(errors.folder(.evaluate))/\(StageFile.errors)", store, selection)
    }

    /// Adds what the user's program wrote of the test part, if it did.
    private mutating func add(trainer: Int, _ version: Dataset, _ selection: String) throws {
        let path = TrainerCall.testErrors(trainer, of: context.base)
        guard InputFile.isFolder(path) == false else { return }
        try add(
            path, PackedSamples(try version.manifest(PackManifest.self), in: version.folder(.pack)),
            selection)
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
