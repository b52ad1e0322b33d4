internal import Fields

/// Turns samples of standard shards into those of another codec. Each thread has its own.
public final class SampleTranscoder {
    private let labels: (any LabelCoding)?
    private let encoder: (any LabelEncoder)?
    private let coefficients: [ShardCoefficient.Dataset]
    private let decoder: SampleDecoder

    /// Creates a transcoder to `codec` for samples of shards with `content`.
    ///
    /// - Parameter level: zstd's level in standard shards.
    public init(to codec: any ShardCodec, content: ShardContent, level: Int) throws(ShardsError) {
        labels = codec.labels
        encoder = try labels?.encoder(for: content, level: level)
        coefficients = ShardCoefficient.drawn(under: content.physics)
        decoder = try SampleDecoder(lattice: content.physics.lattice)
    }

    /// Returns the codec's form of `sample`. Frames that both codecs store alike are carried over.
    /// O(sites).
    ///
    /// - Throws: `ShardsError`: `.corrupt` where a frame is damaged, `.digestMismatch` where y is
    ///   not what its digest says, `.format` where the codec cannot hold it.
    public func transcoded(_ sample: EncodedSample) throws(ShardsError) -> EncodedSample {
        precondition(sample.label == .y && sample.coefficients.count == coefficients.count)
        guard let labels, let encoder else { return sample.withoutFields }
        guard labels.field != .y else { return sample }
        var transcoded = sample
        let y = try decoder.decodeY(sample.y, sha256: sample.ySHA256)
        var fields = LabelFields(x: try decoder.decode(sample.x, as: .x))
        for (dataset, frame) in zip(coefficients, sample.coefficients) {
            fields.coefficients.append(try decoder.decode(frame, planes: dataset.planes))
        }
        transcoded.label = labels.field
        (transcoded.y, transcoded.numbers) = try encoder.frame(of: y, beside: fields)
        return transcoded
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
