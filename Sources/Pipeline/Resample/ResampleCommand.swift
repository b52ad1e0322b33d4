public import Datasets
public import Documents
public import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// What `steadyset resample` does: one round from scores that are there already, ours or anybody's.
public struct ResampleCommand {
    /// From what, and by which rule.
    public struct Options: Sendable {
        /// The pipeline file; its `rounds` say how to choose.
        public var pipeline: String
        /// The dataset, or a version of it: DATASET@VERSION.
        public var dataset: String
        /// The table of scores.
        public var scores: String
        /// Configurations that were scored; nil where the dataset's own training samples were.
        public var from: String?
        /// The training selection to go on from; nil for that of the version's round, or of the
        /// pipeline's `train`.
        public var selection: String?
        /// The name of the new training selection, and the version's tag; nil for `round-N`.
        public var name: String?
        /// Replaces the pipeline's source model, for `from`; nil for that of the dataset where it
        /// was imported.
        public var sources: SourceModel?
        /// Replaces the pipeline's overlap policy, likewise.
        public var overlap: OverlapPolicy?
        /// Replaces members of the pipeline's `rounds`.
        public var rounds: [String: JSON] = [:]
        /// Threads; nil for all cores.
        public var threads: Int?

        /// Options with defaults where there are any.
        public init(pipeline: String, dataset: String, scores: String) {
            (self.pipeline, self.dataset, self.scores) = (pipeline, dataset, scores)
        }
    }

    private let options: Options
    private let pipeline: PipelineFile
    private let context: StageContext
    private let parent: Dataset

    /// Reads the pipeline, and checks the options.
    public init(_ options: Options, reporter: any Reporter) throws {
        self.options = options
        if let name = options.name { try Versions.check(roundName: name) }
        parent = try PackedSamples.locate(options.dataset)
        var rounds = options.rounds
        // Scores are given, so it does not matter here how a pipeline would make them.
        for key in ["score", "passes", "pool", "neighbours", "trainer", "stop"] {
            rounds[key] = .null
        }
        if let acquisition = rounds["acquisition"]?.string {
            for key in Acquisition.keys(besides: acquisition) { rounds[key] = .null }
        }
        rounds["candidates"] = .string(options.from == nil ? "unselected" : "drawn")
        guard options.from != nil || (options.sources == nil && options.overlap == nil) else {
            throw PipelineError(
                .usage, "--sources and --overlap go with --from: without it nothing is solved")
        }
        let imported = options.from == nil ? nil : try ResampleCommand.importedPhysics(of: parent)
        pipeline = try PipelineFile(
            path: options.pipeline, sources: options.sources ?? imported?.sources,
            overlap: options.overlap ?? imported?.overlap, rounds: rounds)
        guard pipeline.curation != nil else {
            throw PipelineError(
                .usage,
                "nothing says how many samples are to be chosen: give \(options.pipeline) a "
                    + "'rounds' with 'add', or pass --add")
        }
        context = StageContext(
            parent.at(nil),
            threads: options.threads ?? Cores.usable,
            reporter: reporter, pipelineName: pipeline.name, pipelinePath: options.pipeline)
        Interruption.listen()
    }

    /// The physics of a dataset that was made with `--from`, whose sources may mean something else
    /// than its pipeline says.
    private static func importedPhysics(of dataset: Dataset) throws -> Physics? {
        guard let sample = try? dataset.manifest(SampleManifest.self),
            case .imported = sample.origin
        else { return nil }
        return try dataset.manifest(PackManifest.self).physics
    }

    /// Chooses, solves, packs; returns the new version's reference.
    public func run() throws -> String {
        guard let curation = pipeline.curation else { return "" }
        return try context.working(until: .pack, mustExist: true) {
            let last = try parent.manifest(PackManifest.self).descent?.round
            let number = last.map { $0.number + 1 } ?? 1
            let selection =
                options.selection ?? last?.selection
                ?? pipeline.trainingSelection
            if options.selection == nil {
                context.reporter.noted(
                    "this round goes on from the training selection '\(selection)' of "
                        + "\(parent.name); --selection names another")
            }
            let name = options.name ?? Dataset.roundName(number)
            let scores = GivenScores(
                path: options.scores, from: options.from, parent: parent,
                digest: Digest(of: try InputFile.read(options.scores, maximumBytes: 1 << 30)))
            let stages: [any PipelineStage] = [
                ResampleStage(
                    pipeline: pipeline, curation: curation, round: number, scorer: .table(scores),
                    selection: selection, name: name),
                RoundSolveStage(pipeline: pipeline, round: number),
                RoundPackStage(pipeline: pipeline, round: number, name: name, parent: parent),
            ]
            do { for stage in stages { try stage.complete(in: context) } } catch let end
                as RoundsEnd
            { throw PipelineError(.data, end.message) }
            return try RoundRecords(of: context.base).version(after: number).name
        }
    }
}
