/// (p/(down + e))² + (q/(across + e))² ≤ 1.
package struct Ellipse: MeasuredForm {
    /// Radius along p, above 0.
    package let down: Double
    /// Radius along q, above 0.
    package let across: Double
    /// In degrees.
    package let angle: Double

    /// Creates an ellipse.
    package init(down: Double, across: Double, angle: Double) {
        (self.down, self.across, self.angle) = (down, across, angle)
    }

    package static let name = "ellipse"
    package static let code = 1
    package static let members = [ShapeMember.lengths("radii"), .angle]

    package var parameters: [Double] { [down, across, angle] }

    package init?(parameters: [Double]) {
        guard parameters.count == 3 else { return nil }
        self.init(down: parameters[0], across: parameters[1], angle: parameters[2])
    }

    package var refusal: String? {
        guard ShapeLimits.isLength(down), ShapeLimits.isLength(across) else {
            return "\(down) and \(across) must be from 0 to \(ShapeLimits.maximumExtent) sites"
        }
        guard down >= 0x1p-20, across >= 0x1p-20 else {
            return "the radii \(down) and \(across) must be above 0"
        }
        return ShapeAngle.refusal(angle)
    }

    package static func refusal(from least: [Double], to most: [Double]) -> String? {
        least[0] >= 0x1p-10 && least[1] >= 0x1p-10
            ? nil : "the radii of an ellipse must be above 0"
    }

    package static func reach(upTo most: [Double], isTurned: Bool) -> (down: Double, across: Double)
    { isTurned ? (max(most[0], most[1]), max(most[0], most[1])) : (most[0], most[1]) }

    package func copy(isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool) -> Ellipse {
        Ellipse(
            down: isTransposed ? across : down, across: isTransposed ? down : across,
            angle: ShapeAngle.copy(
                of: angle, isTransposed: isTransposed, flipsRows: flipsRows,
                flipsColumns: flipsColumns))
    }

    package var footprint: Footprint { Footprint(Rule(self)) }

    private struct Rule: ConvexRule {
        let down: Double
        let across: Double
        let axes: TurnedAxes

        init(_ ellipse: Ellipse) {
            (down, across) = (ellipse.down + ShapeLimits.edge, ellipse.across + ShapeLimits.edge)
            axes = TurnedAxes(degrees: ellipse.angle)
        }

        var reach: Int { Int(max(down, across)) + 1 }

        func admits(_ i: Double, _ j: Double) -> Bool {
            let p = axes.p(i, j) / down
            let q = axes.q(i, j) / across
            return p * p + q * q <= 1
        }

        /// The roots of the quadratic in j; where there are none, their mean, in case that rounding
        /// decides.
        func estimate(row: Double) -> ClosedRange<Double>? {
            let (s, c) = (axes.sine, axes.cosine)
            let a = s * s / (down * down) + c * c / (across * across)
            let b = s * c / (down * down) - s * c / (across * across)
            let centre = -b * row / a
            let height = row / (down * across)
            let half = max(0, (1 - height * height / a) / a).squareRoot()
            return centre - half...centre + half
        }
    }
}
