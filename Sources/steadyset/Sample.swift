internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Sample: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Draw or import the configurations of a dataset.",
        examples: [
            "steadyset sample quickstart.yaml -o quickstart",
            "steadyset sample quickstart.yaml -o mine --from lines.jsonl",
        ])

    @OptionGroup var options: PipelineOptions
    var observation: ObservationOptions { options.observation }
    @OptionGroup var imported: ImportOptions

    func run() throws { try options.commands(imported).perform(.sample) }
}
