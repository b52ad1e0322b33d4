internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline

struct Train: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model on a dataset's shards.",
        discussion: """
            What is trained, and how, is the pipeline's 'train'. Epochs leave a checkpoint; the \
            same command goes on after it, to the same weights.
            """,
        examples: [
            "steadyset train train.yaml -o trained",
            "steadyset train train.yaml -o model --data dataset --seed 2",
        ])

    @OptionGroup var options: PipelineOptions
    var observation: ObservationOptions { options.observation }

    @Option(help: "Train on the shards of this dataset; --output gets the model alone.")
    var data: String?

    @Option(help: "A model of the paper's tables, such as 80E1, instead of the pipeline's.")
    var code: String?

    @Option(help: "What to learn from, such as 'S5% & n07', instead of the pipeline's.")
    var selection: String?

    @Option(help: "The seed, instead of the pipeline's.")
    var seed: UInt32?

    @Option(help: "The number of epochs, instead of the pipeline's.")
    var epochs: Int?

    func validate() throws {
        if let epochs, !(1...10_000).contains(epochs) {
            throw ValidationError("--epochs must be from 1 to 10000, not \(epochs)")
        }
    }

    func run() throws {
        var commands = options.options
        commands.data = data
        commands.training["code"] = code.map(JSON.string)
        commands.training["selection"] = selection.map(JSON.string)
        commands.training["seed"] = seed.map { .integer(Int($0)) }
        commands.training["epochs"] = epochs.map(JSON.integer)
        try Commands(commands, reporter: options.reporter).perform(
            .train)
    }
}
