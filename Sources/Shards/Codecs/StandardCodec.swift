internal import Fields

/// x and y as compressed floats.
struct StandardCodec: ShardCodec {
    let name = "standard"
    let words = "x and y as compressed floats, which any HDF5 library reads"
    let labels: (any LabelCoding)? = StandardLabels()
    let isStandard = true
}

/// Labels as they are.
private struct StandardLabels: LabelCoding, LabelDecoder {
    let field = ShardField.y
    let usesFields = false

    func filter(_: [String: ShardAttribute], bytes: Int, level: Int, path _: String) -> ChunkFilter
    { .blosc(bytes: bytes, level: level, isShuffled: true) }

    func check(_: EncodedSample) {}

    private final class Encoder: LabelEncoder {
        private let encoder: SampleEncoder
        init(_ encoder: SampleEncoder) { self.encoder = encoder }

        func chunk(
            of y: [Float], x _: [Float], coefficients _: [[Float]], in _: EncodedSample
        ) throws(ShardsError) -> [UInt8] { try encoder.frame(of: y, as: .y) }
    }

    func encoder(for content: ShardContent, level: Int) throws(ShardsError) -> any LabelEncoder {
        Encoder(try SampleEncoder(lattice: content.physics.lattice, level: level))
    }

    func decoder(for _: () throws(ShardsError) -> ShardContent) throws(ShardsError)
        -> any LabelDecoder
    { self }

    func decode(
        _ frame: inout [UInt8], coefficients _: [[Float]], x _: Span<Float>,
        into y: inout MutableSpan<Float>, with decoder: SampleDecoder
    ) throws(ShardsError) { try decoder.decode(&frame, as: field, into: &y, isVerified: true) }
}
