/// |p| ≤ down + e and |q| ≤ across + e.
package struct Rectangle: MeasuredForm {
    /// Half the height, along p, at least 0.
    package let down: Double
    /// Half the width, along q, at least 0.
    package let across: Double
    /// In degrees.
    package let angle: Double

    /// Creates a rectangle.
    package init(down: Double, across: Double, angle: Double) {
        (self.down, self.across, self.angle) = (down, across, angle)
    }

    package static let name = "rectangle"
    package static let code = 2
    package static let members = [ShapeMember.lengths("halves"), .angle]

    package var parameters: [Double] { [down, across, angle] }

    package init?(parameters: [Double]) {
        guard parameters.count == 3 else { return nil }
        self.init(down: parameters[0], across: parameters[1], angle: parameters[2])
    }

    package var refusal: String? {
        guard ShapeLimits.isLength(down), ShapeLimits.isLength(across) else {
            return "\(down) and \(across) must be from 0 to \(ShapeLimits.maximumExtent) sites"
        }
        return ShapeAngle.refusal(angle)
    }

    package static func reach(upTo most: [Double], isTurned: Bool) -> (down: Double, across: Double)
    {
        let diagonal = (most[0] * most[0] + most[1] * most[1]).squareRoot()
        return isTurned ? (diagonal, diagonal) : (most[0], most[1])
    }

    package func copy(isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool) -> Rectangle {
        Rectangle(
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

        init(_ rectangle: Rectangle) {
            (down, across) = (
                rectangle.down + ShapeLimits.edge, rectangle.across + ShapeLimits.edge
            )
            axes = TurnedAxes(degrees: rectangle.angle)
        }

        var reach: Int { Int((down * down + across * across).squareRoot()) + 1 }

        func admits(_ i: Double, _ j: Double) -> Bool {
            abs(axes.p(i, j)) <= down && abs(axes.q(i, j)) <= across
        }

        func estimate(row: Double) -> ClosedRange<Double>? {
            axes.strips(row: row, down: down, across: across, reach: Double(reach))
        }
    }
}
