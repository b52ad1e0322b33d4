internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Predict: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict the fields of configurations with a trained model.",
        discussion:
            "Writes an HDF5 file with /id (u64) and /y (f32; samples, rows, columns), in the "
            + "order of the lines.",
        examples: ["steadyset predict --model trained --from lines.jsonl -o fields.h5 --png png"])

    @Option(
        help: ArgumentHelp(
            "A trained model: a folder or a file of weights. Several: the mean of their fields."))
    var model: [String]

    @Option(help: "Configurations, as JSON Lines.")
    var from: String

    @Option(name: [.short, .long], help: "The HDF5 file to write.")
    var output: String

    @Option(
        help: ArgumentHelp(
            "A folder for images: sources on the left, prediction on the right.",
            valueName: "folder"))
    var png: String?

    @Flag(help: "Write over files that are there.")
    var replace = false

    @OptionGroup var parallelism: ThreadsOption

    @OptionGroup var observation: ObservationOptions

    func validate() throws {
        if output.isEmpty { throw ValidationError("--output needs a file's name") }
    }

    func run() throws {
        var options = PredictionCommand.Options(models: model, from: from, output: output)
        (options.images, options.threads) = (png, parallelism.threads)
        options.replace = replace
        let report = try PredictionCommand(options).run()
        Terminal.note(
            "\(report.samples) samples, "
                + "\(Words.rate(Double(report.samples) / max(report.seconds, 1e-9)))\n")
    }
}
