internal import ArgumentParser
internal import Documents
internal import Fields
internal import Pipeline
internal import Verification

struct Unpack: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpack",
        abstract: "Turn the shards of an archive or a recipe into standard ones.",
        discussion: """
            Writes DIR/pack: the same bytes, and the same manifest id, that pack writes with the \
            standard codec. Recipes are solved again. Every label is compared with its digest.
            """,
        examples: ["steadyset unpack archive -o standard"])

    @Argument(help: "The dataset's folder, or its folder pack.", completion: .directory)
    var path: String

    @Option(name: [.short, .long], help: "The folder to write pack into; created if need be.")
    var output: String

    @OptionGroup var parallelism: ThreadsOption

    @OptionGroup var observation: ObservationOptions

    @Flag(help: "Write the result as JSON.")
    var json = false

    func validate() throws {
        if output.isEmpty { throw ValidationError("--output needs a folder's name") }
    }

    func run() throws {
        let result = try Unpacker(
            path: path, output: output, threads: parallelism.threads,
            reporter: Observation.reporter(TextProgress())
        ).unpack()
        Terminal.clear()
        if json {
            let line = JSON.object([
                "id": .string(result.id), "samples": .integer(result.samples),
                "bytes": .integer(result.bytes),
            ])
            Terminal.write(line.canonicalText + "\n")
        } else {
            Terminal.write(
                "unpacked \(result.samples) samples, \(result.bytes) bytes, "
                    + "\(result.id.prefix(16))\n")
        }
    }
}
