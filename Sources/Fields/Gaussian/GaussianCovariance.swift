/// How the values of a Gaussian random field at two sites go together; the variance is stated
/// elsewhere.
public enum GaussianCovariance: Hashable, Sendable {
    /// A correlation that depends on the distance d of the sites alone, in sites.
    case kernel(Kernel, length: Double)
    /// (−Δ + τ²)^−α on the rectangle of the lattice with reflecting ends, whose longer side is 1.
    case spectral(tau: Double, alpha: Double)

    /// Correlations as functions of h = d/length.
    public enum Kernel: String, Hashable, Sendable, CaseIterable {
        /// e^−h.
        case exponential
        /// 1 − 7h² + 35/4·h³ − 7/2·h⁵ + 3/4·h⁷ for h < 1, then 0 (Chilès and Delfiner 1999,
        /// "Geostatistics", §2.5.1).
        case cubic
        /// e^−h².
        case gaussian

        /// The correlation at h, at least 0.
        func value(_ h: Double) -> Double {
            switch self {
            case .exponential: return h < 700 ? Elementary.exp(-h) : 0
            case .gaussian: return h < 26 ? Elementary.exp(-h * h) : 0
            case .cubic:
                guard h < 1 else { return 0 }
                let squared = h * h
                let odd = 8.75 + squared * (-3.5 + squared * 0.75)
                return 1 + squared * (-7 + h * odd)
            }
        }

        /// The h from which on correlations count as 0: they are at most 1.2·10⁻⁷.
        var reach: Double {
            switch self {
            case .exponential: 16
            case .cubic: 1
            case .gaussian: 4
            }
        }
    }

    /// Lengths that are supported on `lattice`: from 1 site to a quarter of the shorter side.
    public static func lengths(on lattice: Lattice) -> ClosedRange<Double> {
        1...Double(min(lattice.rows, lattice.columns)) / 4
    }
    /// Inverse lengths τ that are supported, as the longer side is 1.
    public static let taus = 0.0...1000.0
    /// Exponents α that are supported; above 1, where the variance of a field of the plane is
    /// finite.
    public static let alphas = 1.0...10.0

    func check(on lattice: Lattice, name: String) throws(ConfigurationError) {
        switch self {
        case .kernel(_, let length):
            let allowed = GaussianCovariance.lengths(on: lattice)
            guard allowed.contains(length) else {
                throw ConfigurationError(
                    .physics,
                    "\(name): the length \(length) must be from \(allowed.lowerBound) to "
                        + "\(allowed.upperBound) sites, a quarter of the lattice's shorter side")
            }
        case .spectral(let tau, let alpha):
            guard GaussianCovariance.taus.contains(tau),
                alpha > GaussianCovariance.alphas.lowerBound,
                GaussianCovariance.alphas.contains(alpha)
            else {
                throw ConfigurationError(
                    .physics,
                    "\(name): tau \(tau) and alpha \(alpha) are not possible: tau must be from "
                        + "\(GaussianCovariance.taus.lowerBound) to "
                        + "\(GaussianCovariance.taus.upperBound), alpha above "
                        + "\(GaussianCovariance.alphas.lowerBound) to "
                        + "\(GaussianCovariance.alphas.upperBound)")
            }
        }
    }
}
