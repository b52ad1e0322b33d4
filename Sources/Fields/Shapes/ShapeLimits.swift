/// What holds for the parameters of every form.
package enum ShapeLimits {
    /// How far from an edge a site counts as on it, in sites. Coordinates up to 6000 are rounded by
    /// less than 10⁻¹¹.
    package static let edge = 0x1p-34
    /// No radius, half side or corner's offset may be larger.
    package static let maximumExtent = Double(Lattice.sides.upperBound)

    /// Whether `length` is a number from 0 to `maximumExtent`.
    static func isLength(_ length: Double) -> Bool { (0...maximumExtent).contains(length) }
}
