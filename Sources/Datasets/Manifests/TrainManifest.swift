internal import Documents
package import Fields
package import Learning
package import Shards

/// What the train stage learned.
package struct TrainManifest: StageManifest {
    /// A model beside the best one.
    package struct Halfway: Hashable, Sendable {
        /// The epoch after which it was kept; 0 for what the training began with.
        package var epoch: Int
        /// Of the weights.
        package var digest: Digest

        package init(epoch: Int, digest: Digest) {
            self.epoch = epoch
            self.digest = digest
        }
    }

    package static let stage = Stage.train

    package var training: TrainingDescription
    package var inputs: [Manifest.Input]
    /// Samples that it was trained on; of an endless set, ranks of an epoch.
    package var samples: Int
    /// The training ranks that it has seen, once each, of an endless set, or that it chose among
    /// where draws were curated; nil where every epoch has the same samples.
    package var ranks: Range<Int>?
    /// Samples that judged it after every epoch.
    package var judgedSamples: Int
    /// Parameters of the model.
    package var parameterCount: Int
    package var epochs: Int
    package var steps: Int
    /// The epoch whose weights were kept, from 1.
    package var bestEpoch: Int
    /// What every epoch was judged by; nil where nothing judged, or it is not finite.
    package var judged: [Double?]
    /// Of the weights.
    package var digest: Digest
    /// The model half-way through the training, where it was kept: its epoch, and the digest of its
    /// weights.
    package var halfway: Halfway?
    package var files: [Manifest.File]

    package init(
        training: TrainingDescription, inputs: [Manifest.Input], samples: Int, judgedSamples: Int,
        parameterCount: Int, epochs: Int, steps: Int, bestEpoch: Int, judged: [Double?],
        digest: Digest, files: [Manifest.File]
    ) {
        self.training = training
        self.inputs = inputs
        self.samples = samples
        self.judgedSamples = judgedSamples
        self.parameterCount = parameterCount
        self.epochs = epochs
        self.steps = steps
        self.bestEpoch = bestEpoch
        self.judged = judged
        self.digest = digest
        self.files = files
    }

    package var count: Int { samples }

    package init(members manifest: Manifest, path: String) throws(DatasetError) {
        do { training = try TrainingDescription(json: manifest.parameters) } catch {
            throw DatasetError(
                .data, "parameters of \(path): \(error.message)", member: "parameters",
                cause: error)
        }
        inputs = manifest.inputs
        let content = try manifest.content(
            [
                "samples", "judged_samples", "parameters", "epochs", "steps", "best_epoch",
                "judged", "digest",
            ], optional: ["halfway", "ranks"], path: path)
        samples = try content.count("samples", in: 1...1 << 53)
        judgedSamples = try content.count("judged_samples")
        parameterCount = try content.count("parameters", in: 1...1 << 53)
        epochs = try content.count("epochs", in: 1...10_000)
        steps = try content.count("steps", in: 1...1 << 53)
        bestEpoch = try content.count("best_epoch", in: 1...10_000)
        judged = try content.list("judged") { (json, context) throws(DatasetError) in
            guard json == .null || json.double != nil else {
                throw DatasetError(.data, "\(context) is not a number or null", member: "judged")
            }
            return json.double
        }
        digest = try content.digest("digest")
        halfway = try content.optional("halfway").map { (json) throws(DatasetError) in
            let members = try ManifestMembers(
                json, of: "'halfway' of the content of \(path)", required: ["epoch", "digest"])
            return Halfway(
                epoch: try members.count("epoch", in: 0...10_000),
                digest: try members.digest("digest"))
        }
        ranks = try content.optional("ranks").map { (json) throws(DatasetError) in
            guard let ends = json.array, ends.count == 2, let first = ends[0].int,
                let end = ends[1].int, first >= 0, end > first
            else {
                throw DatasetError(
                    .data, "'ranks' of the content of \(path) is not a range of ranks",
                    member: "ranks")
            }
            return first..<end
        }
        files = manifest.files
        _ = try manifest.layout(path: path)
        try manifest.checkPlain(path: path)
    }

    package var manifest: Manifest {
        var content: [String: JSON] = [
            "samples": .integer(samples), "judged_samples": .integer(judgedSamples),
            "parameters": .integer(parameterCount), "epochs": .integer(epochs),
            "steps": .integer(steps), "best_epoch": .integer(bestEpoch),
            "judged": .array(judged.map { $0.map(JSON.number) ?? .null }),
            "digest": .string(digest.description),
        ]
        content["halfway"] = halfway.map {
            .object(["epoch": .integer($0.epoch), "digest": .string($0.digest.description)])
        }
        content["ranks"] = ranks.map {
            .array([.integer($0.lowerBound), .integer($0.upperBound)])
        }
        return Manifest(
            stage: Self.stage.rawValue, parameters: training.json, inputs: inputs,
            content: .object(content), files: files)
    }
}
