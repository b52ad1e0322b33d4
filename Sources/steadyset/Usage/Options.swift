public import ArgumentParser
public import Benchmarks
public import Datasets
public import Exports
public import Fields
public import Learning
public import Pipeline
internal import Shards

extension SourceModel: ExpressibleByArgument {}
extension OverlapPolicy: ExpressibleByArgument {}
extension Stage: ExpressibleByArgument {}
extension Benchmark.Part: ExpressibleByArgument {}
extension ExportedCodec: ExpressibleByArgument {}
extension SideCondition: ExpressibleByArgument {}
extension NewPipeline.Medium: ExpressibleByArgument {}
extension ModelDescription.Kind: ExpressibleByArgument {}

/// The number of threads, of every command that uses several.
struct ThreadsOption: ParsableArguments {
    @Option(help: "Threads to use; all cores unless given.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024, not \(threads)")
        }
    }
}

/// The option of every command that locks the folder that it writes to.
struct LockOption: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Where the file system has no locks, take no lock files either; see to it then that "
                + "nothing else writes there."))
    var noLock = false

    func validate() throws {
        if noLock { Locks.forgo() }
    }
}

extension ArgumentHelp {
    /// Of the argument of every command that reads a pipeline.
    static let pipeline: ArgumentHelp =
        "The pipeline file (YAML), or the name of one that comes with the program."
}

/// Options of every command that works on a pipeline.
struct PipelineOptions: ParsableArguments {
    @Argument(help: .pipeline, completion: .file(extensions: ["yaml", "json"]))
    var pipeline: String

    @Option(
        name: [.short, .long], help: "The dataset's folder; created if need be.",
        completion: .directory)
    var output: String

    @OptionGroup var parallelism: ThreadsOption

    @OptionGroup var locking: LockOption

    @Flag(help: "Remove solved samples, or a model, that the pipeline no longer asks for.")
    var replace = false

    @Flag(help: "Write events as JSON Lines on standard output.")
    var json = false

    @OptionGroup var observation: ObservationOptions

    func validate() throws {
        if output.isEmpty { throw ValidationError("--output needs a folder's name") }
    }

    var options: Commands.Options {
        var options = Commands.Options(pipeline: pipeline, output: output)
        options.threads = parallelism.threads
        options.replace = replace
        return options
    }

    /// The commands for these options and, where given, those of an import.
    func commands(
        _ imported: ImportOptions? = nil, codec: CodecOption? = nil, ignoringSpace: Bool = false,
        reporter: (any Reporter)? = nil
    ) throws -> Commands {
        var options = self.options
        options.ignoresSpace = ignoringSpace
        options.codec = codec?.codec
        imported?.apply(to: &options)
        return try Commands(
            options, reporter: reporter.map(Observation.reporter) ?? self.reporter)
    }

    /// What says how it is going.
    var reporter: any Reporter { Observation.reporter(json: json) }
}

/// Options of the commands that take configurations from a file.
struct ImportOptions: ParsableArguments {
    @Option(
        help: "Import configurations from a JSON Lines file instead of drawing them.",
        completion: .file(extensions: ["jsonl"]))
    var from: String?

    @Option(help: "With --from: what sources do; as in the pipeline unless given.")
    var sources: SourceModel?

    @Option(
        help:
            "With --from: what holds where disks overlap; as in the pipeline unless given.")
    var overlap: OverlapPolicy?

    func apply(to options: inout Commands.Options) {
        (options.from, options.sources, options.overlap) = (from, sources, overlap)
    }
}

/// The option of the commands that write shards.
struct CodecOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How shards store labels; as in the pipeline unless given. "
                + ShardCodecs.all.map { "\($0.name): \($0.words)" }.joined(separator: "; ") + ".",
            valueName: "codec"))
    var codec: String?
}

/// What the commands that judge predictions take: whose, and of what.
struct SubjectOptions: ParsableArguments {
    @Option(help: "The dataset's folder, or that of its pack stage.")
    var data: String?

    @Option(
        help: """
            Configurations instead: JSON Lines, or a dataset that has a sample stage. The physics \
            of lines is that of --data, else the model's.
            """)
    var from: String?

    @Option(
        help: ArgumentHelp(
            "What of --data to judge on: a selection such as 'S5% & n07', 'validation | test'; "
                + "unless given, test."))
    var selection: String?

    @Option(
        help: ArgumentHelp(
            "A trained model: a folder or a file of weights. Several: the mean of their fields."))
    var model: [String] = []

    @Option(help: "A file of predictions, instead of a model.")
    var predictions: String?

    func validate() throws {
        if model.count > 64 {
            throw ValidationError(
                "at most 64 models predict together, not \(model.count)")
        }
    }
}
