import Datasets
import Fields
import Shards

/// Chunks of fields of 32 by 32 sites: a byte that says the form, then the frame. Both ways to
/// decode one agree, and what is decoded is the same after it was encoded.
struct ChunkLaw: ParserLaw {
    static let name = "chunk"

    private static let forms: [BloscFrame.Form] = [.plain, .shuffled, .planes, .differences]
    private let decoder: SampleDecoder
    private let decompressor: Zstd.Decompressor
    private let compressor: Zstd.Compressor

    init() throws {
        decoder = try SampleDecoder(lattice: try Lattice(rows: 32, columns: 32))
        decompressor = try Zstd.Decompressor()
        compressor = try Zstd.Compressor(level: 1)
    }

    func check(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { throw ShardsError(.corrupt, "no byte") }
        let form = ChunkLaw.forms[Int(first) % 4]
        let frame = Array(bytes.dropFirst())
        let size = 4 * decoder.lattice.count
        // Bytes that are known to be those that were written, as by their checksum, may be anything
        // after all: nobody checks theirs again.
        var known = frame
        var values = [Float](repeating: 0, count: decoder.lattice.count)
        let quick = Result {
            var span = values.mutableSpan
            try decoder.decode(
                &known, as: ShardField("f", form: form), into: &span, isVerified: true)
        }
        let content = try BloscFrame.decode(frame, size: size, as: form, with: decompressor)
        try quick.get()
        try require(content.count == size, "content of another size")
        try require(FieldBytes.bytes(of: values) == content, "two ways to decode a frame differ")
        let again = unsafe try BloscFrame.encode(
            content.span.bytes, as: form, with: compressor)
        try require(
            try BloscFrame.decode(again, size: size, as: form, with: decompressor) == content,
            "content is another after it was encoded")
    }

    /// Makes the sizes in the frame's head those that it has.
    func mend(_ bytes: inout [UInt8]) {
        guard let first = bytes.first else { return }
        let size = bytes.count - 1
        if first % 4 < 3, size >= 16 { HDF5Records.put(UInt64(size), 4, at: 13, &bytes) }
        guard first % 4 == 3, size > 200 else { return }
        // Head and chunk of a frame of blosc 2, and 75 bytes behind it.
        let chunk = UInt64(size - 97 - 75)
        HDF5Records.put(UInt64(size).byteSwapped, 8, at: 17, &bytes)
        HDF5Records.put(chunk.byteSwapped, 8, at: 40, &bytes)
        HDF5Records.put(chunk, 4, at: 110, &bytes)
    }
}

/// Chunks of archives, of 32 by 32 sites: a byte that says the physics, then the chunk. What is
/// decoded is the same, bit for bit, after it was encoded.
struct ArchiveLaw: ParserLaw {
    static let name = "archive"

    /// A kind of shard.
    private struct Kind {
        let coding: any LabelCoding
        let decoder: any LabelDecoder
        let encoder: any LabelEncoder
    }

    private let kinds: [Kind]
    private let fields: SampleDecoder

    init() throws {
        let lattice = try Lattice(rows: 32, columns: 32)
        fields = try SampleDecoder(lattice: lattice)
        let rows = Coefficient.layered(
            Coefficient.Layers(axis: .rows, edges: [9, 20], values: [0.5, 2, 1]))
        let columns = Coefficient.layered(
            Coefficient.Layers(axis: .columns, edges: [16], values: [1, 3]))
        let varied = try Physics(
            lattice: lattice, diffusivity: .anisotropic(down: rows, across: columns),
            decayRate: .constant(0.1), sources: .emitting)
        kinds = try [
            (try Physics(lattice: lattice), 0x1p-20), (try Physics(lattice: lattice), nil),
            (varied, 0x1p-20), (varied, nil),
        ].map { physics, step in
            guard let coding = ShardCodecs.named("archive")?.labels else {
                throw LawBroken("there are no archives")
            }
            let content = ShardContent(
                physics: physics, step: step,
                fixed: try ShardCoefficient.fixedValues(under: physics))
            return Kind(
                coding: coding, decoder: try coding.decoder { () throws(ShardsError) in content },
                encoder: try coding.encoder(for: content, level: 1))
        }
    }

    func check(_ bytes: [UInt8]) throws {
        guard let first = bytes.first else { throw ShardsError(.corrupt, "no byte") }
        let kind = kinds[Int(first) % kinds.count]
        var chunk = Array(bytes.dropFirst())
        let head = try ArchiveChunk(chunk, isVerified: true)
        let frame = head.x(of: chunk)
        let x = try fields.decode(frame, as: .x)
        let y = try label(of: &chunk, x: x, kind)
        let sample = EncodedSample(
            id: SampleID(bits: 0), sources: [], keys: head.keys, index: 0, rank: 0, errorBound: 0,
            ySHA256: FieldBytes.digest(of: y), label: kind.coding.field, x: frame, y: [])
        // Not every field is a label, such as one that is not on the grid.
        guard
            var again = try? kind.encoder.chunk(
                of: y, x: x, coefficients: [], in: sample)
        else { return }
        _ = try ArchiveChunk(again, isVerified: false)
        let same = try label(of: &again, x: x, kind)
        try require(ShardLaw.bits(same) == ShardLaw.bits(y), "a label is another when encoded")
    }

    private func label(of chunk: inout [UInt8], x: [Float], _ kind: Kind) throws -> [Float] {
        var y = [Float](repeating: 0, count: fields.lattice.count)
        var span = y.mutableSpan
        try kind.decoder.decode(
            &chunk, coefficients: [], x: x.span, into: &span, with: fields)
        return y
    }
}
