/// The coefficients of −∇·(D∇u) + γu on every site of a lattice; D is a diagonal tensor.
///
/// The face between two sites takes the harmonic mean of D of both, the face to an absorbing ghost
/// site the site's own D.
public struct Medium: Hashable, Sendable {
    /// The lattice.
    public let lattice: Lattice
    /// D for diffusion down the rows, between (i, j) and (i + 1, j); positive.
    public let down: [Double]  // (rows, columns)
    /// D for diffusion across the columns, between (i, j) and (i, j + 1); positive.
    public let across: [Double]  // (rows, columns)
    /// γ, at least 0.
    public let decay: [Double]  // (rows, columns)
    /// Whether every lognormal coefficient has a contrast in its range: where no draw of its key
    /// has, the medium stands for nothing that was asked for, and has no label.
    public let isInRange: Bool

    /// The largest quotient of two values of D, in whatever place and direction, that is supported.
    public static let maximumContrast = 1000.0

    /// The largest value of D over the smallest, in whatever place and direction; at least 1.
    public var contrast: Double {
        let (least, most) = (down + across).reduce((Double.infinity, 0.0)) {
            (min($0.0, $1), max($0.1, $1))
        }
        return most / least
    }

    /// Creates a medium from checked numbers, `lattice.count` of each.
    public init(
        lattice: Lattice, down: [Double], across: [Double], decay: [Double], isInRange: Bool = true
    ) {
        precondition(
            down.count == lattice.count && across.count == lattice.count
                && decay.count == lattice.count)
        self.lattice = lattice
        self.down = down
        self.across = across
        self.decay = decay
        self.isInRange = isInRange
    }
}
