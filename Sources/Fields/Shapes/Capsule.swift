/// All sites within a radius of a segment: d² + q² ≤ (radius + e)² with d = max(|p| − half_length,
/// 0), the distance beyond the ends of the segment, which lies along p.
package struct Capsule: MeasuredForm {
    /// Half the length of the segment, along p, at least 0.
    package let halfLength: Double
    /// At least 0.
    package let radius: Double
    /// In degrees.
    package let angle: Double

    /// Creates a capsule.
    package init(halfLength: Double, radius: Double, angle: Double) {
        (self.halfLength, self.radius, self.angle) = (halfLength, radius, angle)
    }

    package static let name = "capsule"
    package static let code = 5
    package static let members = [ShapeMember.length("half_length"), .length("radius"), .angle]

    package var parameters: [Double] { [halfLength, radius, angle] }

    package init?(parameters: [Double]) {
        guard parameters.count == 3 else { return nil }
        self.init(halfLength: parameters[0], radius: parameters[1], angle: parameters[2])
    }

    package var refusal: String? {
        guard ShapeLimits.isLength(halfLength), ShapeLimits.isLength(radius),
            ShapeLimits.isLength(halfLength + radius)
        else {
            return "half its length, \(halfLength), and its radius, \(radius), must be at least 0 "
                + "and together at most \(ShapeLimits.maximumExtent) sites"
        }
        return ShapeAngle.refusal(angle)
    }

    package static func reach(upTo most: [Double], isTurned: Bool) -> (down: Double, across: Double)
    { (most[0] + most[1], isTurned ? most[0] + most[1] : most[1]) }

    /// An exchange of rows and columns reflects the segment at a diagonal, and the angle at 45
    /// degrees.
    package func copy(isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool) -> Capsule {
        let turned = ShapeAngle.copy(
            of: angle, isTransposed: isTransposed, flipsRows: flipsRows, flipsColumns: flipsColumns)
        let copy = !isTransposed ? turned : turned < 90 ? turned + 90 : turned - 90
        return Capsule(halfLength: halfLength, radius: radius, angle: copy)
    }

    package var footprint: Footprint { Footprint(Rule(self)) }

    private struct Rule: ConvexRule {
        let halfLength: Double
        let radius: Double
        let axes: TurnedAxes

        init(_ capsule: Capsule) {
            (halfLength, radius) = (capsule.halfLength, capsule.radius + ShapeLimits.edge)
            axes = TurnedAxes(degrees: capsule.angle)
        }

        var reach: Int { Int(halfLength + radius) + 1 }

        func admits(_ i: Double, _ j: Double) -> Bool {
            let beyond = max(abs(axes.p(i, j)) - halfLength, 0)
            let q = axes.q(i, j)
            return beyond * beyond + q * q <= radius * radius
        }

        /// What the row shares with the two disks at the ends and with the strip between them: a
        /// convex form, so its ends are the outermost of theirs.
        func estimate(row: Double) -> ClosedRange<Double>? {
            var ends = axes.strips(
                row: row, down: halfLength, across: radius, reach: Double(reach))
            for end in [-halfLength, halfLength] {
                let height = row - end * axes.cosine
                // A little more than the radius, in case that rounding decides.
                guard abs(height) <= radius + 0x1p-20 else { continue }
                let half = max(0, radius * radius - height * height).squareRoot()
                let centre = end * axes.sine
                ends =
                    min(
                        ends?.lowerBound ?? .infinity, centre - half)...max(
                        ends?.upperBound ?? -.infinity, centre + half)
            }
            return ends
        }
    }
}
