package import Datasets
package import Fields
internal import Parallel
package import Sampling
package import Shards
package import Solving

/// Makes samples as the stages do, piece by piece, with a clock at each. One thread owns it and its
/// working memory.
package final class SampleTimer {
    /// What one sample took, and what came of it.
    package struct Measurement {
        package let id: SampleID
        package let sources: Int
        /// Drawing the configuration, or reading it from its file, and its id.
        package let draw: Elapsed
        /// Rasterising the sources, in the repeat that was fastest together with `solve`.
        package let image: Elapsed
        /// Solving, certifying and rounding, in that repeat.
        package let solve: Elapsed
        /// `image` and `solve` together: the least by each clock.
        package let total: Elapsed
        /// Compressing x and y, and y's digest; nil where only solving is measured.
        package let compress: Elapsed?
        /// Expanding x and y; nil where it is not measured.
        package let decode: Elapsed?
        /// What found the field.
        package let way: Solution.Way
        package let cycles: Int
        /// Reduction of the residual per cycle; nil where there were no cycles.
        package let convergenceFactor: Double?
        package let errorBound: Double
        package let isCertified: Bool
        /// Bytes of x and y as they are stored, where `compress` is not nil.
        package let bytes: (x: Int, y: Int)?
        /// The compressed sample, where `compress` is not nil.
        package var encoded: EncodedSample?
    }

    /// Making the solver: once for a lattice and a thread.
    package let setup: Elapsed
    /// y of the latest sample, (rows, columns).
    package private(set) var label: [Float]
    private let origin: ConfigurationOrigin
    private let solver: Solver
    private let encoder: SampleEncoder
    private let decoder: SampleDecoder

    /// Prepares for the samples of `origin`.
    ///
    /// - Parameters:
    ///   - codec: what samples are compressed with.
    ///   - level: zstd's level.
    package init(
        _ origin: ConfigurationOrigin, accuracy: Accuracy,
        codec: any ShardCodec = ShardCodecs.standard, level: Int
    ) throws {
        self.origin = origin
        let physics = origin.physics
        (setup, solver) = Elapsed.measuring { Solver(physics: physics, accuracy: accuracy) }
        label = [Float](repeating: 0, count: physics.lattice.count)
        encoder = try ShardFormat(
            physics: physics, accuracy: accuracy, maximumSources: origin.strata.last ?? 1,
            codec: codec, level: level
        ).encoder()
        decoder = try SampleDecoder(lattice: physics.lattice)
    }

    /// Does everything that is measured once, without a clock: the first time finds cold caches and
    /// untouched memory.
    package func warmUp(_ address: SampleAddress, compressing: Bool) throws {
        _ = try measure(address, repeats: 1, compressing: compressing, decoding: compressing)
    }

    /// Makes the sample at `address`.
    ///
    /// - Parameters:
    ///   - repeats: times that each piece is done, of which the fastest counts.
    ///   - compressing: whether to compress x and y.
    ///   - decoding: whether to expand them again, which needs `compressing` and the standard
    ///     codec.
    package func measure(_ address: SampleAddress, repeats: Int, compressing: Bool, decoding: Bool)
        throws -> Measurement
    {
        try Interruption.check()
        let (draw, (configuration, id)) = try Elapsed.fastest(of: repeats) {
            let configuration = try origin.configuration(address)
            return (configuration, configuration.id)
        }
        var image = SourceImage(configuration)
        var solution = Solution?.none
        var best: (image: Elapsed, solve: Elapsed)?
        var total = Elapsed(cpu: .infinity, wall: .infinity)
        for _ in 0..<max(1, repeats) {
            let (imaging, next) = Elapsed.measuring { SourceImage(configuration) }
            let (solving, found) = Elapsed.measuring {
                solver.solve(next, physics: configuration.physics, into: &label)
            }
            let both = imaging + solving
            if best == nil || both.cpu < total.cpu { best = (imaging, solving) }
            total = total.least(both)
            (image, solution) = (next, found)
        }
        guard let solution, let best else { preconditionFailure("there is at least one repeat") }

        var compress: Elapsed?
        var decode: Elapsed?
        var encoded: EncodedSample?
        if compressing {
            let (elapsed, sample) = try Elapsed.fastest(of: repeats) {
                try encoder.encode(
                    configuration, under: origin.physics, image: image, label: label, id: id,
                    index: UInt64(address.index), errorBound: solution.errorBound, by: solver)
            }
            (compress, encoded) = (elapsed, sample)
            if decoding {
                decode = try Elapsed.fastest(of: repeats) {
                    _ = try decoder.decode(sample.x, as: .x)
                    _ = try decoder.decode(sample.y, as: .y)
                }.0
            }
        }
        return Measurement(
            id: id, sources: configuration.sources.count, draw: draw, image: best.image,
            solve: best.solve, total: total, compress: compress, decode: decode,
            way: solution.way, cycles: solution.cycles,
            convergenceFactor: solution.cycles > 0 ? solution.convergenceFactor : nil,
            errorBound: solution.errorBound, isCertified: solution.isCertified,
            bytes: encoded.map { ($0.x.count, $0.y.count) }, encoded: encoded)
    }
}
