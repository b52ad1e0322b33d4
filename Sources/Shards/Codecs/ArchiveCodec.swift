internal import Fields

/// In place of y the differences between y and what the equation predicts from the rows above; see
/// `LabelPredictor`.
struct ArchiveCodec: ShardCodec {
    let name = "archive"
    let words = "labels as what the equation does not predict, less than half as large"
    let labels: (any LabelCoding)? = ResidualLabels()
}

extension ShardField {
    /// Residuals of y: 32-bit integers, shuffled.
    public static let residual = ShardField("y_residual", isInteger: true, form: .shuffled)
}

private struct ResidualLabels: LabelCoding {
    let field = ShardField.residual
    /// The factor of x in the equation; see `LabelPredictor`.
    let columns = ["source_factor"]
    let usesFields = true

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
        compressor = try Zstd.Compressor(level: ResidualEncoder.level)
    }

    func frame(of y: [Float], x: [Float], coefficients: [[Float]]) throws(ShardsError) -> (
        frame: [UInt8], numbers: [Double]
    ) {
        let (bytes, factor) = try predictor.residual(
            of: y, x: x,
            coefficients: LabelPrediction.Coefficients(content, drawn, coefficients))
        return (
            try BloscFrame.encode(bytes, as: ShardField.residual.form, with: compressor), [factor]
        )
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
        _ frame: inout [UInt8], beside fields: LabelFields, x: Span<Float>,
        into y: inout MutableSpan<Float>, with decoder: SampleDecoder
    ) throws(ShardsError) {
        let lines = decoder.memory { PredictionLines(columns: decoder.lattice.columns) }
        // The bits of the residuals, until labels take their places.
        try decoder.decode(&frame, as: .residual, into: &y, isVerified: true)
        try LabelPredictor(prediction, scratch: lines).restore(
            &y, x: x,
            coefficients: LabelPrediction.Coefficients(content, drawn, fields.coefficients),
            sourceFactor: fields.numbers[0])
    }
}
