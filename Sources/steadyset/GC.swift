internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline

struct GC: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Say which files of a dataset no version needs, and remove them with --apply.",
        discussion: """
            Files are those of the pack stage that no version lists, and the work of rounds that \
            neither a version nor the next round needs. The dataset must not be in use.
            """,
        examples: [
            "steadyset gc dataset",
            "steadyset gc dataset --drop round-1 --apply",
        ])

    @Argument(help: "The dataset's folder.", completion: .directory)
    var path: String

    @Option(
        help: ArgumentHelp(
            "Forget this version first; may be given several times. Refused while another was "
                + "made from it."))
    var drop: [String] = []

    @OptionGroup var locking: LockOption

    @Flag(help: "Remove them.")
    var apply = false

    @Flag(help: "Write the result as JSON.")
    var json = false

    func run() throws {
        let cleaning = try VersionCleaning(path: path, drop: drop)
        if apply { try cleaning.apply() }
        Terminal.write(
            json
                ? cleaning.json(applied: apply).canonicalText + "\n" : cleaning.text(applied: apply)
        )
    }
}
