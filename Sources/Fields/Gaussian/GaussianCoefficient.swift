/// A coefficient that a Gaussian random field decides: its exponential, or one of two values by its
/// sign.
public struct GaussianCoefficient: Hashable, Sendable {
    /// What becomes of the field.
    public enum Values: Hashable, Sendable {
        /// median·e^(√variance·z) with z the field of variance 1.
        case lognormal(median: Double, variance: Double, contrast: ClosedRange<Double>)
        /// `above` where the field is above or equal to 0, `below` where it is negative.
        case twoValued(below: Double, above: Double)
    }

    /// What becomes of the field.
    public let values: Values
    /// How the field's values at two sites go together.
    public let covariance: GaussianCovariance
    /// What the field is drawn from, or nil where each sample draws a key of its own.
    public let key: UInt32?

    /// Variances of the logarithm that are supported.
    public static let variances = 1e-6...16.0
    /// Draws of a key after which no contrast in the range is expected any more.
    public static let maximumAttempts: UInt32 = 1024

    /// Creates the coefficient; `Physics` checks it.
    public init(values: Values, covariance: GaussianCovariance, key: UInt32?) {
        (self.values, self.covariance, self.key) = (values, covariance, key)
    }

    /// The same coefficient with another key.
    func with(key: UInt32) -> GaussianCoefficient {
        GaussianCoefficient(values: values, covariance: covariance, key: key)
    }

    /// The least and the largest value that a site may have.
    var extremes: [Double] {
        switch values {
        case .lognormal(let median, _, let contrast):
            [median / contrast.upperBound, median * contrast.upperBound]
        case .twoValued(let below, let above): [below, above]
        }
    }

    /// The largest quotient of two sites' values.
    var maximumContrast: Double {
        switch values {
        case .lognormal(_, _, let contrast): contrast.upperBound
        case .twoValued(let below, let above): max(below, above) / min(below, above)
        }
    }

    /// Whether draws count by their contrast.
    var isLognormal: Bool { if case .lognormal = values { true } else { false } }

    func check(on lattice: Lattice, name: String) throws(ConfigurationError) {
        func fail(_ message: String) -> ConfigurationError {
            ConfigurationError(.physics, "\(name): \(message)")
        }
        switch values {
        case .lognormal(let median, let variance, let contrast):
            guard median.isFinite, median > 0 else {
                throw fail("the median \(median) must be above 0")
            }
            guard GaussianCoefficient.variances.contains(variance) else {
                throw fail(
                    "the variance \(variance) of the logarithm must be from "
                        + "\(GaussianCoefficient.variances.lowerBound) to "
                        + "\(GaussianCoefficient.variances.upperBound)")
            }
            guard contrast.lowerBound >= 1, contrast.upperBound > 1,
                contrast.lowerBound < contrast.upperBound,
                contrast.upperBound <= Medium.maximumContrast
            else {
                throw fail(
                    "a contrast from \(contrast.lowerBound) to \(contrast.upperBound) is not "
                        + "possible: 1 ≤ from < to ≤ \(Medium.maximumContrast) must hold")
            }
        case .twoValued(let below, let above):
            guard below.isFinite, above.isFinite, below > 0, above > 0, below != above else {
                throw fail(
                    "the values \(below) below and \(above) above the threshold must differ and be "
                        + "above 0")
            }
            guard maximumContrast <= Medium.maximumContrast else {
                throw fail(
                    "the contrast of \(below) and \(above) is \(maximumContrast), at most "
                        + "\(Medium.maximumContrast) is supported")
            }
        }
        try covariance.check(on: lattice, name: name)
    }

    /// Returns the coefficient on every site, (rows, columns), by draws of `source`, which is that
    /// of its covariance. It must have a key. O(sites · log sites) time for each draw.
    ///
    /// A key's draws are numbered from 0. Of a lognormal coefficient the first counts whose
    /// contrast is in the range, and whose values are within a factor of its upper bound of the
    /// median. Where none of `maximumAttempts` is, `isInRange` is false, and values of draw 0 are
    /// cut to that factor.
    func field(from source: GaussianField) -> (values: [Double], isInRange: Bool) {
        let key = key ?? 0
        switch values {
        case .twoValued(let below, let above):
            return (source.draw(key: key, attempt: 0).map { $0 >= 0 ? above : below }, true)
        case .lognormal(let median, let variance, let contrast):
            let deviation = variance.squareRoot()
            let lowest = Elementary.log(contrast.lowerBound)
            let highest = Elementary.log(contrast.upperBound)
            func values(_ field: [Double]) -> [Double] {
                GaussianCoefficient.values(field, median, deviation, contrast.upperBound)
            }
            for attempt in 0..<GaussianCoefficient.maximumAttempts {
                let field = source.draw(key: key, attempt: attempt)
                let (least, most) = GaussianCoefficient.extent(field)
                let span = deviation * (most - least)
                if lowest <= span, span <= highest, deviation * max(most, -least) <= highest {
                    return (values(field), true)
                }
            }
            return (values(source.draw(key: key, attempt: 0)), false)
        }
    }

    private static func extent(_ field: [Double]) -> (least: Double, most: Double) {
        let span = field.span
        var (least, most) = (Double.infinity, -Double.infinity)
        for site in span.indices {
            least = span[site] < least ? span[site] : least
            most = span[site] > most ? span[site] : most
        }
        return (least, most)
    }

    /// Rounding may not lead out of what `extremes` promises.
    private static func values(
        _ field: [Double], _ median: Double, _ deviation: Double, _ most: Double
    ) -> [Double] {
        let (low, high) = (median / most, median * most)
        var field = field
        var span = field.mutableSpan
        for site in span.indices {
            let value = median * Elementary.exp(deviation * span[site])
            span[site] = value < low ? low : value > high ? high : value
        }
        return field
    }
}
