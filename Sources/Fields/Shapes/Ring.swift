/// A disk without the sites of a smaller disk: inner² < i² + j² ≤ outer², exactly for the squares
/// in binary64, as for a disk.
package struct Ring: MeasuredForm {
    /// Radius of the disk, in sites.
    package let outer: Double
    /// Radius of the smaller disk.
    package let inner: Double

    /// Creates a ring.
    package init(outer: Double, inner: Double) { (self.outer, self.inner) = (outer, inner) }

    package static let name = "ring"
    package static let code = 3
    package static let members = [ShapeMember.length("outer"), .length("inner")]

    package var parameters: [Double] { [outer, inner] }

    package init?(parameters: [Double]) {
        guard parameters.count == 2 else { return nil }
        self.init(outer: parameters[0], inner: parameters[1])
    }

    package var refusal: String? {
        ShapeLimits.isLength(outer) && inner >= 0 && inner < outer
            ? nil
            : "the inner radius \(inner) must be at least 0 and below the outer one, \(outer), "
                + "which is at most \(ShapeLimits.maximumExtent)"
    }

    package static func refusal(from least: [Double], to most: [Double]) -> String? {
        least[0] >= most[1] + 1
            ? nil
            : "a ring with an outer radius from \(least[0]) and an inner one up to \(most[1]) may "
                + "cover no site: they must differ by 1 or more"
    }

    package static func reach(upTo most: [Double], isTurned: Bool) -> (down: Double, across: Double)
    { (most[0], most[0]) }

    package func copy(isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool) -> Ring { self }

    package var footprint: Footprint { Footprint(runs: Disk.runs(outer: outer, inner: inner)) }
}
