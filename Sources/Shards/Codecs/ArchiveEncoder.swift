public import Fields

/// Turns samples of standard shards into samples of archives. Each thread has its own.
public final class ArchiveEncoder {
    /// zstd's level for residuals: higher ones are slower and, without repetitions to find, no
    /// smaller.
    static let level = 1

    private let predictor: LabelPredictor
    private let coefficients: [ShardCoefficient.Dataset]
    private var values = LabelPrediction.Coefficients()
    private let decoder: SampleDecoder
    private let compressor: Zstd.Compressor

    /// Creates an encoder for the samples of a dataset.
    ///
    /// - Parameters:
    ///   - physics: the dataset's physics, which may have open keys.
    ///   - step: what labels are multiples of; nil for plain binary32.
    ///   - fixed: coefficients that are the same for all samples, each (planes, rows, columns).
    public init(
        physics: Physics, step: Double?,
        fixed: [(dataset: ShardCoefficient.Dataset, values: [Float])]
    ) throws(ShardsError) {
        predictor = LabelPredictor(LabelPrediction(physics: physics, step: step))
        coefficients = ShardCoefficient.drawn(under: physics)
        for (dataset, numbers) in fixed { values.set(dataset, to: numbers) }
        decoder = try SampleDecoder(lattice: physics.lattice)
        compressor = try Zstd.Compressor(level: ArchiveEncoder.level)
    }

    /// Returns the archive's form of `sample`, whose x and coefficients stay as they are. O(sites).
    ///
    /// - Throws: `ShardsError`: `.corrupt` where a frame is damaged, `.digestMismatch` where y is
    ///   not what its digest says, `.format` where the equation cannot predict it.
    public func archived(_ sample: EncodedSample) throws(ShardsError) -> EncodedSample {
        precondition(sample.codec == .standard && sample.coefficients.count == coefficients.count)
        let x = try decoder.decode(sample.x, as: .x)
        let y = try decoder.decodeY(sample.y, sha256: sample.ySHA256)
        for (dataset, frame) in zip(coefficients, sample.coefficients) {
            values.set(dataset, to: try decoder.decode(frame, planes: dataset.planes))
        }
        var archived = sample
        archived.codec = .archive
        (archived.y, archived.sourceFactor) = try frame(of: y, x: x)
        return archived
    }

    private func frame(of y: [Float], x: [Float]) throws(ShardsError) -> (
        frame: [UInt8], sourceFactor: Double
    ) {
        let (bytes, factor) = try predictor.residual(of: y, x: x, coefficients: values)
        return (try BloscFrame.encode(bytes, as: .shuffled, with: compressor), factor)
    }

    private func set(_ coefficients: [[Float]]) {
        for (dataset, numbers) in zip(self.coefficients, coefficients) {
            values.set(dataset, to: numbers)
        }
    }

    /// Returns the frame of the residuals of `y`, and the factor of x in the equation;
    /// `coefficients` are those that each sample has.
    public func frame(of y: [Float], x: [Float], coefficients: [[Float]]) throws(ShardsError) -> (
        frame: [UInt8], sourceFactor: Double
    ) {
        set(coefficients)
        return try frame(of: y, x: x)
    }

    /// Returns the label whose residuals are in `frame`.
    public func label(of frame: [UInt8], x: [Float], coefficients: [[Float]], sourceFactor: Double)
        throws(ShardsError) -> [Float]
    {
        set(coefficients)
        return try decoder.decodeY(
            frame, x: x, by: predictor.prediction, values, sourceFactor: sourceFactor)
    }
}

extension EncodedSample {
    /// The sample without its fields: a recipe.
    public var recipe: EncodedSample {
        var recipe = self
        recipe.codec = .recipe
        (recipe.x, recipe.y, recipe.coefficients, recipe.sourceFactor) = ([], [], [], 0)
        return recipe
    }
}
