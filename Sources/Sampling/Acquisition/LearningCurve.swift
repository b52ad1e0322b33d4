internal import Fields

/// The error of a model against the number of samples that it learnt from, error = a·samplesᵇ, by
/// least squares between the logarithms of both: a power law holds over a wide range of sizes
/// (Hestness et al. 2017, arXiv:1712.00409).
public struct LearningCurve: Hashable, Sendable {
    /// The exponent; negative where more samples help.
    public let exponent: Double
    private let logarithm: Double

    /// Fits the curve through `points`; nil for fewer than two sizes, or where an error is not
    /// positive.
    public init?(_ points: [(samples: Int, error: Double)]) {
        guard points.allSatisfy({ $0.samples > 0 && $0.error > 0 && $0.error.isFinite }) else {
            return nil
        }
        let count = Double(points.count)
        let x = points.map { Elementary.log2(Double($0.samples)) }
        let y = points.map { Elementary.log2($0.error) }
        let (meanX, meanY) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        var (square, product) = (0.0, 0.0)
        for (x, y) in zip(x, y) {
            square += (x - meanX) * (x - meanX)
            product += (x - meanX) * (y - meanY)
        }
        guard square > 0 else { return nil }
        exponent = product / square
        logarithm = meanY - exponent * meanX
    }

    /// The error that the curve has at `samples`, at least 1.
    public func error(at samples: Int) -> Double {
        Elementary.exp2(
            min(max(logarithm + exponent * Elementary.log2(Double(samples)), -900), 900))
    }

    /// Whether another round is not worth its work: its expected gain is less than `standardErrors`
    /// times the standard error of the mean difference between the last two rounds' models, sample
    /// by sample.
    ///
    /// Fewer than three rounds never end: the curve through two points says nothing of its own
    /// noise. A selection that does not grow has no curve; then the last round's own gain takes the
    /// place of the expected one.
    ///
    /// - Parameters:
    ///   - rounds: Sizes of the training selections, and errors of the same judged samples in the
    ///     same order, round by round.
    ///   - next: The size that the next round would have.
    public static func isFlat(
        _ rounds: [(samples: Int, errors: [Double])], next: Int, standardErrors: Double
    ) -> Bool {
        guard rounds.count >= 3, let last = rounds.last, last.errors.count >= 2 else {
            return false
        }
        let before = rounds[rounds.count - 2]
        guard before.errors.count == last.errors.count else { return false }
        let largest = rounds.reduce(0) { max($0, $1.errors.max() ?? 0) }
        guard largest < 0x1p+400 else {
            // The answer is one of ratios; squares of such errors would not be finite.
            return isFlat(
                rounds.map { ($0.samples, $0.errors.map { $0 * 0x1p-700 }) }, next: next,
                standardErrors: standardErrors)
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let differences = zip(before.errors, last.errors).map { $0 - $1 }
        let gained = mean(differences)
        let variance =
            differences.reduce(0) { $0 + ($1 - gained) * ($1 - gained) }
            / Double(differences.count - 1)
        let noise = (variance / Double(differences.count)).squareRoot()
        let curve = LearningCurve(rounds.map { ($0.samples, mean($0.errors)) })
        let expected = curve.map { $0.error(at: last.samples) - $0.error(at: next) } ?? gained
        return expected < standardErrors * noise
    }
}
