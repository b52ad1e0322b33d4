internal import ArgumentParser
internal import Datasets

/// What every command that works for a while takes, so that others can follow it.
struct ObservationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Append what happens to this file, as JSON Lines: one event a line, errors and the "
                + "end too.", valueName: "file"),
        completion: .file())
    var log: String?

    @Option(
        help: ArgumentHelp(
            "Write what each step took to this file: rates, memory, time by phase. The ending "
                + ".json or, for Prometheus, .prom says how.", valueName: "file"),
        completion: .file(extensions: MetricsFile.endings))
    var metrics: String?

    func validate() throws {
        if let metrics, !MetricsFile.endings.contains(where: { metrics.hasSuffix(".\($0)") }) {
            throw ValidationError(
                "--metrics \(metrics): the name of the file must end with .json or, for "
                    + "Prometheus, .prom")
        }
        if log?.isEmpty == true { throw ValidationError("--log needs a file's name") }
    }
}

/// A command that can be followed.
protocol ObservableCommand: ParsableCommand {
    var observation: ObservationOptions { get }
}
