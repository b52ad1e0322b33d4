internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Solve: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "solve",
        abstract: "Compute certified labels for a dataset's configurations.",
        examples: ["steadyset solve quickstart.yaml -o quickstart --threads 8"])

    @OptionGroup var options: PipelineOptions
    var observation: ObservationOptions { options.observation }

    func run() throws { try options.commands().perform(.solve) }
}
