internal import ArgumentParser
internal import Pipeline

struct Evaluate: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Judge a model, or anybody's predictions, with labels or without.",
        discussion: """
            Writes OUTPUT/evaluate with errors.csv, a row a sample, and summary.csv, a row for \
            each number of sources and measure. Predictions are an HDF5 file with /id (u64) and /y \
            (f32; samples, rows, columns). Configurations that were never solved are solved while \
            models predict, unless --no-labels is given: then errors are estimated and bounded.
            """,
        examples: [
            "steadyset evaluate --data dataset --model trained -o result",
            "steadyset evaluate --data dataset --predictions fields.h5 -o result",
        ])

    @OptionGroup var subject: SubjectOptions

    @Option(name: [.short, .long], help: "Where the folder 'evaluate' is written.")
    var output: String

    @Option(help: "Passes of dropout, for the column 'variance'.")
    var dropoutSamples = 0

    @Flag(help: "Use no labels: a certified bound and an estimate of each error instead.")
    var noLabels = false

    @Flag(help: "Write features.npy, what the first model makes of each sample.")
    var features = false

    @Option(
        help: ArgumentHelp(
            "Bound the errors of new samples of the same design, for each number of sources: the "
                + "last column of summary.csv holds with this chance, such as 0.95.",
            valueName: "chance"))
    var coverage: Double?

    @Flag(help: "Write over the errors of another model, or of other predictions, in OUTPUT.")
    var replace = false

    @OptionGroup var locking: LockOption

    @OptionGroup var parallelism: ThreadsOption

    @Flag(help: "Write events as JSON Lines on standard output.")
    var json = false

    @OptionGroup var observation: ObservationOptions

    func validate() throws {
        if !(0...10_000).contains(dropoutSamples) {
            throw ValidationError(
                "--dropout-samples must be from 0 to 10000, not \(dropoutSamples)")
        }
    }

    func run() throws {
        var options = EvaluationCommand.Options(output: output)
        (options.data, options.from, options.selection) = (
            subject.data, subject.from, subject.selection
        )
        (options.models, options.predictions) = (subject.model, subject.predictions)
        (options.dropoutSamples, options.threads) = (dropoutSamples, parallelism.threads)
        (options.usesLabels, options.writesFeatures) = (!noLabels, features)
        (options.coverage, options.replace) = (coverage, replace)
        try EvaluationCommand(options, reporter: Observation.reporter(json: json)).run()
    }
}
