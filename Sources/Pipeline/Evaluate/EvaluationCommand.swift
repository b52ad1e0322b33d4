public import Datasets
internal import Fields
internal import Learning
internal import Parallel
internal import Shards

/// What `steadyset evaluate` does.
public struct EvaluationCommand {
    /// What is to be judged, and on what.
    public struct Options: Sendable {
        /// The dataset, or the folder of its pack stage; nil where `from` and models say all.
        public var data: String?
        /// Configurations instead of samples of the dataset: JSON Lines, or a dataset that has a
        /// sample stage.
        public var from: String?
        /// Where the folder `evaluate` is written.
        public var output: String
        /// An expression of selections; nil for the test part.
        public var selection: String?
        /// Models: folders or files of weights. Several predict together.
        public var models: [String] = []
        /// A file of predictions instead.
        public var predictions: String?
        /// Passes of dropout, for the variance.
        public var dropoutSamples = 0
        /// Whether labels are used.
        public var usesLabels = true
        /// Whether the features of the first model are written.
        public var writesFeatures = false
        /// The chance that bounds for new samples are to hold with; nil for none.
        public var coverage: Double?
        /// Whether errors of another model in `output` may be overwritten.
        public var replace = false
        /// Threads; nil for all cores.
        public var threads: Int?

        /// Options with defaults for all but the output folder.
        public init(output: String) { self.output = output }
    }

    private let options: Options
    private let reporter: any Reporter

    /// Checks the options.
    public init(_ options: Options, reporter: any Reporter) throws {
        guard options.models.isEmpty != (options.predictions == nil) else {
            throw PipelineError(.usage, "evaluate needs either --model or --predictions")
        }
        guard options.dropoutSamples == 0 || options.predictions == nil else {
            throw PipelineError(.usage, "--dropout-samples goes with --model")
        }
        guard options.from == nil || options.selection == nil else {
            throw PipelineError(
                .usage, "--selection goes with --data, not with --from, of which all is judged"
            )
        }
        if let chance = options.coverage {
            guard options.usesLabels else {
                throw PipelineError(
                    .usage,
                    "--coverage needs labels; what --no-labels says holds for every sample")
            }
            guard Coverage(chance) != nil else {
                throw PipelineError(
                    .usage,
                    "--coverage is \(chance): it must be between 0 and 1, with at most six digits "
                        + "behind the point")
            }
        }
        try OutputPlace.check(dataset: options.output)
        self.options = options
        self.reporter = reporter
        Interruption.listen()
    }

    /// Judges, and writes the result.
    public func run() throws {
        let threads = options.threads ?? Cores.usable
        let output = Dataset(root: options.output)
        let predictions: Predictions =
            try options.predictions.map { .file(try IsolatedPredictions(path: $0)) }
            ?? .models(
                try Ensemble(
                    options.models, dropoutSamples: options.dropoutSamples, threads: threads))
        let subject = try Evaluator.Subject(
            data: options.data, from: options.from, selection: options.selection,
            usesLabels: options.usesLabels, predictions: predictions)
        let context = StageContext(
            output, threads: threads, reporter: reporter, replace: options.replace,
            pipelineName: "", pipelinePath: "",
            importPath: options.from.flatMap { InputFile.isFolder($0) == true ? nil : $0 })
        let evaluator = try Evaluator(
            subject, predictions: predictions, in: context, writesFeatures: options.writesFeatures,
            coverage: options.coverage.flatMap(Coverage.init))
        try context.working(until: .evaluate) {
            let step = StepName(id: Stage.evaluate.rawValue, stage: .evaluate, round: 0)
            context.enter(step)
            try context.measuring(step) { try evaluator.run() }
        }
    }
}
