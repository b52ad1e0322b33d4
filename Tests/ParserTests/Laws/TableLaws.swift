import Datasets
import Documents
import Fields
import Foundation
import Learning
import Shards

/// Tables of scores by anybody: numbers are those that C reads, and the table is the same when
/// written.
struct ScoresLaw: ParserLaw {
    static let name = "scores"

    func check(_ bytes: [UInt8]) throws {
        let table = try ScoreTable(bytes, path: "f", column: "mae")
        var text = "id,mae\n"
        for id in table.ids {
            guard let score = table[id] else { throw LawBroken("a sample without a score") }
            try require(score.isFinite && score >= 0, "a score of \(score)")
            text += "\(id),\(JSON.number(score).canonicalText)\n"
        }
        let again = try ScoreTable(Array(text.utf8), path: "again", column: "mae")
        try require(
            again.ids == table.ids && again.sorted.scores == table.sorted.scores,
            "a table is another after it was written")
        // A score of a region may be missing where there is a mean.
        _ = try ScoreTable(bytes, path: "f", column: "r4")
    }
}

/// Choices of a version: read digit for digit as they are written.
struct ChoicesLaw: ParserLaw {
    static let name = "choices"

    func check(_ bytes: [UInt8]) throws {
        let table = try ChoiceTable(bytes, path: "f")
        try require(table.bytes == bytes, "a table is another after it was written")
    }
}

/// Features in a NumPy file.
struct FeaturesLaw: ParserLaw {
    static let name = "features"

    private let file: ParserFile

    init() throws { file = try ParserFile("features.npy") }

    func check(_ bytes: [UInt8]) throws {
        try file.write(bytes)
        guard let rows = try NumPyRows(path: file.path) else {
            throw DatasetError(.data, "is not a NumPy file of float32")
        }
        try require(4 * rows.count * rows.width <= bytes.count, "more rows than bytes")
        let (digest, notFinite) = try rows.check()
        try require(digest.bytes == bytes.count, "another size")
        try require(digest.sha256 == Digest(of: bytes), "another digest")
        if let notFinite { try require(!notFinite.value.isFinite, "a finite number is none") }
    }
}

/// Weights of a model: the same file again, and the same model where there is one in it.
struct WeightsLaw: ParserLaw {
    static let name = "weights"

    func check(_ bytes: [UInt8]) throws {
        let file = try WeightsLaw.read(bytes)
        let again = try WeightsLaw.read(file.bytes)
        try require(
            again.metadata == file.metadata && again.bytes == file.bytes
                && again.tensors.map(\.name).sorted() == file.tensors.map(\.name).sorted(),
            "a file is another after it was written")
        let text = try ModelWeights.description(of: file)
        let weights = try ModelWeights(
            file, model: try JSON.parse(Array(text.utf8), source: "model"))
        let written = try WeightsLaw.read(weights.file.bytes)
        let same = try ModelWeights(written, model: weights.modelJSON)
        try require(
            same.parameters == weights.parameters && same.statistics == weights.statistics
                && same.epoch == weights.epoch && same.modelJSON == weights.modelJSON,
            "a model is another after it was written")
    }

    private static func read(_ bytes: [UInt8]) throws -> Safetensors {
        let header = try Safetensors.header(of: bytes)
        let json = try JSON.parse(Array(bytes[header]), source: "header")
        return try Safetensors(header: json, file: bytes, valuesAt: header.upperBound)
    }
}
