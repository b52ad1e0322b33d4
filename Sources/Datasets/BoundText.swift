internal import Foundation

/// Bounds as text with fewer digits than they have: rounded up, as a bound that is printed below
/// the error is none.
package enum BoundText {
    /// The least decimal number with `digits` significant digits, at most 15, that is no smaller
    /// than `bound`, as `%g` writes it.
    package static func digits(_ bound: Double, _ digits: Int = 9) -> String {
        scaled(bound, digits).map { String(format: "%.\(digits)g", $0) } ?? "\(bound)"
    }

    /// The same as `%e` writes it.
    package static func exponential(_ bound: Double, _ digits: Int) -> String {
        scaled(bound, digits).map { String(format: "%.\(digits - 1)e", $0) } ?? "\(bound)"
    }

    /// That number, or nil where `bound` is not finite.
    private static func scaled(_ bound: Double, _ digits: Int) -> Double? {
        guard bound.isFinite else { return nil }
        let nearest = String(format: "%.\(digits - 1)e", bound)
        guard let value = Double(nearest), value < bound else { return Double(nearest) }
        // One more in the last place.
        let parts = nearest.split(separator: "e")
        guard parts.count == 2, let exponent = Int(parts[1]),
            let mantissa = Int(parts[0].filter { $0 != "." })
        else { return bound }
        return Double("\(mantissa + 1)e\(exponent - digits + 1)")
    }
}
