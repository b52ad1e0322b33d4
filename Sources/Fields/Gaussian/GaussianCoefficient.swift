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

    /// Returns the coefficient on every site, (rows, columns). It must have a key. O(sites · log
    /// sites) time for each draw.
    ///
    /// A key's draws are numbered from 0. Of a lognormal coefficient the first counts whose
    /// contrast is in the range, and whose values are within a factor of its upper bound of the
    /// median. Where none of `maximumAttempts` is, the logarithm of draw 0 is scaled about 0 to the
    /// middle of the range, as far as the values allow; `attempts` is nil for such a key.
    func field(on lattice: Lattice, boundary: Boundary) -> [Double] {
        let source = GaussianField(covariance, on: lattice, boundary: boundary)
        let key = key ?? 0
        switch values {
        case .twoValued(let below, let above):
            return source.draw(key: key, attempt: 0).map { $0 >= 0 ? above : below }
        case .lognormal(let median, let variance, let contrast):
            let deviation = variance.squareRoot()
            if let (_, field) = search(source) {
                return GaussianCoefficient.values(field, median, deviation, contrast.upperBound)
            }
            let field = source.draw(key: key, attempt: 0)
            let (least, most) = GaussianCoefficient.extent(field)
            let range = GaussianCoefficient.logarithms(contrast)
            let middle = 0.5 * (range.lowerBound + range.upperBound)
            let scale = min(middle / (most - least), range.upperBound / max(most, -least))
            return GaussianCoefficient.values(field, median, scale, contrast.upperBound)
        }
    }

    /// Whether a coefficient is lognormal.
    package static func isLognormal(_ coefficient: Coefficient) -> Bool {
        guard case .gaussian(let field) = coefficient, case .lognormal = field.values else {
            return false
        }
        return true
    }

    /// The number of draws of the key until one is in the range, or nil where none of
    /// `maximumAttempts` is.
    package func attempts(on lattice: Lattice, boundary: Boundary) -> Int? {
        search(GaussianField(covariance, on: lattice, boundary: boundary)).map {
            Int($0.attempt) + 1
        }
    }

    /// The first draw of the key that is in the range.
    private func search(_ source: GaussianField) -> (attempt: UInt32, field: [Double])? {
        guard case .lognormal(_, let variance, let contrast) = values else {
            return (0, source.draw(key: key ?? 0, attempt: 0))
        }
        let range = GaussianCoefficient.logarithms(contrast)
        let deviation = variance.squareRoot()
        for attempt in 0..<GaussianCoefficient.maximumAttempts {
            let field = source.draw(key: key ?? 0, attempt: attempt)
            let (least, most) = GaussianCoefficient.extent(field)
            if range.contains(deviation * (most - least)),
                deviation * max(most, -least) <= range.upperBound
            {
                return (attempt, field)
            }
        }
        return nil
    }

    private static func logarithms(_ contrast: ClosedRange<Double>) -> ClosedRange<Double> {
        Elementary.log(contrast.lowerBound)...Elementary.log(contrast.upperBound)
    }

    private static func extent(_ field: [Double]) -> (least: Double, most: Double) {
        field.reduce((least: .infinity, most: -.infinity)) {
            (Swift.min($0.least, $1), Swift.max($0.most, $1))
        }
    }

    /// Rounding may not lead out of what `extremes` promises.
    private static func values(
        _ field: [Double], _ median: Double, _ deviation: Double, _ most: Double
    ) -> [Double] {
        let (low, high) = (median / most, median * most)
        return field.map { min(max(median * Elementary.exp(deviation * $0), low), high) }
    }
}
