internal import Datasets
public import Documents
public import Fields
public import Learning
public import Sampling
package import Shards
public import Solving
internal import Yams

/// A pipeline file: everything that determines a dataset, read from YAML and checked against
/// `schemas/pipeline`.
public struct PipelineFile: Sendable {
    /// What the pipeline is called; it is part of no id.
    public let name: String
    /// The file's text, for the record.
    public let text: String
    /// What was read, for the lines of messages.
    private let document: YAMLDocument
    /// The equation and its lattice.
    public let physics: Physics
    /// What to draw, or nil where configurations are imported.
    public let design: Design?
    /// What labels must satisfy.
    public let accuracy: Accuracy
    /// Samples in each part of the solve stage.
    public let samplesPerPart: Int
    /// How samples are divided.
    public let split: Split
    /// zstd's level.
    public let compressionLevel: Int
    /// How shards store labels.
    package let codec: any ShardCodec
    /// Samples in each shard.
    public let samplesPerShard: Int
    /// How a model is trained, or nil where none is.
    public let training: TrainingDescription?
    /// The code of the paper's tables that `training` follows, or nil.
    public let modelCode: String?
    /// How rounds of curation choose, or nil where there are none.
    public let curation: Curation?
    /// The user's own program that trains and scores, or nil.
    public let trainer: ExternalTrainer?

    /// A larger file is refused.
    package static let maximumBytes = 1 << 20

    /// Reads the pipeline file at `path`.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - sources: replaces the file's source model, for imported configurations.
    ///   - overlap: replaces the file's overlap policy, for imported configurations.
    ///   - training: replaces members of the file's `train`.
    ///   - rounds: replaces members of the file's `rounds`, for scores that are there already; null
    ///     removes one.
    /// - Throws: `PipelineError`: `.noInput`, or `.data` naming file, line and key.
    public init(
        path: String, sources: SourceModel? = nil, overlap: OverlapPolicy? = nil,
        training: [String: JSON] = [:], rounds: [String: JSON]? = nil
    ) throws {
        let bytes = try InputFile.read(path, maximumBytes: PipelineFile.maximumBytes)
        try self.init(
            try YAMLDocument(bytes, path: path), text: String(decoding: bytes, as: UTF8.self),
            path: path, sources: sources, overlap: overlap, training: training, rounds: rounds)
    }

    /// Reads a pipeline from `text`; messages call it `path`.
    package init(
        text: String, path: String, sources: SourceModel? = nil, overlap: OverlapPolicy? = nil
    ) throws {
        try self.init(
            try YAMLDocument(text, path: path), text: text, path: path, sources: sources,
            overlap: overlap)
    }

    private init(
        _ document: YAMLDocument, text: String, path: String, sources: SourceModel?,
        overlap: OverlapPolicy?, training changes: [String: JSON] = [:],
        rounds roundChanges: [String: JSON]? = nil
    ) throws {
        self.text = text
        self.document = document
        try document.check(against: "pipeline")
        let json = document.json
        func fail(_ pointer: String, _ message: String) -> PipelineError {
            PipelineError(.data, "\(path):\(document.line(of: pointer)): \(message)")
        }

        name = json["name"]?.string ?? ""
        do {
            // An import may replace these two.
            var members = json["physics"]?.object ?? [:]
            if let sources { members["sources"] = .string(sources.rawValue) }
            if let overlap { members["overlap"] = .string(overlap.rawValue) }
            physics = try Physics(json: .object(members))
        } catch { throw fail("/physics", "physics: \(error.message)") }

        let physics = physics
        do {
            design = try json["sampling"].map { try PipelineFile.design($0, physics: physics) }
        } catch let error as SamplingError {
            throw fail("/sampling", "sampling: \(error.message)")
        } catch let error as PipelineError { throw fail("/sampling", "sampling: \(error.message)") }

        let solver = json["solver"]
        let gridBits = solver?["grid_bits"] == .null ? nil : solver?["grid_bits"]?.int ?? 20
        accuracy = Accuracy(tolerance: solver?["tolerance"]?.double ?? 1e-6, gridBits: gridBits)
        samplesPerPart = solver?["samples_per_part"]?.int ?? 500
        guard accuracy.solverShare > 0 else {
            throw fail(
                "/solver",
                "solver: rounding to multiples of 2^-\(gridBits ?? 24) alone may exceed the "
                    + "tolerance of \(accuracy.tolerance): raise tolerance or grid_bits")
        }

        do { split = try PipelineFile.split(json["split"] ?? .object([:])) } catch {
            throw fail("/split", "split: \(error.message)")
        }
        compressionLevel = solver?["compression_level"]?.int ?? 3
        codec =
            try json["pack"]?["codec"]?.string.map { name in
                guard let codec = ShardCodecs.named(name) else {
                    throw fail("/pack/codec", "pack.codec: \(ShardCodecs.unknown(name))")
                }
                return codec
            } ?? ShardCodecs.standard
        samplesPerShard = json["pack"]?["samples_per_shard"]?.int ?? 1000
        // A code that is asked for takes the place of all that it says; what is asked for beside it
        // stands above both.
        let train = json["train"]?.object.map { own in
            (changes["code"] == nil ? own : ModelCode.withoutItsKeys(own)).merging(changes) { $1 }
        }
        do {
            training = try train.map { try TrainingDescription(json: .object($0)) }
            _ = try training?.model(on: physics.lattice)
        } catch let error as LearningError { throw fail("/train", "train: \(error.message)") }
        modelCode = train?["code"]?.string
        do {
            let rounds = (json["rounds"]?.object ?? [:]).merging(roundChanges ?? [:]) { $1 }.filter
            { $0.value != .null }
            curation = rounds["add"] == nil ? nil : try Curation(json: .object(rounds))
        } catch { throw fail("/rounds", "rounds: \(error.message)") }
        if json["rounds"]?["trainer"]?["command"]?.string?.unicodeScalars.contains("\0") == true {
            throw fail(
                "/rounds/trainer/command",
                "rounds.trainer.command: holds a NUL character, " + "where a command ends")
        }
        trainer = json["rounds"]?["trainer"].map {
            ExternalTrainer(
                command: $0["command"]?.string ?? "",
                timeLimit: $0["time_limit"]?.double ?? ExternalTrainer.defaultTimeLimit)
        }
        if roundChanges == nil, let message = roundsContradiction {
            throw fail("/rounds", "rounds: \(message)")
        }
    }

