internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Tag: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag",
        abstract: "Give a version of a dataset a name, or take the name away.",
        discussion: "A name that another version has moves to this one. 'log' lists the versions "
            + "and their names.",
        examples: [
            "steadyset tag dataset@round-1 best",
            "steadyset tag dataset best --delete",
        ])

    @Argument(help: "DATASET@VERSION, or the dataset's folder for its base.")
    var version: String

    @Argument(help: "The name: letters, digits, '.', '-' and '_', a letter first.")
    var name: String

    @OptionGroup var locking: LockOption

    @Flag(help: "Take the name away, whatever version has it.")
    var delete = false

    func run() throws {
        guard !delete else { return try VersionTagging.delete(name, of: version) }
        Terminal.write("\(name)  \(try VersionTagging.tag(version, as: name))\n")
    }
}
