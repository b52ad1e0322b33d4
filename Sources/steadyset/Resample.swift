internal import ArgumentParser
internal import Documents
internal import Fields
internal import Pipeline
internal import Sampling

struct Resample: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resample",
        abstract: "Make the next version of a dataset: choose by scores, solve, pack.",
        discussion: """
            Scores are a table with the columns id and, as a rule, mae: errors.csv of 'evaluate', \
            or one of your own trainer's. With --from they are of configurations that are not in \
            the dataset; those that are chosen are solved. Without it they are of the dataset's \
            training samples; nothing is solved, and the version is a selection. How to choose is \
            the pipeline's 'rounds'; 'run' does all of its rounds.
            """,
        examples: ["steadyset resample curation.yaml -o dataset --scores scores.csv"])

    @Argument(help: .pipeline)
    var pipeline: String

    @Option(name: [.short, .long], help: "The dataset, or a version of it: DATASET@VERSION.")
    var output: String

    @Option(help: "The table of scores (CSV).")
    var scores: String

    @Option(
        help: ArgumentHelp(
            "The configurations that were scored: JSON Lines, or a dataset that has a sample "
                + "stage."))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "With --from: what sources do; as in the dataset if it was imported, else as in the "
                + "pipeline."))
    var sources: SourceModel?

    @Option(
        help:
            ArgumentHelp(
                "With --from: what holds where disks overlap; as in the dataset if it was "
                    + "imported, else as in the pipeline.")
    )
    var overlap: OverlapPolicy?

    @Option(help: "The training selection to go on from.")
    var selection: String?

    @Option(help: "What the new selection and the version's tag are called; round-N unless given.")
    var name: String?

    @Option(help: "Samples to choose, instead of the pipeline's.")
    var add: Int?

    @Option(help: "Samples of the selection to drop, instead of the pipeline's.")
    var drop: Int?

    @Option(help: "The column of scores, instead of the pipeline's.")
    var by: String?

    @Option(help: "\(Acquisition.list("or")), instead of the pipeline's.")
    var acquisition: String?

    @Option(help: "free, equal or by-score, instead of the pipeline's.")
    var budget: String?

    @Option(help: "The seed, instead of the pipeline's.")
    var seed: UInt32?

    @OptionGroup var locking: LockOption

    @OptionGroup var parallelism: ThreadsOption

    @Flag(help: "Write events as JSON Lines on standard output.")
    var json = false

    @OptionGroup var observation: ObservationOptions

    func run() throws {
        var options = ResampleCommand.Options(pipeline: pipeline, dataset: output, scores: scores)
        (options.from, options.selection, options.name) = (from, selection, name)
        (options.sources, options.overlap) = (sources, overlap)
        options.threads = parallelism.threads
        options.rounds = [
            "add": add.map(JSON.integer), "drop": drop.map(JSON.integer), "by": by.map(JSON.string),
            "acquisition": acquisition.map(JSON.string), "budget": budget.map(JSON.string),
            "seed": seed.map { .integer(Int($0)) },
        ].compactMapValues { $0 }
        let version = try ResampleCommand(options, reporter: Observation.reporter(json: json))
            .run()
        Terminal.write(
            json ? JSON.object(["version": .string(version)]).canonicalText + "\n" : "\(version)\n")
    }
}
