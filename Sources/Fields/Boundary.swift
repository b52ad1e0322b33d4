/// What holds at one side of the lattice.
public enum SideCondition: String, Hashable, Sendable, CaseIterable {
    /// The field vanishes on the ghost sites just outside, one spacing away.
    case absorbing
    /// No flux crosses the faces between the last sites and the ghost sites.
    case reflecting
    /// The side is joined to the opposite one.
    case periodic
}

/// What holds at the four sides of the lattice.
public struct Boundary: Hashable, Sendable {
    /// Above row 0.
    public let top: SideCondition
    /// Below the last row.
    public let bottom: SideCondition
    /// Left of column 0.
    public let left: SideCondition
    /// Right of the last column.
    public let right: SideCondition

    /// All four sides absorbing, as in the paper.
    public static let absorbing = Boundary(all: .absorbing)

    /// Creates a boundary with one condition on all sides.
    public init(all condition: SideCondition) {
        (top, bottom, left, right) = (condition, condition, condition, condition)
    }

    /// Creates a boundary side by side.
    ///
    /// - Throws: `ConfigurationError` with code `.physics` where one of two opposite sides is
    ///   periodic and the other is not.
    public init(
        top: SideCondition, bottom: SideCondition, left: SideCondition, right: SideCondition
    ) throws(ConfigurationError) {
        for (first, second, names) in [
            (top, bottom, "top and bottom"), (left, right, "left and right"),
        ] where (first == .periodic) != (second == .periodic) {
            throw ConfigurationError(
                .physics,
                "the sides \(names) are \(first.rawValue) and \(second.rawValue): periodic sides "
                    + "come in opposite pairs")
        }
        (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
    }

    /// Whether some side holds the field down.
    public var isAbsorbingSomewhere: Bool { [top, bottom, left, right].contains(.absorbing) }
}
