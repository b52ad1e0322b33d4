/// The diffusivity D: one coefficient in both directions, or a diagonal tensor.
public enum Diffusivity: Hashable, Sendable {
    /// The same in both directions.
    case isotropic(Coefficient)
    /// A diagonal tensor: `down` between rows, `across` between columns.
    case anisotropic(down: Coefficient, across: Coefficient)

    /// D between rows.
    public var down: Coefficient {
        switch self {
        case .isotropic(let coefficient): coefficient
        case .anisotropic(let down, _): down
        }
    }

    /// D between columns.
    public var across: Coefficient {
        switch self {
        case .isotropic(let coefficient): coefficient
        case .anisotropic(_, let across): across
        }
    }

    /// The coefficients: one, or down and across.
    public var coefficients: [Coefficient] {
        switch self {
        case .isotropic(let coefficient): [coefficient]
        case .anisotropic(let down, let across): [down, across]
        }
    }
}
