/// Sines and cosines of rational parts of a turn, by the basic operations of IEEE 754 alone: every
/// machine gets the same bits, which a mathematics library does not promise. Within 2⁻⁵² of the
/// exact value.
package enum Twiddle {
    /// sin(2π · part / whole); `whole` is positive and below 2⁵⁸.
    package static func sine(_ part: Int, of whole: Int) -> Double {
        let eighths = 8 * ((part % whole + whole) % whole)
        let (octant, rest) = eighths.quotientAndRemainder(dividingBy: whole)
        // The angle within its octant, measured from the nearer axis.
        let share = octant & 1 == 0 ? rest : whole - rest
        let angle = Double(share) / Double(whole) * (Double.pi / 4)
        let isSine = (octant + 1) & 2 == 0
        let magnitude = isSine ? sine(angle) : cosine(angle)
        return octant < 4 ? magnitude : -magnitude
    }

    /// cos(2π · part / whole).
    package static func cosine(_ part: Int, of whole: Int) -> Double {
        sine(4 * (part % whole) + whole, of: 4 * whole)
    }

    /// The Taylor polynomial of degree 17; its remainder is below 10⁻¹⁹ up to π/4.
    private static func sine(_ x: Double) -> Double {
        let square = x * x
        var sum = 0.0
        for n in stride(from: 17.0, through: 3, by: -2) {
            sum = (sum + 1) * (-square / (n * (n - 1)))
        }
        return x + x * sum
    }

    /// The Taylor polynomial of degree 18.
    private static func cosine(_ x: Double) -> Double {
        let square = x * x
        var sum = 0.0
        for n in stride(from: 18.0, through: 2, by: -2) {
            sum = (sum + 1) * (-square / (n * (n - 1)))
        }
        return 1 + sum
    }
}
