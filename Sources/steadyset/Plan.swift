internal import ArgumentParser
internal import Pipeline

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Print a pipeline's steps as JSON, for a workflow engine to walk.",
        discussion: "Draws every configuration to know the parts; writes nothing.")

    @Argument(help: "The pipeline file (YAML).")
    var pipeline: String

    @Option(
        name: [.short, .long],
        help: """
            The dataset's folder: where it has labels, parts are cut as those are; a new one's are \
            planned unless given.
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
