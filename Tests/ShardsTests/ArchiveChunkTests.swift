import Documents
import Fields
import Shards
import Testing

/// A chunk of an archive stands alone: it finds its own damage, and repeats what stands beside it.
struct ArchiveChunkTests {
    let folder: TemporaryFolder
    let lattice: Lattice
    let sample: Sample
    let encoded: EncodedSample
    let codec: any ShardCodec

    init() throws {
        folder = try TemporaryFolder()
        lattice = try Lattice(rows: 40, columns: 36)
        sample = Sample.make(1, on: lattice)
        codec = try #require(ShardCodecs.named("archive"))
        let content = ShardContent(
            physics: try Physics(lattice: lattice), step: 0x1p-20, fixed: [])
        let encoder = try SampleEncoder(codec: codec, content: content, level: Zstd.defaultLevel)
        encoded = try encoder.encode(
            x: sample.x, y: sample.y, id: sample.id, sources: sample.sources, index: 0, rank: 0,
            errorBound: 5e-7)
    }

    /// The checksum in the head finds every change, also where nothing beside the chunk would.
    @Test func everyChangeIsFound() throws {
        let chunk = encoded.y
        let found = try ArchiveChunk(chunk, isVerified: false)
        #expect(found.x(of: chunk) == encoded.x && found.keys == [])
        for place in chunk.indices {
            var damaged = chunk
            damaged[place] ^= 1 << UInt8(place % 8)
            #expect(
                try code { _ = try ArchiveChunk(damaged, isVerified: false) } == .corrupt,
                "byte \(place)")
            // Whoever knows the bytes is not led astray by them either.
            if let head = try? ArchiveChunk(damaged, isVerified: true) {
                #expect(head.x(of: damaged).count < damaged.count)
            }
        }
        for length in 0..<chunk.count where length < 64 || length % 97 == 0 {
            #expect(
                try code { _ = try ArchiveChunk(Array(chunk[..<length]), isVerified: false) }
                    == .corrupt)
        }
    }

    private func write(_ sample: EncodedSample) throws {
        let writer = try ShardWriter(
            path: folder("s.h5"), lattice: lattice, capacity: 1, maximumSources: 4, kind: .shard,
            codec: codec,
            attributes: [
                ("physics", .string(try Physics(lattice: lattice).json.canonicalText)),
                ("tolerance", .double(1e-6)), ("grid", .double(0x1p-20)),
            ])
        try writer.append(sample)
        try writer.finish()
    }

    /// A chunk with another x, or other keys, than stand beside it would be another label to other
    /// programs.
    @Test func repeatsWhatStandsBesideIt() throws {
        try write(encoded)
        var other = encoded
        other.x = try SampleEncoder(lattice: lattice).frame(
            of: Sample.make(2, on: lattice).x, as: .x)
        #expect(try code { try write(other) } == .corrupt)
        other = encoded
        other.keys = [7]
        #expect(try code { try write(other) } == .corrupt)
    }

    /// What other programs decode with is compared with what this one decodes with.
    @Test func clientDataAreThoseOfTheAttributes() throws {
        try write(encoded)
        _ = try ShardReader(path: folder("s.h5"))
        var bytes = try contents(folder("s.h5"))
        let text = Array(try Physics(lattice: lattice).json.canonicalText.utf8)
        let places = bytes.indices.filter {
            $0 + text.count <= bytes.count && bytes[$0] == text[0]
                && bytes[$0..<$0 + text.count].elementsEqual(text)
        }
        // Once in the attribute, once in the header of y.
        try #require(places.count == 2)
        let header = try #require(
            bytes[..<places[1]].indices.last { bytes[$0...].starts(with: "OHDR".utf8) })
        let width = 1 << Int(bytes[header + 5] & 3)
        let size = (0..<width).reduce(0) { $0 | Int(bytes[header + 6 + $1]) << (8 * $1) }
        let end = header + 6 + width + size
        try #require(places[1] < end)
        // "physics" stays JSON: another digit of the decay rate or of the lattice.
        let digit = try #require(
            (places[1]..<places[1] + text.count).first { (0x31...0x38).contains(bytes[$0]) })
        bytes[digit] += 1
        let checksum = Lookup3.hash(of: bytes[header..<end])
        for byte in 0..<4 { bytes[end + byte] = UInt8(checksum >> (8 * UInt32(byte)) & 0xFF) }
        try put(bytes, folder("forged.h5"))
        #expect(try code { _ = try ShardReader(path: folder("forged.h5")) } == .corrupt)
    }
}
