package import Documents
package import Fields
package import Learning
package import Shards
package import Solving

/// What the evaluate stage found.
package struct EvaluateManifest: StageManifest {
    /// Where labels come from.
    package enum Labels: String, Hashable, Sendable, CaseIterable {
        /// The shards hold them.
        case stored
        /// They are computed while models predict, and forgotten.
        case solved
        /// There are none: errors are estimated and bounded.
        case none
    }

    /// What was evaluated, and how.
    package struct Parameters: Hashable, Sendable {
        /// The samples of a pack stage, an expression of selections.
        package var selection: String?
        /// A file of configurations, by its digest.
        package var configurations: Digest?
        package var labels = Labels.stored
        /// How exact solved labels are; nil where none are solved.
        package var solver: Accuracy?
        /// Models, by the digests of their weights.
        package var models: [Digest] = []
        package var dropoutSamples = 0
        /// Whether the model was compared with itself half-way through its training.
        package var comparesHalfway = false
        /// A file of predictions, by the digest of its values.
        package var predictions: Digest?
        package var writesFeatures = false
        /// What bounds for new samples hold with; nil where there are none.
        package var coverage: Coverage?

        package init(selection: String? = nil, configurations: Digest? = nil) {
            (self.selection, self.configurations) = (selection, configurations)
        }
    }

    /// The mean error.
    package enum Result: Hashable, Sendable {
        /// Compared with labels.
        case measured(mae: Double)
        /// Without labels: an estimate, and a bound that no error exceeds; infinite where they are
        /// not known.
        case estimated(mae: Double, largestBound: Double)
    }

    /// A file of features.
    package struct Features: Hashable, Sendable {
        package var width: Int
        package var digest: Digest

        package init(width: Int, digest: Digest) { (self.width, self.digest) = (width, digest) }
    }

    package static let stage = Stage.evaluate

    package var parameters: Parameters
    package var inputs: [Manifest.Input]
    package var samples: Int
    package var result: Result
    /// Of the table of errors.
    package var digest: Digest
    /// Configurations whose label could not be certified.
    package var leftOut: Int
    package var features: Features?
    package var files: [Manifest.File]

    package init(
        parameters: Parameters, inputs: [Manifest.Input], samples: Int, result: Result,
        digest: Digest, leftOut: Int, features: Features?, files: [Manifest.File]
    ) {
        self.parameters = parameters
        self.inputs = inputs
        self.samples = samples
        self.result = result
        self.digest = digest
        self.leftOut = leftOut
        self.features = features
        self.files = files
    }

    package var count: Int { samples }

    package init(members manifest: Manifest, path: String) throws(DatasetError) {
        parameters = try Parameters(manifest, path: path)
        inputs = manifest.inputs
        let content = try manifest.content(
            ["samples", "digest"],
            optional: ["mae", "estimate_mae", "largest_bound", "left_out", "features"], path: path)
        samples = try content.count("samples", in: 1...1 << 53)
        digest = try content.digest("digest")
        if content.has("mae") {
            result = .measured(mae: try content.size("mae"))
        } else {
            result = .estimated(
                mae: try content.optionalSize("estimate_mae") ?? .infinity,
                largestBound: try content.optionalSize("largest_bound") ?? .infinity)
        }
        leftOut = content.has("left_out") ? try content.count("left_out", in: 1...1 << 53) : 0
        features = try content.optional("features").map { (json) throws(DatasetError) in
            let members = try ManifestMembers(
                json, of: "'features' of the content of \(path)", required: ["width", "digest"])
            return Features(
                width: try members.count("width", in: 1...1 << 53),
                digest: try members.digest("digest"))
        }
        files = manifest.files
        _ = try manifest.layout(path: path)
        try manifest.checkPlain(path: path)
    }

    package var manifest: Manifest {
        var content: [String: JSON] = [
            "samples": .integer(samples), "digest": .string(digest.description),
        ]
        func finite(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
        switch result {
        case .measured(let mae): content["mae"] = .number(mae)
        case .estimated(let mae, let bound):
            content["estimate_mae"] = finite(mae)
            content["largest_bound"] = finite(bound)
        }
        if leftOut > 0 { content["left_out"] = .integer(leftOut) }
        content["features"] = features.map {
            .object(["width": .integer($0.width), "digest": .string($0.digest.description)])
        }
        return Manifest(
            stage: Self.stage.rawValue, parameters: parameters.json, inputs: inputs,
            content: .object(content), files: files)
    }
}

extension EvaluateManifest.Parameters {
    init(_ manifest: Manifest, path: String) throws(DatasetError) {
        let own = try manifest.parameters(
            ["models", "dropout_samples", "predictions"],
            optional: [
                "selection", "configurations", "labels", "solver", "features", "halfway",
                "coverage",
            ],
            path: path)
        selection = own.has("selection") ? try own.string("selection") : nil
        configurations = own.has("configurations") ? try own.digest("configurations") : nil
        labels = own.has("labels") ? try own.choice("labels") : .stored
        solver = try own.optional("solver").map { (json) throws(DatasetError) in
            try Accuracy(json, "'solver' of the parameters of \(path)")
        }
        models = try own.list("models") { (json, context) throws(DatasetError) in
            guard let digest = json.string.flatMap(Digest.init(hex:)) else {
                throw DatasetError(.data, "\(context) is not a SHA-256", member: "models")
            }
            return digest
        }
        dropoutSamples = try own.count("dropout_samples", in: 0...10_000)
        comparesHalfway = own.has("halfway") ? try own.get("halfway", "'true'") { $0.bool } : false
        predictions =
            try own.json("predictions") == .null ? nil : try own.digest("predictions")
        writesFeatures =
            own.has("features") ? try own.get("features", "'true'") { $0.bool } : false
        coverage =
            own.has("coverage")
            ? try own.get("coverage", "between 0 and 1") { $0.double.flatMap(Coverage.init) } : nil
    }

    package var json: JSON {
        var members: [String: JSON] = [
            "models": .array(models.map { .string($0.description) }),
            "dropout_samples": .integer(dropoutSamples),
            "predictions": predictions.map { .string($0.description) } ?? .null,
        ]
        members["selection"] = selection.map(JSON.string)
        members["configurations"] = configurations.map { .string($0.description) }
        if labels != .stored { members["labels"] = .string(labels.rawValue) }
        members["solver"] = solver?.json
        if comparesHalfway { members["halfway"] = .bool(true) }
        if writesFeatures { members["features"] = .bool(true) }
        members["coverage"] = coverage.map { .number($0.chance) }
        return .object(members)
    }
}
