internal import Fields

/// Labels as they are, each in a frame of its own.
struct FrameLabels: LabelCoding, LabelDecoder {
    let field: ShardField
    /// Returns the filter of chunks of as many bytes, at a level.
    let filter: @Sendable (_ bytes: Int, _ level: Int) -> ChunkFilter
    let usesFields = false

    func filter(_: [String: ShardAttribute], bytes: Int, level: Int, path _: String) -> ChunkFilter
    { filter(bytes, level) }

    func check(_: EncodedSample) {}

    private final class Encoder: LabelEncoder {
        private let encoder: SampleEncoder
        private let field: ShardField
        init(_ encoder: SampleEncoder, _ field: ShardField) {
            (self.encoder, self.field) = (encoder, field)
        }

        func chunk(
            of y: [Float], x _: [Float], coefficients _: [[Float]], in _: EncodedSample
        ) throws(ShardsError) -> [UInt8] { try encoder.frame(of: y, as: field) }
    }

    func encoder(for content: ShardContent, level: Int) throws(ShardsError) -> any LabelEncoder {
        Encoder(try SampleEncoder(lattice: content.physics.lattice, level: level), field)
    }

    func decoder(for _: () throws(ShardsError) -> ShardContent) throws(ShardsError)
        -> any LabelDecoder
    { self }

    func decode(
        _ frame: inout [UInt8], coefficients _: [[Float]], x _: Span<Float>,
        into y: inout MutableSpan<Float>, with decoder: SampleDecoder
    ) throws(ShardsError) { try decoder.decode(&frame, as: field, into: &y, isVerified: true) }
}
