package import Documents
package import Fields
package import Learning
package import Sampling
package import Shards
package import Solving

/// SHA-256 digests of everything that determines what a step writes, and of nothing else.
///
/// A part's fingerprint covers the ids of its samples (which cover physics and sources) and the
/// accuracy, so a dataset that grows keeps its parts, and a changed comment in a pipeline file
/// reruns nothing. Every later step's covers those of the steps that it is made from, so that a
/// plan tells all of them before anything is made. Where what a step is made from has no record,
/// the id of its manifest takes the fingerprint's place.
package enum Fingerprint {
    /// Rises when the same inputs give other bytes: with it, everything is done again.
    package static let dataVersion = 5
    /// Rises in its place where that is so of random media alone.
    private static let mediaVersion = 2

    package static func of(_ members: [String: JSON]) -> Digest {
        var members = members
        members["data_version"] = .integer(dataVersion)
        return Digest(of: JSON.object(members).canonicalBytes)
    }

    package static func sample(_ origin: ConfigurationOrigin, _ cut: PartCut) -> Digest {
        // With copies of earlier samples being listed, what was sampled before is looked at anew.
        var members: [String: JSON] = [
            "step": .string("sample"), "parameters": origin.parameters,
            "cut": cut.json, "lists_copies": .bool(true),
        ]
        if case .imported(let file) = origin { members["lines"] = .string(file.digest.description) }
        return of(members)
    }

    /// `copies` are the places of samples in the part that are not solved.
    package static func solvePart(
        ids: Digest, _ place: PartCut.Place, strata: Int, without copies: [Int], physics: Physics,
        accuracy: Accuracy, level: Int
    ) -> Digest {
        var members: [String: JSON] = [
            "step": .string("solve-part"), "ids": .string(ids.description), "physics": physics.json,
            "accuracy": accuracy.json, "compression_level": .integer(level),
            "part": .string(place.part.rawValue), "rank": .integer(place.ranks.lowerBound),
            "strata": .integer(strata),
        ]
        if physics.isRandom { members["media_version"] = .integer(mediaVersion) }
        if !copies.isEmpty { members["without"] = .array(copies.map(JSON.integer)) }
        return of(members)
    }

    package static func solve(_ parts: [Digest]) -> Digest {
        of(["step": .string("solve"), "parts": .array(parts.map { .string($0.description) })])
    }

    package static func split(solve: Digest, _ split: Split) -> Digest {
        of(["step": .string("split"), "solve": .string(solve.description), "split": split.json])
    }

    package static func pack(
        split: Digest, codec: any ShardCodec, samplesPerShard: Int, about: DatasetAbout
    ) -> Digest {
        var members: [String: JSON] = [
            "step": .string("pack"), "split": .string(split.description),
            "codec": .string(codec.identity), "samples_per_shard": .integer(samplesPerShard),
        ]
        members["about"] = about.json
        return of(members)
    }

    /// `pack` is what tells the shards: the fingerprint of the step that wrote them, or the id of
    /// their manifest.
    package static func train(
        pack: Digest, _ training: TrainingDescription, keepsHalfway: Bool = false
    ) -> Digest {
        var members: [String: JSON] = [
            "step": .string("train"), "pack": .string(pack.description), "train": training.json,
        ]
        if keepsHalfway { members["halfway"] = .bool(true) }
        return of(members)
    }

    /// `data` is the stage that the samples are of, and what tells its manifest; nil where the
    /// parameters name a file of configurations.
    package static func evaluate(parameters: JSON, data: (stage: String, digest: Digest)?) -> Digest
    {
        var members = ["step": .string("evaluate"), "parameters": parameters]
        if let data { members[data.stage] = .string(data.digest.description) }
        return of(members)
    }

    /// What round `number` chooses, from a version with the fingerprint `pack`; `judge` says who
    /// scores, and `model` is the fingerprint of the model where it does.
    package static func resample(
        _ number: Int, name: String, selection: String, _ curation: Curation, judge: JSON,
        design: Design?, accuracy: Accuracy, pack: Digest, model: Digest?
    ) -> Digest {
        of([
            "step": .string("resample"), "round": .integer(number), "name": .string(name),
            "selection": .string(selection), "curation": curation.json,
            "stop": curation.stop.map(JSON.number) ?? .null, "judge": judge,
            "design": design?.json ?? .null, "accuracy": accuracy.json,
            "pack": .string(pack.description),
            "model": model.map { .string($0.description) } ?? .null,
        ])
    }

    /// A step of a round that follows from the one before it alone.
    package static func round(_ stage: Stage, after earlier: Digest) -> Digest {
        of(["step": .string("round-\(stage.rawValue)"), "earlier": .string(earlier.description)])
    }

    package static func trainer(
        _ command: String, pack: Digest, selection: String,
        candidates: (pack: Digest, selection: String)?, seed: UInt32
    ) -> Digest {
        of([
            "step": .string("trainer"), "command": .string(command),
            "pack": .string(pack.description), "selection": .string(selection),
            "seed": .integer(Int(seed)),
            "candidates": candidates.map {
                .array([.string($0.pack.description), .string($0.selection)])
            } ?? .null,
        ])
    }

    package static func shard(
        content: Digest, codec: any ShardCodec, physics: Physics, accuracy: Accuracy, level: Int
    ) -> Digest {
        var members: [String: JSON] = [
            "step": .string("shard"), "content": .string(content.description),
            "codec": .string(codec.identity), "physics": physics.json, "accuracy": accuracy.json,
            "compression_level": .integer(level),
        ]
        if physics.isRandom { members["media_version"] = .integer(mediaVersion) }
        return of(members)
    }
}