    /// Why rounds cannot be made of what else the pipeline says, or nil.
    private var roundsContradiction: String? {
        guard let curation else { return nil }
        guard trainer != nil else {
            if training == nil {
                return "there is no 'train', so there is no model whose errors could be looked "
                    + "at: add it"
            }
            if curation.score.needsLabels, !ErrorTable.isMeasure(curation.column) {
                return "'by' is '\(ForeignText.excerpt(curation.column))', which errors do not "
                    + "have; they have " + ErrorTable.measures.joined(separator: ", ")
            }
            if curation.score.origin == .passes, training?.model.dropout == 0 {
                return "'score: variance' needs passes of dropout: set train.model.dropout above 0"
            }
            return nil
        }
        if !curation.score.needsLabels {
            return "a trainer of your own gives errors: leave out " + "'score'"
        }
        if curation.acquisition.needsFeatures {
            return "a trainer of your own gives no features, which '\(curation.acquisition.name)' "
                + "needs"
        }
        if curation.source == .drawn, curation.drop > 0 || curation.neighbours != nil {
            return
                "a trainer of your own scores candidates once: leave out 'drop' and 'neighbours', "
                + "or set candidates to 'unselected' for the former"
        }
        return nil
    }

    /// The line of a key, such as `train.judge`, or of the block that it would stand in.
    package func line(of key: String) -> Int {
        document.line(of: "/" + key.replacing(".", with: "/"))
    }

    /// Whether rounds compare each model with itself half-way through its training.
    package var keepsHalfway: Bool { trainer == nil && curation?.score.origin == .halfway }

    /// What models learn from, an expression of selections.
    package var trainingSelection: String { training?.selection ?? "S100%" }

    private static func design(_ json: JSON, physics: Physics) throws -> Design {
        let strata: [Int]
        if let list = json["strata"]?.array {
            strata = list.compactMap(\.int)
        } else {
            let (from, to) = (json["strata"]?["from"]?.int ?? 1, json["strata"]?["to"]?.int ?? 1)
            guard from <= to else {
                throw PipelineError(.data, "strata from \(from) to \(to) hold " + "nothing")
            }
            strata = Array(from...to)
        }
        let counts: [Int]
        if let list = json["samples_per_stratum"]?.array {
            counts = list.compactMap(\.int)
        } else {
            counts = Array(repeating: json["samples_per_stratum"]?.int ?? 1, count: strata.count)
        }
        return try Design(
            physics: physics, strata: strata, counts: counts,
            shapes: json["radius"] == nil && json["shapes"] == nil
                ? [.disk(radius: ParameterRange(5))]
                : try ShapeRange.alternatives(radius: json["radius"], shapes: json["shapes"]),
            values: try json["values"].map { try SourceValues(json: $0) } ?? .anchored(),
            seed: UInt32(json["seed"]?.int ?? 0))
    }

    private static func split(_ json: JSON) throws(SamplingError) -> Split {
        func period(_ key: String, default value: Int?) -> Int? { json[key].map(\.int) ?? value }
        return try Split(
            testEvery: period("test_every", default: 5),
            validationEvery: period("validation_every", default: nil),
            subsets: json["subsets"]?.array?.compactMap(\.double) ?? Split.paperSubsets,
            windows: try (json["windows"]?.array ?? []).map { (window) throws(SamplingError) in
                Split.Window(
                    name: window["name"]?.string ?? "",
                    share: try Percentage(window["percent"]?.double ?? 0),
                    offset: window["offset"]?.int ?? 0)
            })
    }
}
