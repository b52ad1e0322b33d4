import ArgumentParser
import Pipeline

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Judge a model, or anybody's predictions, on a dataset's samples.",
        discussion: """
            Writes OUTPUT/evaluate with errors.csv, a row a sample, and summary.csv, a row for each number of sources and \
            region. Predictions are an HDF5 file with /id (u64) and /y (f32; samples, rows, columns).
            """)

    @Option(help: "The dataset's folder, or that of its pack stage.")
    var data: String

    @Option(name: [.short, .long], help: "Where the folder 'evaluate' is written.")
    var output: String

    @Option(help: "What to judge on: a selection such as test, 'S5% & n07', 'validation | test'.")
    var selection = "test"

    @Option(help: "A trained model: a folder or a file of weights. Several: the mean of their fields.")
    var model: [String] = []

    @Option(help: "A file of predictions, instead of a model.")
    var predictions: String?

    @Option(help: "Passes of dropout, for the column 'variance'.")
    var dropoutSamples = 0

    @OptionGroup var parallelism: ThreadsOption

    @Flag(help: "Write events as JSON Lines on standard output.")
    var json = false

    func validate() throws {
        if !(0...10_000).contains(dropoutSamples) {
            throw ValidationError("--dropout-samples must be from 0 to 10000, not \(dropoutSamples)")
        }
        if model.count > 64 { throw ValidationError("at most 64 models predict together, not \(model.count)") }
    }

    func run() throws {
        var options = EvaluationCommand.Options(data: data, output: output)
        (options.selection, options.models, options.predictions) = (selection, model, predictions)
        (options.dropoutSamples, options.threads) = (dropoutSamples, parallelism.threads)
        try EvaluationCommand(options, reporter: json ? JSONProgress() : TextProgress()).run()
    }
}
