public import Fields

/// Compresses fields into samples of a shard. Each thread has its own: it owns a zstd context.
public final class SampleEncoder {
    /// The lattice of the fields.
    public let lattice: Lattice
    /// What labels are stored as; nil where no field is.
    private let label: ShardField?
    /// What makes that of them; nil where they are stored as they are.
    private let encoder: (any LabelEncoder)?
    private let compressor: Zstd.Compressor
    private let imageCompressor: Zstd.Compressor

    /// Creates an encoder of `codec` for samples of shards with `content`.
    ///
    /// - Parameter level: zstd's level of all but what the codec itself makes.
    package init(codec: any ShardCodec, content: ShardContent, level: Int) throws(ShardsError) {
        lattice = content.physics.lattice
        label = codec.labels?.field
        encoder =
            codec.isStandard ? nil : try codec.labels?.encoder(for: content, level: level)
        compressor = try Zstd.Compressor(level: level, forFields: level == Zstd.defaultLevel)
        imageCompressor = try Zstd.Compressor(level: level)
    }

    /// Creates an encoder of the standard codec for fields on `lattice`.
    ///
    /// - Parameter level: zstd's level, 1 to 19; the default stands for parameters of our own, see
    ///   `Zstd.Compressor`.
    public init(lattice: Lattice, level: Int = Zstd.defaultLevel) throws(ShardsError) {
        self.lattice = lattice
        label = .y
        encoder = nil
        compressor = try Zstd.Compressor(level: level, forFields: level == Zstd.defaultLevel)
        imageCompressor = try Zstd.Compressor(level: level)
    }

    /// Returns the sample with the fields `x` and `y`, both (rows, columns), and `coefficients`,
    /// each (planes, rows, columns).
    ///
    /// The digest of y is computed here. O(sites).
    ///
    /// - Throws: `ShardsError` with code `.format` where the codec cannot hold the label.
    public func encode(
        x: [Float], y: [Float], id: SampleID, sources: [Source], keys: [UInt32] = [], index: UInt64,
        rank: UInt64? = nil, errorBound: Double, contrast: Double? = nil,
        coefficients: [[Float]] = []
    ) throws(ShardsError) -> EncodedSample {
        var sample = EncodedSample(
            id: id, sources: sources, keys: keys, index: index, rank: rank, errorBound: errorBound,
            contrast: contrast, ySHA256: FieldBytes.digest(of: y), label: label, x: [], y: [])
        guard label != nil else { return sample }
        sample.x = try frame(of: x, as: .x)
        sample.coefficients = try coefficients.map { (values) throws(ShardsError) in
            precondition(
                !values.isEmpty && values.count % lattice.count == 0,
                "a coefficient has whole planes")
            return unsafe try BloscFrame.encode(values.span.bytes, as: .shuffled, with: compressor)
        }
        if let encoder {
            sample.y = try encoder.chunk(of: y, x: x, coefficients: coefficients, in: sample)
        } else {
            sample.y = try frame(of: y, as: .y)
        }
        return sample
    }

    /// Returns the frame of one field, (rows, columns).
    public func frame(of values: [Float], as field: ShardField) throws(ShardsError) -> [UInt8] {
        precondition(values.count == lattice.count, "a field has one value per site")
        guard field == .x else {
            return unsafe try BloscFrame.encode(values.span.bytes, as: field.form, with: compressor)
        }
        return unsafe try BloscFrame.encode(
            values.span.bytes, as: field.form, with: imageCompressor,
            cuts: FieldBytes.edges(ofEmptyRowsIn: values, columns: lattice.columns))
    }
}
