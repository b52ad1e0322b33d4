internal import ArgumentParser
internal import Pipeline

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Print a pipeline's steps as JSON, for a workflow engine to walk.",
        discussion: "Draws every configuration to know the parts; writes nothing.",
        examples: [
            "steadyset plan quickstart.yaml",
            "steadyset plan quickstart.yaml -o quickstart",
        ])

    @Argument(help: .pipeline)
    var pipeline: String

    @Option(
        name: [.short, .long],
        help: """
            The dataset's folder. Where it has labels, the plan keeps the parts that they are in. \
            Without it, the plan is that of a new dataset.
            """)
    var output: String?

    @Option(help: "Threads to use; all cores unless given.")
    var threads: Int?

    @OptionGroup var imported: ImportOptions

    func run() throws {
        var options = Commands.Options(pipeline: pipeline, output: output ?? ".")
        options.isNew = output == nil
        options.threads = threads
        imported.apply(to: &options)
        Terminal.write(try Commands(options, reporter: TextProgress()).plan().text)
    }
}
