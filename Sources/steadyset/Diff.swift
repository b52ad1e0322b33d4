internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline

struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare the training sets of two versions: by number of sources, by "
            + "acquisition, and by score.",
        discussion: "With one version, DATASET@VERSION, it is compared with its parent.",
        examples: [
            "steadyset diff dataset@round-2",
            "steadyset diff dataset dataset@round-1 --ids",
        ])

    @Argument(help: "DATASET@VERSION, or the dataset's folder for its base.")
    var before: String

    @Argument(help: "The other: DATASET@VERSION, or a version of the same dataset.")
    var after: String?

    @Option(help: "Compare this selection of both instead of what each version's round chose.")
    var selection: String?

    @Flag(help: "List the samples that joined and left.")
    var ids = false

    @Flag(help: "Write it as JSON.")
    var json = false

    func run() throws {
        let diff = try VersionDiff(before, after, selection: selection)
        Terminal.write(json ? diff.json(ids: ids).canonicalText + "\n" : diff.text(ids: ids))
    }
}
