import Documents
import Fields
import Foundation
import Shards
import Testing

/// What every codec of the table must do: give back the same labels, find damage on reading, and
/// make equal bytes of equal samples.
struct CodecTests {
    /// The names of all codecs, and of those that store fields.
    static let names = ShardCodecs.all.map(\.name)
    static let holding = ShardCodecs.all.filter { $0.labels != nil }.map(\.name)

    let folder: TemporaryFolder
    let lattice: Lattice
    let samples: [Sample]

    init() throws {
        folder = try TemporaryFolder()
        lattice = try Lattice(rows: 40, columns: 36)
        samples = (0..<4).map { [lattice] in Sample.make($0, on: lattice) }
    }

    /// Writes the samples with a codec.
    private func write(
        _ codec: any ShardCodec, _ name: String, samples: [Sample]? = nil, on other: Lattice? = nil,
        step: Double? = 0x1p-20
    ) throws -> [EncodedSample] {
        let (samples, lattice) = (samples ?? self.samples, other ?? self.lattice)
        let physics = try Physics(lattice: lattice)
        let writer = try ShardWriter(
            path: folder(name), lattice: lattice, capacity: 4, maximumSources: 4, kind: .shard,
            codec: codec,
            attributes: [
                ("physics", .string(physics.json.canonicalText)), ("tolerance", .double(1e-6)),
                ("grid", .double(step ?? 0)),
            ])
        let encoder = try SampleEncoder(lattice: lattice)
        let transcoder = try SampleTranscoder(
            to: codec, content: ShardContent(physics: physics, step: step, fixed: []), level: 3)
        let encoded = try samples.enumerated().map { position, sample in
            let standard = try encoder.encode(
                x: sample.x, y: sample.y, id: sample.id, sources: sample.sources,
                index: sample.index, rank: UInt64(position), errorBound: 5e-7)
            return try transcoder.transcoded(standard)
        }
        for sample in encoded { try writer.append(sample) }
        try writer.finish()
        return encoded
    }

    private func codec(_ name: String) throws -> any ShardCodec {
        try #require(ShardCodecs.named(name))
    }

    /// Names do not collide, and each codec says what it is.
    @Test func table() throws {
        #expect(Set(CodecTests.names).count == ShardCodecs.all.count)
        #expect(ShardCodecs.standard.isStandard && ShardCodecs.named("zip") == nil)
        for codec in ShardCodecs.all {
            #expect(!codec.words.isEmpty && codec.isStandard == (codec.name == "standard"))
            #expect(Set(codec.fields.map(\.name)).isDisjoint(with: ["id", "index"]))
            #expect(codec.identity == (codec.name == "archive" ? "archive 4" : codec.name))
        }
    }

    /// Lattices of odd sides, with a grid and without.
    @Test(arguments: holding, [0x1p-20, 0]) func oddLattices(name: String, step: Double) throws {
        let lattice = try Lattice(rows: 37, columns: 33)
        let step = step == 0 ? nil : step
        var samples = (0..<3).map { Sample.make($0, on: lattice) }
        if step == nil { for k in 0..<3 { samples[k].y = samples[k].y.map { $0 * 1.1 } } }
        _ = try write(try codec(name), "o.h5", samples: samples, on: lattice, step: step)
        let reader = try ShardReader(path: folder("o.h5"))
        let decoder = try SampleDecoder(lattice: lattice)
        var (x, y) = ([Float](repeating: 1, count: lattice.count), [Float]())
        y = x
        for (position, sample) in samples.enumerated() {
            try reader.read(at: position, x: &x, y: &y, with: decoder)
            #expect(x == sample.x && y.map(\.bitPattern) == sample.y.map(\.bitPattern))
            #expect(try reader.y(at: position, with: decoder, checkingDigest: true) == y)
        }
    }

