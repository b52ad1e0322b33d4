internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Exports
internal import Fields
internal import Foundation
internal import Pipeline

struct Export: ObservableCommand {
    private static var formats: String {
        ExportFormats.all.map { "  \(pad($0.name)) \($0.words)" }.joined(separator: "\n")
    }

    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a dataset, or a selection of it, in the format of another program.",
        discussion: """
            Formats:

            \(formats)

            Values and ids are those of the shards, bit for bit. An export appears under its name \
            when it is complete, and replaces nothing. The article Exports says what reads each \
            format, and what to mind.
            """,
        examples: ["steadyset export mds quickstart -o quickstart-mds --selection S50%"])

    @Argument(help: "The format; see above.")
    var format: FormatArgument

    @Argument(help: "The dataset's folder, or its folder pack.")
    var dataset: String

    @Option(name: [.short, .long], help: "The file or the folder to write; nothing may be there.")
    var output: String

    @Option(
        help: ArgumentHelp(
            "Take these samples: S5%, train/n07, 'S5% & n07', 'test | validation'. May be given "
                + "several times; a sample is taken where any of them has it. All samples unless "
                + "given.", valueName: "expression"))
    var selection: [String] = []

    @Option(
        help: ArgumentHelp(
            "\(takers(.baseURL)): where the shards will be found.", valueName: "URL")
    )
    var baseURL: String?

    @Option(help: "\(takers(.codec)): how fields are stored.")
    var codec = ExportedCodec.raw

    @Option(
        help: ArgumentHelp(
            "What the card says of the dataset, one of "
                + "\(ExportOptions.members.joined(separator: ", ")).",
            valueName: "word=text"))
    var describe: [String] = []

    @OptionGroup var locking: LockOption

    @OptionGroup var parallelism: ThreadsOption

    @OptionGroup var observation: ObservationOptions

    @Flag(help: "Write the result as JSON.")
    var json = false

    func validate() throws {
        if let wrong = describe.first(where: { !$0.contains("=") }) {
            throw ValidationError("--describe '\(wrong)' is not of the form word=text")
        }
    }

    func run() throws {
        var options = ExportOptions(dataset: dataset, output: output)
        (options.selections, options.codec, options.threads) = (
            selection, codec, parallelism.threads
        )
        options.baseURL = baseURL.map {
            $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0
        }
        for pair in describe {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            options.words[String(halves[0])] = String(halves[1])
        }
        let line = ProgressLine()
        let result = try runExport(format.value, options) {
            line.advanced(format.value.name, $0, of: $1)
        }
        Terminal.clear()
        guard !json else { return Terminal.write(result.json.canonicalText + "\n") }
        let files = "\(result.files) \(result.files == 1 ? "file" : "files")"
        Terminal.write(
            "\(format.value.name)  \(result.samples) samples, \(files), "
                + "\(Words.bytes(result.bytes))  \(output)\n")
        for note in result.notes { Terminal.note("steadyset: note: \(note)\n") }
    }

    private static func takers(_ option: ExportOption) -> String {
        ExportFormats.names(taking: option).joined(separator: ", ")
    }

    private static func pad(_ name: String) -> String {
        name.padding(toLength: 9, withPad: " ", startingAt: 0)
    }
}

/// The name of a format of the table.
struct FormatArgument: ExpressibleByArgument {
    let value: any ExportFormat

    init?(argument: String) {
        guard let format = ExportFormats.named(argument) else { return nil }
        value = format
    }

    static var allValueStrings: [String] { ExportFormats.all.map(\.name) }
}
