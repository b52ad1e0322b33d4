internal import ArgumentParser
internal import Documents
internal import Fields
internal import Pipeline

struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a dataset, one of its stages, or a shard holds.",
        examples: [
            "steadyset show quickstart",
            "steadyset show quickstart/pack/train-00000.h5 --json",
        ])

    @Argument(
        help: "A dataset's folder, DATASET@VERSION, a stage's folder, or an HDF5 shard.",
        completion: .file())
    var path: String

    @Flag(help: "Write it as JSON.")
    var json = false

    func run() throws {
        let overview = try Overview(path: path)
        Terminal.write(json ? overview.json.canonicalText + "\n" : overview.text)
    }
}
