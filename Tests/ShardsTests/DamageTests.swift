import Fields
import Foundation
import Shards
import Testing

/// Files that a disk or a stranger changed: a typed error or the same values, never a crash, never other fields.
struct DamageTests {
    let folder: TemporaryFolder
    let lattice: Lattice
    let samples: [Sample]
    let bytes: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        lattice = try Lattice(rows: 32, columns: 32)
        samples = try writeShard(folder("s.h5"), lattice: lattice, count: 6, capacity: 9)
        bytes = try contents(folder("s.h5"))
    }

    /// Reads everything; fields that come back must be the ones that were written.
    private func readAll(_ path: String, _ note: Comment) throws {
        let reader = try ShardReader(path: path)
        let decoder = try SampleDecoder(lattice: reader.lattice)
        for position in 0..<reader.count {
            _ = try reader.sources(at: position)
            #expect(try reader.x(at: position, with: decoder) == samples[position].x, note)
            #expect(try reader.y(at: position, with: decoder) == samples[position].y, note)
        }
    }

    @Test func truncations() throws {
        let lengths =
            Array(stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150))) + (bytes.count - 20..<bytes.count)
        for length in lengths {
            try put(bytes[..<length], folder("t.h5"))
            #expect(throws: ShardsError.self, "\(length) of \(bytes.count) bytes") {
                try readAll(folder("t.h5"), "length \(length)")
            }
        }
    }

    @Test func flips() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        var errors = 0
        let places = Array(0..<600) + (0..<3000).map { _ in Int.random(in: 0..<bytes.count, using: &random) }
        for place in places where place < bytes.count {
            var damaged = bytes
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            try put(damaged, folder("f.h5"))
            do {
                try readAll(folder("f.h5"), "seed \(seed), byte \(place)")
            } catch is ShardsError {
                errors += 1
            }
        }
        print("flips: \(errors) errors of \(places.count), file of \(bytes.count) bytes")
        #expect(errors > places.count / 2, "seed \(seed)")
    }

    @Test func blocksOverwritten() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        for _ in 0..<300 {
            var damaged = bytes
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 1...512, using: &random))
            for place in start..<end { damaged[place] = .random(in: 0...255, using: &random) }
            try put(damaged, folder("f.h5"))
            do { try readAll(folder("f.h5"), "seed \(seed)") } catch is ShardsError {}
        }
    }

    /// Runs in a process of its own, as the limit on a file's size holds for a whole process.
    @Test(.timeLimit(.minutes(1))) func fullDisk() async {
        await #expect(processExitsWith: .success) {
            _ = signal(SIGXFSZ, SIG_IGN)
            let lattice = try Lattice(rows: 64, columns: 64)
            let noise = FieldBytes.floats(of: BloscFrameTests.noise(4 * lattice.count, seed: 1))
            let sample = try SampleEncoder(lattice: lattice).encode(
                x: noise, y: noise, id: SampleID(bits: 1), sources: [], index: 0, errorBound: 0)
            let folder = try TemporaryFolder()
            // From "not even the header" to "all but the end"; the whole file has some 335 kB.
            for limit in [0, 100, 2000, 40_000, 200_000, 329_000, 331_000] {
                var limits = rlimit()
                _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
                limits.rlim_cur = rlim_t(limit)
                _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limits)
                let found = try code {
                    let writer = try ShardWriter(
                        path: folder("s"), lattice: lattice, capacity: 10, maximumSources: 4, kind: .part)
                    for _ in 0..<10 { try writer.append(sample) }
                    try writer.finish()
                }
                #expect(found == .noSpace, "limit \(limit)")
                #expect(folder.names.isEmpty)
                #expect(
                    try code { try AtomicFile.write(sample.x + sample.x + sample.x, to: folder("a")) }
                        == (limit < 40_000 ? .noSpace : nil))
                try? FileManager.default.removeItem(atPath: folder("a"))
            }
        }
    }
}
