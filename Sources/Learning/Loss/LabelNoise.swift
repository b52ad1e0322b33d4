internal import Fields

/// Gaussian noise on labels, new in every epoch.
///
/// A value depends on seed, sample, site and epoch alone: Philox4x32-10 with the key (seed, 19) and
/// the counter (site/4, epoch, sample, sample ≫ 32), sample being the number of the sample in the
/// selection. Its words give four normal values by the method of Box and Muller (1958).
package struct LabelNoise: Hashable, Sendable {
    /// The standard deviation, at least 0.
    package let sigma: Double
    private static let stream: UInt32 = 19
    private let seed: UInt32

    /// Noise of the standard deviation `sigma` that `seed` determines.
    package init(sigma: Double, seed: UInt32) {
        self.sigma = sigma
        self.seed = seed
    }

    /// Adds noise to the label of `sample` that fills `range` of `labels`, in `epoch`.
    package func add(to labels: inout [Float], in range: Range<Int>, sample: Int, epoch: Int) {
        guard sigma > 0 else { return }
        let philox = Philox(seed: seed, stream: LabelNoise.stream)
        for start in stride(from: 0, to: range.count, by: 4) {
            let words = philox(
                SIMD4(
                    UInt32(start / 4), UInt32(epoch), UInt32(truncatingIfNeeded: sample),
                    UInt32(truncatingIfNeeded: sample >> 32)))
            let first = LabelNoise.normals(words.x, words.y)
            let second = LabelNoise.normals(words.z, words.w)
            let four = SIMD4(first.0, first.1, second.0, second.1)
            for lane in 0..<min(4, range.count - start) {
                let index = range.lowerBound + start + lane
                labels[index] = Float(Double(labels[index]) + sigma * four[lane])
            }
        }
    }

    /// Two independent standard normal values from two uniform words.
    private static func normals(_ a: UInt32, _ b: UInt32) -> (Double, Double) {
        // From (0, 1], so that the logarithm is finite.
        let radius = (-2 * Exponential.log((Double(a) + 1) * 0x1p-32)).squareRoot()
        let angle = Elementary.sineAndCosine(degrees: Double(b) * (360 * 0x1p-32))
        return (radius * angle.cosine, radius * angle.sine)
    }
}
