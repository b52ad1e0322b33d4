internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Draw or import the configurations of a dataset.",
        examples: [
            "steadyset sample quickstart.yaml -o quickstart",
            "steadyset sample quickstart.yaml -o mine --from lines.jsonl",
        ])

    @OptionGroup var options: PipelineOptions
    @OptionGroup var imported: ImportOptions

    func run() throws { try options.commands(imported).perform(.sample) }
}
