internal import ArgumentParser
internal import Datasets
internal import Pipeline

struct Pack: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack", abstract: "Write a dataset's shards.",
        examples: ["steadyset pack quickstart.yaml -o quickstart --codec compact"])

    @OptionGroup var options: PipelineOptions
    var observation: ObservationOptions { options.observation }

    @OptionGroup var codec: CodecOption

    func run() throws { try options.commands(codec: codec).perform(.pack) }
}
