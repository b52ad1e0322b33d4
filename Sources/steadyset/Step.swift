internal import ArgumentParser
internal import Pipeline

struct Step: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Do one step of a pipeline's plan.",
        discussion: "Several steps of one dataset may run at the same time, each in a process of "
            + "its own.",
        examples: ["steadyset step quickstart.yaml solve-00003 -o quickstart"])

    @Argument(help: .pipeline)
    var pipeline: String

    @Argument(help: "The step's id in the plan, such as solve-00003.")
    var id: String

    @Option(
        name: [.customLong("output"), .customShort("o"), .customLong("run")],
        help: "The dataset's folder.")
    var output: String

    @Option(help: "Threads to use; all cores unless given.")
    var threads: Int?

    @OptionGroup var locking: LockOption

    @Option(
        help: ArgumentHelp(
            "Wait so long for files of other steps that are not seen yet, as on a network file "
                + "system; unless given, 60 for those that a record names, and not for others.",
            valueName: "seconds"))
    var wait: Int?

    @Flag(help: "Remove solved samples that the pipeline no longer asks for.")
    var replace = false

    @Flag(help: "Write events as JSON Lines on standard output.")
    var json = false

    @OptionGroup var observation: ObservationOptions

    @OptionGroup var imported: ImportOptions

    func validate() throws {
        if let wait, !(0...3600).contains(wait) {
            throw ValidationError("--wait must be from 0 to 3600, not \(wait)")
        }
    }

    func run() throws {
        var options = Commands.Options(pipeline: pipeline, output: output)
        options.threads = threads
        options.replace = replace
        options.wait = wait
        imported.apply(to: &options)
        try Commands(options, reporter: Observation.reporter(json: json)).step(id)
    }
}
