internal import Fields

/// Turns samples of one codec into those of another. Each thread has its own.
public final class SampleTranscoder {
    private let codec: any ShardCodec
    private let content: ShardContent
    private let level: Int
    private let coefficients: [ShardCoefficient.Dataset]
    private let decoder: SampleDecoder
    private var encoder: (any LabelEncoder)?
    private var decoders: [ShardField: any LabelDecoder] = [:]
    private var y: [Float]

    /// Creates a transcoder to `codec` for samples of shards with `content`.
    ///
    /// - Parameter level: zstd's level in standard shards.
    public init(to codec: any ShardCodec, content: ShardContent, level: Int) throws(ShardsError) {
        (self.codec, self.content, self.level) = (codec, content, level)
        coefficients = ShardCoefficient.drawn(under: content.physics)
        decoder = try SampleDecoder(lattice: content.physics.lattice)
        y = [Float](repeating: 0, count: content.physics.lattice.count)
    }

    /// Returns the codec's form of `sample`. Frames that both codecs store alike are carried over.
    /// O(sites).
    ///
    /// - Throws: `ShardsError`: `.corrupt` where a frame is damaged, `.digestMismatch` where y is
    ///   not what its digest says, `.format` where the codec cannot hold it, or where the sample
    ///   has no label and the codec stores one.
    public func transcoded(_ sample: EncodedSample) throws(ShardsError) -> EncodedSample {
        guard let labels = codec.labels else { return sample.withoutFields }
        guard sample.label != labels.field else { return sample }
        guard let field = sample.label else {
            throw ShardsError(.format, "a recipe has no label, which '\(codec.name)' stores")
        }
        precondition(sample.coefficients.count == coefficients.count)
        let x = try decoder.decode(sample.x, as: .x)
        let values = try zip(coefficients, sample.coefficients).map {
            (dataset, frame) throws(ShardsError) in
            try decoder.decode(frame, planes: dataset.planes)
        }
        try decode(sample, as: field, coefficients: values, x: x)
        var transcoded = sample
        transcoded.label = labels.field
        transcoded.y = try labelEncoder(labels).chunk(
            of: y, x: x, coefficients: values, in: sample)
        return transcoded
    }

    /// Fills `y` with the label of `sample`, and compares its digest.
    private func decode(
        _ sample: EncodedSample, as field: ShardField, coefficients: [[Float]], x: [Float]
    ) throws(ShardsError) {
        // That the frame's bytes are those that were written is told by the digest.
        var frame = sample.y
        let labels = try labelDecoder(of: field)
        // A local name for the one array, as a span of a property may not be passed on.
        var label: [Float] = []
        swap(&label, &y)
        defer { swap(&label, &y) }
        var span = label.mutableSpan
        try labels.decode(
            &frame, coefficients: coefficients, x: x.span, into: &span, with: decoder)
        let found = FieldBytes.digest(of: label)
        guard found == sample.ySHA256 else {
            throw ShardsError(
                .digestMismatch, "y has the SHA-256 \(found), recorded is \(sample.ySHA256)")
        }
    }

    private func labelEncoder(_ labels: any LabelCoding) throws(ShardsError) -> any LabelEncoder {
        if let encoder { return encoder }
        let created = try labels.encoder(for: content, level: level)
        encoder = created
        return created
    }

    private func labelDecoder(of field: ShardField) throws(ShardsError) -> any LabelDecoder {
        if let known = decoders[field] { return known }
        guard let labels = ShardCodecs.all.compactMap(\.labels).first(where: { $0.field == field })
        else { preconditionFailure("a label is one of a codec") }
        let created = try labels.decoder { () throws(ShardsError) in content }
        decoders[field] = created
        return created
    }
}

extension EncodedSample {
    /// The sample without its fields.
    fileprivate var withoutFields: EncodedSample {
        var sample = self
        (sample.label, sample.x, sample.y, sample.coefficients) = (nil, [], [], [])
        return sample
    }
}
