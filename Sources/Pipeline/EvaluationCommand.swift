internal import Foundation
internal import Shards

/// What `steadyset evaluate` does.
public struct EvaluationCommand {
    /// What is to be judged, and on what.
    public struct Options: Sendable {
        /// The dataset, or the folder of its pack stage.
        public var data: String
        /// Where the folder `evaluate` is written.
        public var output: String
        /// An expression of selections.
        public var selection = "test"
        /// Models: folders or files of weights. Several predict together.
        public var models: [String] = []
        /// A file of predictions instead.
        public var predictions: String?
        /// Passes of dropout, for the variance.
        public var dropoutSamples = 0
        /// Threads; nil for all cores.
        public var threads: Int?

        /// Options with defaults for all but the dataset and the output folder.
        public init(data: String, output: String) {
            self.data = data
            self.output = output
        }
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
        self.options = options
        self.reporter = reporter
        Interruption.listen()
    }

    /// Judges, and writes the result.
    public func run() throws {
        let threads = options.threads ?? ProcessInfo.processInfo.activeProcessorCount
        let output = Dataset(root: options.output)
        let data = try PackedSamples.locate(options.data)
        let predictions: Evaluator.Predictions =
            try options.predictions.map { .file(try PredictionsReader(path: $0)) }
            ?? .models(try ModelEnsemble(options.models, dropoutSamples: options.dropoutSamples, threads: threads))
        let evaluator = try Evaluator(
            data: data, selection: options.selection, predictions: predictions, output: output, threads: threads,
            pipeline: "", reporter: reporter)
        try withExtendedLifetime(try output.claim()) { try evaluator.run() }
    }
}
