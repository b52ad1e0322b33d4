import Datasets
import Foundation
import Pipeline

/// What must hold of a parser of data from outside, whatever bytes it is given: it refuses them
/// with an error about the data, or what it reads is itself again after it was written.
///
/// A trap, memory without a bound and work without an end break every law. The tests hold each law
/// to the files of its corpus in `scripts/fuzzing/corpus`; `scripts/fuzz` to millions of changed
/// ones.
protocol ParserLaw {
    /// The name of the parser, and of the folder of its corpus.
    static var name: String { get }

    init() throws

    /// Reads `bytes`, and everything that a program would read of them then.
    ///
    /// - Throws: `LawBroken` where the law does not hold; the parser's own error where it refuses.
    mutating func check(_ bytes: [UInt8]) throws

    /// Makes checksums in `bytes` right, without which no change would come past the first check.
    func mend(_ bytes: inout [UInt8])
}

/// That a law does not hold, and what of it.
struct LawBroken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension ParserLaw {
    func mend(_: inout [UInt8]) {}

    /// Whether `bytes` are accepted.
    ///
    /// - Throws: `LawBroken` where the law does not hold.
    mutating func accepts(_ bytes: [UInt8]) throws -> Bool {
        do {
            try check(bytes)
            return true
        } catch let broken as LawBroken {
            throw broken
        } catch {
            // Data may be wrong, this program and the disk not.
            let failure = PipelineError(error)
            guard failure.kind == .data || failure.kind == .usage, !failure.message.isEmpty else {
                throw LawBroken("refused as '\(failure.kind)': \(failure.message)")
            }
            return false
        }
    }
}

/// Throws where `holds` is false.
func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw LawBroken(what()) }
}

/// The laws of all parsers; a new parser of data from outside gets a law here.
enum ParserLaws {
    static var all: [any ParserLaw.Type] {
        [
            JSONLaw.self, RecordsLaw.self, YAMLLaw.self, PipelineLaw.self, ConfigurationsLaw.self,
            ManifestLaw.self, ShardLaw.self, ChunkLaw.self, ArchiveLaw.self, WeightsLaw.self,
            ScoresLaw.self, ChoicesLaw.self, FeaturesLaw.self, CurationLogLaw.self,
            SelectionLaw.self,
            PathsLaw.self, TextLaw.self,
        ]
    }

    /// The law of the parser called `name`.
    static func named(_ name: String) -> (any ParserLaw.Type)? { all.first { $0.name == name } }
}

/// A file for parsers that read one by its path; removed with its owner.
final class ParserFile {
    let path: String

    init(_ name: String) throws {
        let folder = NSTemporaryDirectory() + "steadyset-parsers-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = "\(folder)/\(name)"
    }

    deinit {
        try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
    }

    /// Puts `bytes` into it.
    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
}
