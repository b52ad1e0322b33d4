internal import Fields
internal import Learning
internal import Multigrid
internal import Sampling
internal import Shards

/// SHA-256 digests of everything that determines what a step writes, and of nothing else.
///
/// A part's fingerprint covers the ids of its samples (which cover physics and sources) and the accuracy, so a dataset
/// that grows keeps its parts, and a changed comment in a pipeline file reruns nothing.
package enum Fingerprint {
    /// Rises when the same inputs give other bytes: with it, everything is done again.
    static let dataVersion = 4

    static func of(_ members: [String: JSON]) -> Digest {
        var members = members
        members["data_version"] = .integer(dataVersion)
        return Digest(of: JSON.object(members).canonicalBytes)
    }

    static func sample(_ origin: Origin, samplesPerPart: Int) -> Digest {
        var members: [String: JSON] = [
            "step": .string("sample"), "parameters": origin.parameters, "samples_per_part": .integer(samplesPerPart),
        ]
        if case .imported(let file) = origin { members["lines"] = .string(file.digest.description) }
        return of(members)
    }

    static func solvePart(ids: Digest, physics: Physics, accuracy: Accuracy, level: Int) -> Digest {
        of([
            "step": .string("solve-part"), "ids": .string(ids.description), "physics": physics.json,
            "accuracy": accuracy.json, "compression_level": .integer(level),
        ])
    }

    static func solve(_ parts: [Digest]) -> Digest {
        of(["step": .string("solve"), "parts": .array(parts.map { .string($0.description) })])
    }

    static func split(solve: Digest, _ split: Split) -> Digest {
        of(["step": .string("split"), "solve": .string(solve.description), "split": split.json])
    }

    static func pack(split: Digest, codec: ShardCodec, level: Int, samplesPerShard: Int) -> Digest {
        of([
            "step": .string("pack"), "split": .string(split.description), "codec": .string(codec.rawValue),
            "compression_level": .integer(level), "samples_per_shard": .integer(samplesPerShard),
        ])
    }

    static func train(pack: Digest, _ training: TrainingDescription) -> Digest {
        of(["step": .string("train"), "pack": .string(pack.description), "train": training.json])
    }

    static func evaluate(parameters: JSON, pack: Digest) -> Digest {
        of(["step": .string("evaluate"), "pack": .string(pack.description), "parameters": parameters])
    }

    static func shard(
        content: Digest, codec: ShardCodec, physics: Physics, accuracy: Accuracy, level: Int
    ) -> Digest {
        of([
            "step": .string("shard"), "content": .string(content.description), "codec": .string(codec.rawValue),
            "physics": physics.json, "accuracy": accuracy.json,
            "compression_level": .integer(level),
        ])
    }
}
