import Documents
import Fields
import Foundation
import Shards
import Testing

/// Files that a disk or a stranger changed: a typed error or the same values, never a crash, never
/// other fields.
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
            Array(stride(from: 0, to: bytes.count, by: max(1, bytes.count / 150)))
            + (bytes.count - 20..<bytes.count)
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
        let places =
            Array(0..<600) + (0..<3000).map { _ in Int.random(in: 0..<bytes.count, using: &random) }
        for place in places where place < bytes.count {
            var damaged = bytes
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            try put(damaged, folder("f.h5"))
            do { try readAll(folder("f.h5"), "seed \(seed), byte \(place)") } catch is ShardsError {
                errors += 1
            }
        }
        print("flips: \(errors) errors of \(places.count), file of \(bytes.count) bytes")
        #expect(errors > places.count / 2, "seed \(seed)")
    }

    /// Every byte of every chunk, changed: reading finds each, also those that zstd's decoder does
    /// not look at.
    @Test func everyChangeOfAChunkIsFound() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        let reader = try ShardReader(path: folder("s.h5"))
        let decoder = try SampleDecoder(lattice: lattice)
        let locations = try reader.locations()
        var x = [Float](repeating: 0, count: lattice.count)
        var y = x
        var changes = 0
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder("s.h5")))
        func write(_ byte: UInt8, at place: Int) throws {
            try file.seek(toOffset: UInt64(place))
            try file.write(contentsOf: [byte])
        }
        for (position, location) in locations.enumerated() {
            let (first, size) = (Int(location.offset), location.sizes.reduce(0) { $0 + Int($1) })
            for place in first..<first + size {
                let isX = place < first + Int(location.sizes[0])
                try write(bytes[place] ^ UInt8.random(in: 1...255, using: &random), at: place)
                let note: Comment = "seed \(seed), byte \(place)"
                #expect(throws: ShardsError.self, note) {
                    try reader.read(at: position, x: &x, y: &y, with: decoder)
                }
                if changes % 16 == 0 {
                    #expect(throws: ShardsError.self, note) {
                        try isX
                            ? reader.x(at: position, with: decoder)
                            : reader.y(at: position, with: decoder)
                    }
                    #expect(throws: ShardsError.self, note) {
                        try reader.frame(isX ? .x : .y, at: position)
                    }
                }
                try write(bytes[place], at: place)
                changes += 1
            }
            try reader.read(at: position, x: &x, y: &y, with: decoder)
            #expect(x == samples[position].x && y == samples[position].y)
        }
        print("changes of chunks: \(changes), all found")
        #expect(changes > 5000)
    }

    @Test func blocksOverwritten() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        var errors = 0
        for _ in 0..<300 {
            var damaged = bytes
            let start = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, start + Int.random(in: 1...512, using: &random))
            for place in start..<end { damaged[place] = .random(in: 0...255, using: &random) }
            try put(damaged, folder("f.h5"))
            do { try readAll(folder("f.h5"), "seed \(seed)") } catch is ShardsError { errors += 1 }
        }
        #expect(errors > 150, "seed \(seed)")
    }

    /// Runs in a process of its own, as the limit on a file's size holds for a whole process.
    @Test(.timeLimit(.minutes(1))) func fullDisk() async throws {
        let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent])
        {
            let wrong = try writingToAFullDisk()
            try FileHandle.standardError.write(contentsOf: Data(wrong.joined(separator: "\n").utf8))
            exit(wrong.isEmpty ? 0 : 1)
        }
        if let result, result.exitStatus != .exitCode(0) {
            Issue.record("\(String(decoding: result.standardErrorContent, as: UTF8.self))")
        }
    }
}

/// Writes shards and files with less and less room, and returns what went otherwise than it must.
private func writingToAFullDisk() throws -> [String] {
    _ = signal(SIGXFSZ, SIG_IGN)
    let lattice = try Lattice(rows: 64, columns: 64)
    let noise = FieldBytes.floats(of: BloscFrameTests.noise(4 * lattice.count, seed: 1))
    let sample = try SampleEncoder(lattice: lattice).encode(
        x: noise, y: noise, id: SampleID(bits: 1), sources: [], index: 0, errorBound: 0)
    let folder = try TemporaryFolder()
    func write() throws {
        let writer = try ShardWriter(
            path: folder("s"), lattice: lattice, capacity: 10, maximumSources: 4, kind: .part)
        for _ in 0..<10 { try writer.append(sample) }
        try writer.finish()
    }
    try write()
    let whole = try FileDigest(of: folder("s")).bytes
    try FileManager.default.removeItem(atPath: folder("s"))
    var wrong: [String] = []
    for limit in [0, 100, 1000, 2000, 40_000, 200_000, whole - 5000, whole - 100, whole - 1, whole]
    {
        limitFileSize(limit)
        let shard = try code(write)
        let file = try code { try AtomicFile.write(sample.x, to: folder("a")) }
        limitFileSize(nil)
        let names = folder.names
        if shard != (limit < whole ? .noSpace : nil) {
            wrong.append("limit \(limit) of \(whole): \(shard as Any)")
        }
        if file != (limit < sample.x.count ? .noSpace : nil) {
            wrong.append("limit \(limit), file: \(file as Any)")
        }
        if names != (limit < sample.x.count ? [] : ["a"]) + (limit < whole ? [] : ["s"]) {
            wrong.append("limit \(limit) leaves \(names)")
        }
        try? FileManager.default.removeItem(atPath: folder("a"))
    }
    return wrong
}

/// Sets the largest size of a file that this process may write; nil lifts the limit.
private func limitFileSize(_ bytes: Int?) {
    #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    #else
        let resource = RLIMIT_FSIZE
    #endif
    var limits = rlimit()
    _ = unsafe getrlimit(resource, &limits)
    limits.rlim_cur = bytes.map { rlim_t($0) } ?? limits.rlim_max
    _ = unsafe setrlimit(resource, &limits)
}
