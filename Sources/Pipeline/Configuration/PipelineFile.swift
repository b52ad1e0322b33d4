package import Datasets
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
    /// Ranks of each part of the solve stage, where the file says so.
    let ownSamplesPerPart: Int?
    /// How samples are divided.
    public let split: Split
    /// zstd's level.
    public let compressionLevel: Int
    /// How shards store labels.
    package let codec: any ShardCodec
    /// Samples in each shard.
    public let samplesPerShard: Int
    /// What cards say of the dataset.
    package let about: DatasetAbout
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
    ///   - path: the file, or the name of one of `ShippedPipelines`.
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
        let bytes = try ShippedPipelines.read(path)
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
        func fail(_ pointer: String, _ message: String) -> PipelineError {
            PipelineError(.data, "\(path):\(document.line(of: pointer)): \(message)")
        }
        func value<Value>(_ key: String, _ read: () throws -> Value) throws -> Value {
            do { return try read() } catch {
                throw fail(
                    "/\(key.replacing(".", with: "/"))", "\(key): \(PipelineError(error).message)")
            }
        }
        var members = document.json.object ?? [:]
        // A code comes before defaults; the two blocks are filled where they are read.
        let (train, rounds) = (
            members.removeValue(forKey: "train"), members.removeValue(forKey: "rounds")
        )
        if var physics = members["physics"]?.object {
            // An import may replace these two.
            if let sources { physics["sources"] = .string(sources.rawValue) }
            if let overlap { physics["overlap"] = .string(overlap.rawValue) }
            members["physics"] = .object(physics)
        }
        let file = try Members(
            Schema.filled(.object(members), by: "pipeline"), of: path,
            required: ["format", "name", "physics", "solver", "split", "pack"],
            optional: ["sampling", "about"])
        let solver = try file.block(
            "solver", ["tolerance", "grid_bits", "method", "compression_level"],
            optional: ["samples_per_part"])
        let pack = try file.block("pack", ["codec", "samples_per_shard"])

        name = try file.string("name")
        let physics = try value("physics") { try Physics(json: try file.json("physics")) }
        self.physics = physics
        design = try file.optional("sampling").map { json in
            try value("sampling") { try Design(sampling: json, physics: physics) }
        }
        accuracy = Accuracy(
            tolerance: try solver.double("tolerance"),
            gridBits: try solver.optionalInt("grid_bits"),
            method: MethodChoice(rawValue: try solver.string("method")) ?? .auto)
        guard accuracy.solverShare > 0 else {
            throw fail(
                "/solver",
                "solver: rounding to multiples of 2^-\(accuracy.gridBits ?? 24) alone may exceed "
                    + "the tolerance of \(accuracy.tolerance): raise tolerance or grid_bits")
        }
        if let objection = accuracy.method.objection(to: physics) {
            throw fail("/solver/method", "solver.method: \(accuracy.method.words(objection))")
        }
        ownSamplesPerPart = try solver.optionalInt("samples_per_part")
        compressionLevel = try solver.int("compression_level")
        split = try value("split") { try Split(json: try file.json("split")) }
        samplesPerShard = try pack.int("samples_per_shard")
        let codecName = try pack.string("codec")
        guard let codec = ShardCodecs.named(codecName) else {
            throw fail("/pack/codec", "pack.codec: \(ShardCodecs.unknown(codecName))")
        }
        self.codec = codec
        about = try value("about") {
            try file.optional("about").map { try DatasetAbout($0, "about") } ?? DatasetAbout()
        }

        // A code that is asked for takes the place of all that it says; what is asked for beside it
        // stands above both.
        let model = train?.object.map { own in
            (changes["code"] == nil ? own : ModelCode.withoutItsKeys(own)).merging(changes) { $1 }
        }
        training = try value("train") {
            let training = try model.map { try TrainingDescription(json: .object($0)) }
            _ = try training?.model(on: physics.lattice)
            return training
        }
        modelCode = model?["code"]?.string
        let curation = (rounds?.object ?? [:]).merging(roundChanges ?? [:]) { $1 }.filter {
            $0.value != .null
        }
        self.curation = try value("rounds") {
            curation["add"] == nil ? nil : try Curation(json: .object(curation))
        }
        trainer = try rounds.flatMap { Schema.filled($0, by: "curation")["trainer"] }.map { json in
            try value("rounds.trainer.command") { try ExternalTrainer(json: json) }
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
            return "a trainer of your own gives errors: leave out 'score'"
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

    /// Ranks of each part of the solve stage.
    package var samplesPerPart: Int { ownSamplesPerPart ?? samplesPerShard }

    /// Whether parts are cut as shards are, and become them.
    package var partsAreShards: Bool { samplesPerPart == samplesPerShard }

    /// How its samples are cut into parts: as shards are, or, where parts are to be of another size
    /// and cannot become shards, by the order of all samples.
    package var cut: PartCut {
        PartCut(partsAreShards ? split : .none, size: samplesPerPart)
    }

    /// The line of a key, such as `train.judge`, or of the block that it would stand in.
    package func line(of key: String) -> Int {
        document.line(of: "/" + key.replacing(".", with: "/"))
    }

    /// Whether rounds compare each model with itself half-way through its training.
    package var keepsHalfway: Bool { trainer == nil && curation?.score.origin == .halfway }

    /// What models learn from, an expression of selections.
    package var trainingSelection: String { training?.selection ?? "S100%" }
}

extension PipelineError: DocumentFailure {
    package init(document message: String) { self.init(.data, message) }
}

private typealias Members = JSONMembers<PipelineError>

extension JSONMembers where Failure == PipelineError {
    /// The block `key`, which has all of these members.
    fileprivate func block(_ key: String, _ members: [String], optional: [String] = [])
        throws(PipelineError) -> Self
    { try Self(try json(key), of: key, required: members, optional: optional) }
}
