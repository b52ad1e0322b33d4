import Documents
import Fields
import Foundation
import Shards
import Synchronization
import Testing

struct ShardTests {
    @Test(arguments: ShardKind.allCases, [(5, 5), (3, 8), (1, 1), (0, 4), (0, 1), (1, 2)])
    func roundTrip(_ kind: ShardKind, _ size: (count: Int, capacity: Int)) throws {
        let folder = try TemporaryFolder()
        let lattice = try Lattice(rows: 32, columns: 48)
        let samples = try writeShard(
            folder("s.h5"), lattice: lattice, count: size.count, capacity: size.capacity, kind: kind
        )
        let reader = try ShardReader(path: folder("s.h5"))
        #expect(reader.kind == kind)
        #expect(reader.lattice == lattice)
        #expect(reader.count == size.count)
        #expect(reader.maximumSources == 4)
        #expect(
            reader.attributes == [
                "format": .string("steadyset-shard"), "version": .integer(3),
                "physics": .string("{\"γ\":1}"), "tolerance": .double(1e-6),
                "grid": .double(0x1p-20),
            ])
        #expect(reader.ids == samples.map(\.id))
        #expect(reader.indices == samples.map(\.index))
        #expect(reader.sourceCounts == samples.map(\.sources.count))
        #expect(reader.errorBounds == samples.map { _ in 5e-7 })
        #expect(reader.ranks == (kind == .shard ? samples.indices.map { UInt64($0) * 3 } : nil))
        let decoder = try SampleDecoder(lattice: lattice)
        for (position, sample) in samples.enumerated() {
            #expect(try reader.sources(at: position) == sample.sources)
            #expect(try reader.x(at: position, with: decoder) == sample.x)
            #expect(try reader.y(at: position, with: decoder, checkingDigest: true) == sample.y)
            #expect(reader.ySHA256s[position] == FieldBytes.digest(of: sample.y))
        }
    }

    @Test func equalContentMakesEqualFiles() throws {
        let folder = try TemporaryFolder()
        let lattice = try Lattice(rows: 64, columns: 32)
        for (count, capacity) in [(12, 12), (7, 12), (1, 1)] {
            try writeShard(folder("a.h5"), lattice: lattice, count: count, capacity: capacity)
            // Another second, should a time creep in.
            if count == 12 { Thread.sleep(forTimeInterval: 1.1) }
            try writeShard(folder("b.h5"), lattice: lattice, count: count, capacity: capacity)
            #expect(try contents(folder("a.h5")) == contents(folder("b.h5")))
        }
    }

    @Test func framesCarryOver() throws {
        let folder = try TemporaryFolder()
        let lattice = try Lattice(rows: 32, columns: 32)
        try writeShard(folder("part.h5"), lattice: lattice, count: 6, kind: .part)
        let part = try ShardReader(path: folder("part.h5"))
        let writer = try ShardWriter(
            path: folder("shard.h5"), lattice: lattice, capacity: 6, maximumSources: 4, kind: .shard
        )
        for position in [4, 0, 2] {
            var sample = try part.sample(at: position)
            sample.rank = UInt64(position)
            try writer.append(sample)
        }
        try writer.finish()
        let shard = try ShardReader(path: folder("shard.h5"))
        #expect(shard.ids == [4, 0, 2].map { part.ids[$0] })
        #expect(shard.ranks == [4, 0, 2])
        #expect(try shard.frame(.y, at: 0) == part.frame(.y, at: 4))
    }

    @Test func unfinishedAndFailedWritersLeaveNothing() throws {
        let folder = try TemporaryFolder()
        let lattice = try Lattice(rows: 32, columns: 32)
        let sample = Sample.make(0, on: lattice)
        var encoded = try SampleEncoder(lattice: lattice).encode(
            x: sample.x, y: sample.y, id: sample.id, sources: sample.sources, index: 0,
            errorBound: 0)
        do {
            let writer = try ShardWriter(
                path: folder("a"), lattice: lattice, capacity: 2, maximumSources: 4, kind: .part)
            try writer.append(encoded)
            #expect(folder.names == ["a"])
        }
        #expect(folder.names.isEmpty)
        let writer = try ShardWriter(
            path: folder("b"), lattice: lattice, capacity: 2, maximumSources: 4, kind: .part)
        encoded.y[2] ^= 1
        #expect(try code { try writer.append(encoded) } == .corrupt)
        #expect(folder.names.isEmpty)
        #expect(
            try code {
                _ = try ShardWriter(
                    path: folder("none/c"), lattice: lattice, capacity: 2, maximumSources: 4,
                    kind: .part)
            } == .notFound)
    }

    @Test func manyThreadsReadAndWrite() async throws {
        let folder = try TemporaryFolder()
        let lattice = try Lattice(rows: 32, columns: 32)
        let samples = try writeShard(folder("s.h5"), lattice: lattice, count: 8)
        let reader = try ShardReader(path: folder("s.h5"))
        let path = folder.path
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let decoder = try SampleDecoder(lattice: lattice)
                    for turn in 0..<40 {
                        let position = (task + turn) % 8
                        #expect(try reader.y(at: position, with: decoder) == samples[position].y)
                    }
                    try writeShard(
                        "\(path)/t\(task).h5", lattice: lattice, count: 4, seed: UInt64(task))
                    #expect(try ShardReader(path: "\(path)/t\(task).h5").count == 4)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func otherFilesAreRefused() throws {
        let folder = try TemporaryFolder()
        try put([], folder("empty"))
        try put(BloscFrameTests.noise(10_000, seed: 3), folder("noise"))
        #expect(try code { _ = try ShardReader(path: folder("empty")) } == .corrupt)
        #expect(try code { _ = try ShardReader(path: folder("noise")) } == .corrupt)
        #expect(try code { _ = try ShardReader(path: folder("none")) } == .notFound)
        #expect(try code { _ = try ShardReader(path: folder.path) } == .unreadable)
        try writeShard(folder("s.h5"), lattice: try Lattice(rows: 32, columns: 32), count: 1)
        try FileManager.default.createSymbolicLink(
            atPath: folder("l.h5"), withDestinationPath: "s.h5")
        #expect(try ShardReader(path: folder("l.h5")).count == 1)
        #expect(
            try code { _ = try ShardReader(path: folder("l.h5"), followingLinks: false) }
                == .unsafePath)
    }
}
