internal import Fields

/// y as the differences between it and what the equation predicts from the rows above; see
/// `LabelPredictor`. A chunk stands alone (`ArchiveChunk`).
struct ArchiveCodec: ShardCodec {
    let name = "archive"
    let words = "labels as what the equation does not predict, less than half as large"
    let version = 4
    let labels: (any LabelCoding)? = ResidualLabels()
}

extension ShardField {
    /// Residuals of y, 32-bit integers, within the chunk of an archive.
    public static let residual = ShardField("y", form: .shuffled, isArchived: true)
}

private struct ResidualLabels: LabelCoding {
    let field = ShardField.residual
    let usesFields = true

    func filter(_ attributes: [String: ShardAttribute], bytes _: Int, level _: Int, path: String)
        throws(ShardsError) -> ChunkFilter
    { try .archive(attributes, path: path) }

    func check(_ sample: EncodedSample) throws(ShardsError) {
        let chunk = try ArchiveChunk(sample.y, isVerified: true)
        guard chunk.keys == sample.keys, chunk.x(of: sample.y) == sample.x else {
            throw ShardsError(
                .corrupt, "the chunk of y repeats another x, or other keys, than stand beside it")
        }
    }

    func encoder(for content: ShardContent, level _: Int) throws(ShardsError) -> any LabelEncoder {
        try ResidualEncoder(content)
    }

    func decoder(for content: () throws(ShardsError) -> ShardContent) throws(ShardsError)
        -> any LabelDecoder
    { ResidualDecoder(try content()) }
}

extension LabelPrediction {
    fileprivate init(_ content: ShardContent) {
        self.init(physics: content.physics, step: content.step)
    }
}

extension LabelPrediction.Coefficients {
    /// The coefficients of one sample: those that all have in common, and `drawn`, its own.
    fileprivate init(
        _ content: ShardContent, _ datasets: [ShardCoefficient.Dataset], _ drawn: [[Float]]
    ) {
        self.init()
        for (dataset, values) in content.fixed { set(dataset, to: values) }
        for (dataset, values) in zip(datasets, drawn) { set(dataset, to: values) }
    }
}

private final class ResidualEncoder: LabelEncoder {
    /// zstd's level for residuals: higher ones are slower and, without repetitions to find, no
    /// smaller.
    static let level = 1

    private let content: ShardContent
    private let drawn: [ShardCoefficient.Dataset]
    private let predictor: LabelPredictor
    private let compressor: Zstd.Compressor

    init(_ content: ShardContent) throws(ShardsError) {
        self.content = content
        drawn = ShardCoefficient.drawn(under: content.physics)
        predictor = LabelPredictor(LabelPrediction(content))
        compressor = try Zstd.Compressor(level: ResidualEncoder.level, forFields: true)
    }

    func chunk(of y: [Float], x: [Float], coefficients: [[Float]], in sample: EncodedSample)
        throws(ShardsError) -> [UInt8]
    {
        let (bytes, factor) = try predictor.residual(
            of: y, x: x,
            coefficients: LabelPrediction.Coefficients(content, drawn, coefficients))
        return ArchiveChunk.bytes(
            sourceFactor: factor, keys: sample.keys, x: sample.x,
            residuals: unsafe try BloscFrame.encode(
                bytes.span.bytes, as: ShardField.residual.form, with: compressor,
                search: .residuals))
    }
}

private struct ResidualDecoder: LabelDecoder {
    private let content: ShardContent
    private let drawn: [ShardCoefficient.Dataset]
    private let prediction: LabelPrediction

    init(_ content: ShardContent) {
        self.content = content
        drawn = ShardCoefficient.drawn(under: content.physics)
        prediction = LabelPrediction(content)
    }

    func decode(
        _ bytes: inout [UInt8], coefficients: [[Float]], x: Span<Float>,
        into y: inout MutableSpan<Float>, with decoder: SampleDecoder
    ) throws(ShardsError) {
        let chunk = try ArchiveChunk(bytes, isVerified: true)
        let lines = decoder.memory { PredictionLines(columns: decoder.lattice.columns) }
        // The bits of the residuals, until labels take their places.
        try decoder.decode(
            &bytes, from: chunk.residuals, as: .residual, into: &y, isVerified: true)
        try LabelPredictor(prediction, scratch: lines).restore(
            &y, x: x,
            coefficients: LabelPrediction.Coefficients(content, drawn, coefficients),
            sourceFactor: chunk.sourceFactor)
    }
}
