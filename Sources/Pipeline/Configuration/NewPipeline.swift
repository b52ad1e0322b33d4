internal import Datasets
internal import Documents
public import Fields
public import Learning
internal import Sampling
internal import Shards

/// A pipeline file that is yet to be written, from the few things that pipelines differ in.
public struct NewPipeline {
    /// What `diffusivity` is like.
    public enum Medium: String, Hashable, Sendable, CaseIterable {
        case constant, layered, regions, random, lognormal
        case twoValued = "two_valued"
    }

    /// What the file is to say; what is nil is left at the schema's default.
    public struct Options: Sendable {
        /// Rows and columns.
        public var lattice = [512, 512]
        /// Samples of all strata together; a multiple of their number.
        public var samples = 400
        /// Numbers of sources.
        public var strata = 1...20
        /// What holds on all sides.
        public var boundary: SideCondition?
        /// What sources do.
        public var sources: SourceModel?
        /// What D is like.
        public var medium = Medium.constant
        /// How shards store labels.
        public var codec: String?
        /// The model to train; nil for none.
        public var model: ModelDescription.Kind?
        /// Rounds of curation; they need a model.
        public var rounds = 0
        /// Seed of all draws.
        public var seed: UInt32 = 1

        /// What a file has of which nothing else is asked.
        public init() {}
    }

    private let options: Options

    /// - Throws: `PipelineError` of kind `.usage` where the options contradict each other.
    public init(_ options: Options) throws {
        self.options = options
        let strata = options.strata.count
        guard options.samples > 0, options.samples.isMultiple(of: strata) else {
            let below = max(1, options.samples / strata) * strata
            throw PipelineError(
                .usage,
                "\(options.samples) samples cannot be divided evenly among \(strata) numbers of "
                    + "sources: \(below) or \(below + strata) can")
        }
        guard options.rounds == 0 || options.model != nil else {
            throw PipelineError(
                .usage, "rounds look at the errors of a model: choose one with --model")
        }
    }

    /// The file's text, which is a pipeline as `path` would hold it.
    ///
    /// - Throws: `PipelineError` of kind `.usage` where the loader refuses it.
    public func text(for path: String) throws -> String {
        var members = document
        members["name"] = .string(NewPipeline.name(of: path))
        let text = PipelineText(members).text
        do {
            let pipeline = try PipelineFile(text: text, path: path)
            try PipelineCheck(
                pipeline: pipeline, path: path, codec: pipeline.codec,
                strata: pipeline.design?.strata ?? [], counts: pipeline.design?.counts ?? [],
                isDrawn: true
            ).check(upTo: options.rounds > 0 ? .resample : options.model == nil ? .pack : .evaluate)
        } catch {
            throw PipelineError(
                .usage,
                "nothing was written, as such a pipeline is refused: "
                    + PipelineError(error).message, cause: error)
        }
        return text
    }

    /// Writes the file, whole or not at all.
    ///
    /// - Throws: `PipelineError`, of kind `.cannotCreate` where something is there and `replace` is
    ///   not set.
    public func write(to path: String, replace: Bool) throws {
        try NewPipeline.write(try text(for: path), to: path, replace: replace)
    }

    /// Writes a pipeline file with this text, as `write(to:replace:)` does.
    public static func write(_ text: String, to path: String, replace: Bool) throws {
        try check(place: path, replace: replace)
        try AtomicFile.write(Array(text.utf8), to: path)
    }

    /// Refuses a place where something is that `write` would not replace.
    public static func check(place path: String, replace: Bool) throws {
        try OutputPlace.check(free: path, replace: replace, what: "new pipelines")
    }

    /// What the pipeline in the file `path` is called: as the file, where that is a name.
    public static func name(of path: String) -> String {
        let file = path.split(separator: "/").last.map(String.init) ?? ""
        let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
        let isName = stem.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,63}/) != nil
        return isName ? stem : "pipeline"
    }

    private var document: [String: JSON] {
        var physics: [String: JSON] = [
            "lattice": .array(options.lattice.map(JSON.integer)), "diffusivity": diffusivity,
        ]
        physics["boundary"] = options.boundary.map { .string($0.rawValue) }
        physics["sources"] = options.sources.map { .string($0.rawValue) }
        let (first, last) = (options.strata.lowerBound, options.strata.upperBound)
        let perStratum = options.samples / options.strata.count
        var members: [String: JSON] = [
            "format": .integer(1), "physics": .object(physics),
            "sampling": .object([
                "strata": first == last
                    ? .array([.integer(first)])
                    : .object(["from": .integer(first), "to": .integer(last)]),
                "samples_per_stratum": .integer(perStratum),
                "seed": .integer(Int(options.seed)),
            ]),
            "split": .object([:]), "solver": .object([:]),
            "pack": .object(options.codec.map { ["codec": .string($0)] } ?? [:]),
        ]
        guard let model = options.model else { return members }
        // The best epoch is chosen by samples that neither train nor test the model.
        members["split"] = .object(["validation_every": .integer(5)])
        var train: [String: JSON] = ["model": .object(["kind": .string(model.rawValue)])]
        if options.rounds > 0 {
            // Half of the training samples to begin with; each round adds a tenth of that.
            train["selection"] = .string("S50%")
            members["rounds"] = .object([
                "count": .integer(options.rounds),
                "add": .integer(max(1, options.samples / 20)),
            ])
        }
        members["train"] = .object(train)
        return members
    }

    /// Values to begin with, of a size that fits the lattice.
    private var diffusivity: JSON {
        let (rows, columns) = (options.lattice[0], options.lattice[1])
        let side = Double(min(rows, columns))
        func form(_ members: [String: JSON]) -> JSON {
            .object([options.medium.rawValue: .object(members)])
        }
        switch options.medium {
        case .constant: return .integer(1)
        case .layered:
            return form([
                "axis": .string("columns"),
                "edges": .array([.integer(columns / 3), .integer(columns * 2 / 3)]),
                "values": .array([.number(1), .number(0.1), .number(0.01)]),
            ])
        case .regions:
            let disk: JSON = .object([
                "row": .integer(rows / 2), "column": .integer(columns / 2),
                "radius": .integer(Int(side / 4)), "value": .number(0.1),
            ])
            return form(["background": .integer(1), "regions": .array([disk])])
        case .random:
            return form([
                "from": .number(0.1), "to": .integer(1), "length": .number((side / 8).rounded()),
            ])
        case .lognormal:
            let kernel: JSON = .object(["length": .number(max(1, (side / 20).rounded()))])
            return form([
                "median": .integer(1), "variance": .number(0.4),
                "covariance": .object(["cubic": kernel]),
            ])
        case .twoValued:
            let spectrum: JSON = .object(["tau": .integer(3), "alpha": .integer(2)])
            return form([
                "below": .integer(3), "above": .integer(12),
                "covariance": .object(["spectral": spectrum]),
            ])
        }
    }
}
