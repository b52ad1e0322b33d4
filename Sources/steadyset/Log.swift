internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline

struct Log: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show the versions of a dataset as a tree: what each round added and dropped, "
            + "and why.",
        examples: ["steadyset log dataset"])

    @Argument(help: "The dataset's folder.", completion: .directory)
    var path: String

    @Flag(help: "Write it as JSON.")
    var json = false

    func run() throws {
        let log = try VersionLog(path: path)
        Terminal.write(json ? log.json.canonicalText + "\n" : log.text)
    }
}
