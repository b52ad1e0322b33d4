import Fields
import Foundation
import Shards
import Testing

/// Files written in any order, against a plain array of bytes.
@Suite struct OutputFileTests {
    @Test(arguments: 1...20) func whateverTheOrder(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        var random = Seeded(seed)
        let file = try OutputFile(folder("f"))
        var meant: [UInt8] = []
        for _ in 0..<200 {
            if Int.random(in: 0..<20, using: &random) == 0 {
                let count = Int.random(in: 0...max(1, meant.count + 50), using: &random)
                file.truncate(to: count)
                meant =
                    Array(meant.prefix(count))
                    + [UInt8](repeating: 0, count: max(0, count - meant.count))
                continue
            }
            let start = Int.random(in: 0...meant.count + 100, using: &random)
            let bytes = (0..<Int.random(in: 0..<120, using: &random)).map { _ in
                UInt8.random(in: 0...9, using: &random)
            }
            file.put(bytes, at: start)
            guard !bytes.isEmpty else { continue }
            meant += [UInt8](repeating: 0, count: max(0, start + bytes.count - meant.count))
            meant.replaceSubrange(start..<start + bytes.count, with: bytes)
        }
        let digest = try file.finish()
        #expect(try contents(folder("f")) == meant, "seed \(seed)")
        #expect(digest == FileDigest(of: meant), "seed \(seed)")
    }

    @Test(arguments: [0, 999, 5000, 9999]) func whatComesBackChangedIsRefused(place: Int) throws {
        let folder = try TemporaryFolder()
        let file = try OutputFile(folder("f"))
        file.put([UInt8](repeating: 1, count: 1000), at: 0)
        // From 1000 to 6000 there is nothing: zeros.
        file.put([UInt8](repeating: 2, count: 4000), at: 6000)
        var bytes = try contents(folder("f"))
        bytes[place] ^= 1
        // In place: the file that is open stays the one.
        let handle = try #require(FileHandle(forUpdatingAtPath: folder("f")))
        try handle.write(contentsOf: Data(bytes))
        try handle.close()
        #expect(try code { _ = try file.finish() } == .io)
        // The failure stays, whatever is done.
        file.put([3], at: 0)
        #expect(try code { try file.check() } == .io)
        #expect(try code { _ = try file.finish() } == .io)
    }

    @Test(arguments: [-20, 20]) func anotherLengthIsRefused(by: Int) throws {
        let folder = try TemporaryFolder()
        let file = try OutputFile(folder("f"))
        file.put([UInt8](repeating: 1, count: 1000), at: 0)
        let handle = try #require(FileHandle(forUpdatingAtPath: folder("f")))
        try handle.truncate(atOffset: UInt64(1000 + by))
        try handle.close()
        #expect(try code { _ = try file.finish() } == .io)
    }

    @Test func aFileGivenUpIsNeverFinished() throws {
        let folder = try TemporaryFolder()
        let file = try OutputFile(folder("f"))
        file.put([1], at: 0)
        file.abandon()
        file.put([2], at: 1)
        #expect(try code { _ = try file.finish() } == .io)
    }

    /// Writers say what is in the file, as who reads it finds.
    @Test func digestsOfWriters() throws {
        let folder = try TemporaryFolder()
        let writer = try AtomicFile.Writer(folder("a"), start: [0, 0, 0])
        var all: [UInt8] = [7, 8, 9]
        for count in [0, 5, 70_000, 3, 200_000] {
            let bytes = BloscFrameTests.noise(count, seed: 3)
            try writer.append(bytes)
            all += bytes
        }
        #expect(try writer.commit(start: [7, 8, 9]) == FileDigest(of: all))
        #expect(try contents(folder("a")) == all)
        #expect(try AtomicFile.write(all, to: folder("b")) == FileDigest(of: folder("b")))
        let shard = try ShardWriter(
            path: folder(".s.tmp"), lattice: try Lattice(rows: 32, columns: 32), capacity: 1,
            maximumSources: 1, kind: .part)
        #expect(try shard.finish() == FileDigest(of: folder(".s.tmp")))
    }

    /// No certificate is below half a step of the grid, neither written nor read.
    @Test(arguments: [0, 0x1p-22, -1, .nan, .infinity]) func boundsThatCertifyNothing(bound: Double)
        throws
    {
        let folder = try TemporaryFolder()
        let lattice = try Lattice(rows: 32, columns: 32)
        let encoder = try SampleEncoder(lattice: lattice)
        let sample = Sample.make(0, on: lattice, seed: 1)
        func write(_ bound: Double, grid: Double) throws {
            let writer = try ShardWriter(
                path: folder("s"), lattice: lattice, capacity: 1, maximumSources: 4, kind: .part,
                attributes: [("grid", .double(grid))])
            try writer.append(
                try encoder.encode(
                    x: sample.x, y: sample.y, id: sample.id, sources: sample.sources, index: 0,
                    rank: nil, errorBound: bound))
            try writer.finish()
        }
        #expect(try code { try write(bound, grid: 0x1p-20) } == .corrupt)
        // A file of somebody else: the number is there once.
        let honest = 5.25e-7
        try write(honest, grid: 0x1p-20)
        #expect(try ShardReader(path: folder("s")).errorBounds == [honest])
        let bytes = Data(try contents(folder("s")))
        func eight(_ value: Double) -> Data {
            unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe Data($0) }
        }
        let place = try #require(bytes.range(of: eight(honest)))
        try put(bytes.replacingCharacters(place, eight(bound)), folder("s"))
        #expect(try code { _ = try ShardReader(path: folder("s")) } == .corrupt)
    }
}

extension Data {
    fileprivate func replacingCharacters(_ range: Range<Int>, _ other: Data) -> Data {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
