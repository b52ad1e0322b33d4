internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Split: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Divide a dataset into parts, nested subsets and windows.",
        examples: ["steadyset split quickstart.yaml -o quickstart"])

    @OptionGroup var options: PipelineOptions
    var observation: ObservationOptions { options.observation }

    func run() throws { try options.commands().perform(.split) }
}
