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
    let columns: [String] = []
    let usesFields = false

    private final class Encoder: LabelEncoder {
        private let encoder: SampleEncoder
        init(_ encoder: SampleEncoder) { self.encoder = encoder }

        func frame(of y: [Float], x _: [Float], coefficients _: [[Float]]) throws(ShardsError) -> (
            frame: [UInt8], numbers: [Double]
        ) { (try encoder.frame(of: y, as: .y), []) }
    }

    func encoder(for content: ShardContent, level: Int) throws(ShardsError) -> any LabelEncoder {
        Encoder(try SampleEncoder(lattice: content.physics.lattice, level: level))
    }

    func decoder(for _: () throws(ShardsError) -> ShardContent) throws(ShardsError)
        -> any LabelDecoder
    { self }

    func decode(
        _ frame: inout [UInt8], beside _: LabelFields, x _: Span<Float>,
        into y: inout MutableSpan<Float>, with decoder: SampleDecoder
    ) throws(ShardsError) { try decoder.decode(&frame, as: field, into: &y, isVerified: true) }
}
