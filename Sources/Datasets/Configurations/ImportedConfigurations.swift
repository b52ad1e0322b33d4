package import Documents
package import Fields
package import Foundation
internal import Parallel
package import Sampling
internal import Shards
internal import Solving

/// A JSON Lines file of the user's own configurations, checked line by line when it is opened.
///
/// Only the place of each line is kept in memory. Lines keep their order: index i of a stratum is
/// the i-th line with that number of sources.
package final class ImportedConfigurations: Sendable {
    package let path: String
    package let physics: Physics
    /// Numbers of sources that occur, ascending.
    package let strata: [Int]
    /// Lines of each stratum.
    package let counts: [Int]
    /// SHA-256 of the ids in the order of the lines.
    package let digest: Digest
    private let file: FileHandle
    private let lines: [[Line]]

    /// A longer line is refused: 1024 sources take less than 100 kB.
    private static let maximumLine = 1 << 20

    private struct Line {
        let offset: UInt64
        let length: Int32
        let number: Int32
    }

    /// Opens the file and checks every line.
    ///
    /// - Throws: `DatasetError` naming the line: what is not JSON, has an unknown key, a value out
    ///   of range, a disk that does not fit, or repeats an earlier line.
    package init(path: String, physics: Physics) throws {
        guard InputFile.isFolder(path) == false, let file = FileHandle(forReadingAtPath: path)
        else {
            throw DatasetError(.noInput, "\(path): there is no such file, or it cannot be read")
        }
        self.path = path
        self.physics = physics
        self.file = file
        let schema = try Schema.named("configuration")
        var byStratum: [Int: [Line]] = [:]
        var firstLine: [SampleID: Int] = [:]
        var number = 0
        var hasher = Digest.Hasher()
        try ImportedConfigurations.forEachLine(of: file, path: path) { offset, line in
            number += 1
            try Interruption.check()
            if line.allSatisfy({ $0 == 32 || $0 == 9 || $0 == 13 }) {
                throw DatasetError(
                    .data,
                    "\(path):\(number): the line is empty; each line is one configuration")
            }
            let configuration = try ImportedConfigurations.parse(
                line, number: number, path: path, physics: physics, schema: schema)
            let id = configuration.id
            hasher.update(id.bits.littleEndianBytes)
            if let first = firstLine.updateValue(number, forKey: id) {
                throw DatasetError(
                    .data,
                    "\(path):\(number): is the same configuration as line \(first): leave one of "
                        + "them out")
            }
            byStratum[configuration.sources.count, default: []].append(
                Line(offset: offset, length: Int32(line.count), number: Int32(number)))
        }
        guard number > 0 else {
            throw DatasetError(.data, "\(path): is empty; each line is one configuration")
        }
        digest = hasher.finish()
        strata = byStratum.keys.sorted()
        lines = strata.map { byStratum[$0] ?? [] }
        counts = lines.map(\.count)
    }

    /// The number of a configuration's line in the file, from 1.
    package func lineNumber(_ address: SampleAddress) -> Int {
        Int(lines[address.stratum][address.index].number)
    }

    /// Reads one configuration again.
    package func configuration(_ address: SampleAddress) throws -> Configuration {
        let line = lines[address.stratum][address.index]
        var bytes = [UInt8](repeating: 0, count: Int(line.length))
        let descriptor = file.fileDescriptor
        let count = unsafe bytes.withUnsafeMutableBytes {
            unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(line.offset))
        }
        guard count == bytes.count else {
            throw DatasetError(
                .data, "\(path): changed while it was read: leave it alone and run again")
        }
        return try ImportedConfigurations.parse(
            bytes[...], number: Int(line.number), path: path, physics: physics, schema: nil)
    }

    /// Parses one line; `schema` nil where it has been checked before.
    package static func parse(
        _ line: ArraySlice<UInt8>, number: Int, path: String, physics: Physics, schema: Schema?
    ) throws -> Configuration {
        let json = try JSON.parse(line: line, number: number, source: path)
        if let schema {
            let violations = schema.violations(in: json)
            if let first = violations.first {
                let place = first.path.isEmpty ? "" : "\(first.path.dropFirst()): "
                throw DatasetError(.data, "\(path):\(number): \(place)\(first.message)")
            }
        }
        do throws(ConfigurationError) {
            let sources = try (json["sources"]?.array ?? []).map {
                (source) throws(ConfigurationError) in try Source(json: source)
            }
            let keys = json["keys"]?.array ?? []
            let words = keys.compactMap { $0.int.flatMap(UInt32.init(exactly:)) }
            guard words.count == keys.count else {
                throw ConfigurationError(.keys, "'keys' are not integers from 0 to 4294967295")
            }
            return try Configuration(physics: try physics.realised(keys: words), sources: sources)
        } catch { throw DatasetError(.data, "\(path):\(number): \(error.message)") }
    }

    /// Calls `body` with the offset and the bytes of every line, without its line feed.
    package static func forEachLine(
        of file: FileHandle, path: String, _ body: (UInt64, ArraySlice<UInt8>) throws -> Void
    ) throws {
        var pending: [UInt8] = []
        var offset: UInt64 = 0
        while let data = try file.read(upToCount: 1 << 20), !data.isEmpty {
            pending += data
            var start = 0
            // Windows' tools begin a text with a byte order mark, which is no part of the first
            // line.
            if offset == 0, pending.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
            while let feed = pending[start...].firstIndex(of: 10) {
                try body(offset + UInt64(start), pending[start..<feed])
                start = feed + 1
            }
            pending.removeFirst(start)
            offset += UInt64(start)
            guard pending.count <= maximumLine else {
                throw DatasetError(.data, "\(path): a line has more than \(maximumLine) bytes")
            }
        }
        if !pending.isEmpty { try body(offset, pending[...]) }
    }
}