    @Test(arguments: names) func roundTrip(name: String) throws {
        let codec = try codec(name)
        let encoded = try write(codec, "s.h5")
        let reader = try ShardReader(path: folder("s.h5"))
        #expect(reader.codec.name == name && reader.count == 4 && reader.lattice == lattice)
        let decoder = try SampleDecoder(lattice: lattice)
        for (position, sample) in samples.enumerated() {
            #expect(try reader.sample(at: position) == encoded[position])
            guard codec.labels != nil else {
                #expect(try code { _ = try reader.y(at: position, with: decoder) } == .format)
                continue
            }
            #expect(try reader.x(at: position, with: decoder) == sample.x)
            #expect(try reader.y(at: position, with: decoder, checkingDigest: true) == sample.y)
        }
        #expect(try reader.locations().count == (codec.labels == nil ? 0 : 4))
        #expect(try write(codec, "t.h5") == encoded)
        #expect(
            try contents(folder("s.h5")) == contents(folder("t.h5")),
            "equal samples make equal bytes")
    }

    /// Samples of any codec become those of any other, the very bytes that fields are encoded to.
    @Test(arguments: names, names) func transcoding(from: String, to: String) throws {
        let content = ShardContent(
            physics: try Physics(lattice: lattice), step: 0x1p-20, fixed: [])
        func encoded(_ name: String) throws -> [EncodedSample] {
            let encoder = try SampleEncoder(
                codec: try codec(name), content: content, level: Zstd.defaultLevel)
            return try samples.enumerated().map { number, sample in
                try encoder.encode(
                    x: sample.x, y: sample.y, id: SampleID(bits: UInt64(number)), sources: [],
                    index: UInt64(number), errorBound: 5e-7)
            }
        }
        let (given, wanted) = (try encoded(from), try encoded(to))
        let transcoder = try SampleTranscoder(
            to: try codec(to), content: content, level: Zstd.defaultLevel)
        let isPossible = try codec(from).labels != nil || codec(to).labels == nil
        for (sample, expected) in zip(given, wanted) {
            guard isPossible else {
                #expect(try code { _ = try transcoder.transcoded(sample) } == .format)
                continue
            }
            #expect(try transcoder.transcoded(sample) == expected)
        }
        guard isPossible, from != to, try codec(to).labels != nil else { return }
        var other = given[0]
        other.ySHA256 = given[1].ySHA256
        #expect(try code { _ = try transcoder.transcoded(other) } == .digestMismatch)
    }

    /// A change of any one byte of a chunk is found when the sample is read, but for the few bits
    /// of a zstd frame that no decoder looks at, such as those that fill the last byte of a table.
    @Test(arguments: holding) func changesInChunks(name: String) throws {
        _ = try write(try codec(name), "s.h5")
        let bytes = try contents(folder("s.h5"))
        let locations = try ShardReader(path: folder("s.h5")).locations()
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        var withoutEffect = 0
        for _ in 0..<2500 {
            let position = Int.random(in: 0..<4, using: &random)
            let location = locations[position]
            let length = location.sizes.reduce(0) { $0 + Int($1) }
            let place = Int(location.offset) + Int.random(in: 0..<length, using: &random)
            var damaged = bytes
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            try put(damaged, folder("d.h5"))
            do {
                let reader = try ShardReader(path: folder("d.h5"))
                let decoder = try SampleDecoder(lattice: lattice)
                let (x, y) = (
                    try reader.x(at: position, with: decoder),
                    try reader.y(at: position, with: decoder)
                )
                #expect(
                    x == samples[position].x && y == samples[position].y,
                    "seed \(seed), byte \(place)")
                withoutEffect += 1
            } catch {}
        }
        #expect(withoutEffect < 10, "seed \(seed)")
    }

    /// A change of any one byte of the file never crashes a reader, nor gives other fields.
    @Test(arguments: names) func changesAnywhere(name: String) throws {
        let codec = try codec(name)
        _ = try write(codec, "s.h5")
        let bytes = try contents(folder("s.h5"))
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        var errors = 0
        for _ in 0..<1500 {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            var damaged = bytes
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            try put(damaged, folder("d.h5"))
            do {
                let reader = try ShardReader(path: folder("d.h5"))
                let decoder = try SampleDecoder(lattice: reader.lattice)
                for position in 0..<reader.count {
                    _ = try reader.sources(at: position)
                    guard codec.labels != nil else { continue }
                    #expect(
                        try reader.x(at: position, with: decoder) == samples[position].x,
                        "seed \(seed)")
                    let y = try reader.y(at: position, with: decoder, checkingDigest: true)
                    #expect(y == samples[position].y, "seed \(seed), byte \(place)")
                }
            } catch { errors += 1 }
        }
        #expect(errors > 100, "seed \(seed)")
    }

    /// What a frame claims to hold is refused by its claim, before memory is taken for it.
    @Test func bombs() throws {
        let sample = samples[0]
        let frame = try SampleEncoder(lattice: lattice).frame(of: sample.y, as: .y)
        let decoder = try SampleDecoder(lattice: lattice)
        for claim in [UInt32(1) << 31, 0x7FFF_FFFC, 0, UInt32(4 * lattice.count + 4)] {
            var bomb = frame
            for byte in 0..<4 {
                bomb[4 + byte] = UInt8(truncatingIfNeeded: claim >> (8 * UInt32(byte)))
            }
            bomb.replaceSubrange(8..<12, with: bomb[4..<8])
            #expect(try code { _ = try decoder.decode(bomb, as: .y) } == .corrupt)
            #expect(try code { _ = try decoder.decode(bomb, as: .residual) } == .corrupt)
        }
        // The same inside: a short zstd frame that holds 16 MiB of zeros.
        let content = [UInt8](repeating: 0, count: 1 << 24)
        let zeros = unsafe try Zstd.Compressor(level: 1).compress(content.span.bytes)
        let plain = try SampleEncoder(lattice: lattice).frame(of: sample.x, as: .x)
        var bomb = Array(plain[..<BloscFrame.headerSize]) + zeros
        for (offset, number) in [(12, bomb.count), (20, zeros.count)] {
            for byte in 0..<4 {
                bomb[offset + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte))
            }
        }
        #expect(try code { _ = try decoder.decode(bomb, as: .x) } == .corrupt)
    }
}
