/// How good a label must be, on which numbers it lies, and by which method it is found.
public struct Accuracy: Hashable, Sendable {
    /// Largest certified |y − exact| that is accepted, in (0, 1].
    ///
    /// What can be reached: rounding, half a step, and the arithmetic in Double, about 10⁻¹⁴ ·
    /// min(D/γ, n²/8) with n the shorter side; 10⁻⁸ at the longest diffusion length that is
    /// supported.
    public let tolerance: Double
    /// Labels are multiples of 2⁻ᵇⁱᵗˢ, from 8 to 24; nil keeps plain Float32.
    ///
    /// Rounding costs at most half a step and more than doubles what a compressor saves.
    public let gridBits: Int?

    /// The ways that may be taken.
    public let method: MethodChoice

    /// The range of `gridBits`.
    public static let gridBitsRange = 8...24

    /// Creates an accuracy; the defaults are the dataset's: 10⁻⁶ on multiples of 2⁻²⁰, by the best
    /// method.
    public init(tolerance: Double = 1e-6, gridBits: Int? = 20, method: MethodChoice = .auto) {
        precondition(tolerance > 0 && tolerance <= 1)
        precondition(gridBits.map(Accuracy.gridBitsRange.contains) ?? true)
        self.tolerance = tolerance
        self.gridBits = gridBits
        self.method = method
    }

    /// The step between two labels, or nil for plain Float32.
    public var step: Double? { gridBits.map { Double(sign: .plus, exponent: -$0, significand: 1) } }

    /// Bound on the error of rounding and of the arithmetic before it for labels of magnitude up to
    /// `magnitude`: half a step, and half a unit in the last place of Float32 where multiples of
    /// the step do not all fit into one.
    func rounding(upTo magnitude: Double) -> Double {
        let grid = (step ?? 0) / 2
        let fits = step.map { magnitude <= $0 * 0x1p24 } ?? false
        return grid + (fits ? 0 : magnitude.binade * 0x1p-24) + magnitude * 0x1p-51
    }

    /// The part of the tolerance that rounding leaves for the solver, for fields up to 1; not
    /// positive where the grid is too coarse for the tolerance.
    public var solverShare: Double { tolerance - rounding(upTo: 1) }
}
