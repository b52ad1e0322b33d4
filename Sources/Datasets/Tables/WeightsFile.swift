internal import Documents
package import Fields
internal import Foundation
package import Learning
package import Shards

/// Models in files of weights.
package enum WeightsFile {
    /// A larger file is refused: 16 GiB, four times the paper's network with all that a checkpoint
    /// has.
    private static let maximumBytes = 16 << 30

    /// Reads the tensors of the file at `path`, which may come from a stranger.
    package static func tensors(_ path: String) throws -> Safetensors {
        let bytes = try InputFile.read(path, maximumBytes: maximumBytes)
        do {
            let header = try Safetensors.header(of: bytes)
            let json = try JSON.parse(Array(bytes[header]), source: "\(path), header")
            return try Safetensors(header: json, file: bytes, valuesAt: header.upperBound)
        } catch let error as LearningError {
            throw DatasetError(.data, "\(path) \(error.message)")
        }
    }

    /// Reads the model in the file at `path`.
    package static func model(_ path: String) throws -> ModelWeights {
        let file = try tensors(path)
        do {
            let text = try ModelWeights.description(of: file)
            return try ModelWeights(
                file, model: try JSON.parse(Array(text.utf8), source: "\(path), metadata 'model'"))
        } catch let error as LearningError {
            throw DatasetError(.data, "\(path): \(error.message)")
        }
    }

    /// Writes a model, atomically; returns the size and the digest of the file.
    package static func write(_ weights: ModelWeights, to path: String) throws -> FileDigest {
        try AtomicFile.write(weights.file.bytes, to: path)
    }
}

extension ModelWeights {
    /// SHA-256 of the values: parameters, then statistics, 4 bytes each, little-endian.
    package var digest: Digest {
        var hasher = Digest.Hasher()
        hasher.update(FieldBytes.bytes(of: parameters))
        hasher.update(FieldBytes.bytes(of: statistics))
        return hasher.finish()
    }

    /// A network with these weights, for inference.
    package func network(seed: UInt32 = 0, workers: Workers) -> Network {
        let network = Network(model, seed: seed, largestBatch: 1, workers: workers)
        network.parameters = parameters
        network.statistics = statistics
        return network
    }
}
