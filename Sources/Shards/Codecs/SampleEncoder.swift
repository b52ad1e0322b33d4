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
        let yBytes = FieldBytes.bytes(of: y)
        var sample = EncodedSample(
            id: id, sources: sources, keys: keys, index: index, rank: rank, errorBound: errorBound,
            contrast: contrast, ySHA256: Digest(of: yBytes), label: label, x: [], y: [])
        guard label != nil else { return sample }
        sample.x = try encode(FieldBytes.bytes(of: x), as: .x)
        sample.coefficients = try coefficients.map { (values) throws(ShardsError) in
            precondition(
                !values.isEmpty && values.count % lattice.count == 0,
                "a coefficient has whole planes")
            return try BloscFrame.encode(
                FieldBytes.bytes(of: values), as: .shuffled, with: compressor)
        }
        if let encoder {
            sample.y = try encoder.chunk(of: y, x: x, coefficients: coefficients, in: sample)
        } else {
            sample.y = try encode(yBytes, as: .y)
        }
        return sample
    }

    /// Returns the frame of one field, (rows, columns).
    public func frame(of values: [Float], as field: ShardField) throws(ShardsError) -> [UInt8] {
        try encode(FieldBytes.bytes(of: values), as: field)
    }

    private func encode(_ bytes: [UInt8], as field: ShardField) throws(ShardsError) -> [UInt8] {
        precondition(
            bytes.count == ShardLayout.fieldBytes(lattice), "a field has one value per site")
        guard field == .x else {
            return try BloscFrame.encode(bytes, as: field.form, with: compressor)
        }
        return try BloscFrame.encode(
            bytes, as: field.form, with: imageCompressor,
            cuts: FieldBytes.edges(ofEmptyRowsIn: bytes, rowBytes: 4 * lattice.columns))
    }
}
