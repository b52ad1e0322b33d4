/// The nine coefficients of one row of an operator: how much each site of the 3×3 neighbourhood
/// counts.
package struct Stencil {
    /// Row above: north-west, north, north-east; the fourth lane is zero.
    package var north: SIMD4<Float>
    /// Same row: west, centre, east.
    package var middle: SIMD4<Float>
    /// Row below: south-west, south, south-east.
    package var south: SIMD4<Float>

    static let zero = Stencil(north: .zero, middle: .zero, south: .zero)

    /// The coefficient of the site itself.
    package var center: Float { middle.y }

    /// The sum of the coefficients' magnitudes.
    var magnitude: Float {
        func sum(_ line: SIMD4<Float>) -> Float { (abs(line.x) + abs(line.y)) + abs(line.z) }
        return (sum(north) + sum(middle)) + sum(south)
    }

    /// The three coefficients of row `offset`, −1, 0 or 1.
    package subscript(row offset: Int) -> SIMD4<Float> {
        get { offset < 0 ? north : offset == 0 ? middle : south }
        set {
            if offset < 0 {
                north = newValue
            } else if offset == 0 {
                middle = newValue
            } else {
                south = newValue
            }
        }
    }

    /// The stencil of an interior or last point of −Δ + κ on a level without obstacles: K⊗M + M⊗K +
    /// κ M⊗M.
    init(rows: Axis, columns: Axis, decay: Double, lastRow: Bool, lastColumn: Bool) {
        self = .zero
        for i in -1...1 {
            for j in -1...1 {
                let kr = i == 0 ? (lastRow ? rows.last.x : rows.stiffness.x) : rows.stiffness.y
                let mr = i == 0 ? (lastRow ? rows.last.y : rows.mass.x) : rows.mass.y
                let kc =
                    j == 0
                    ? (lastColumn ? columns.last.x : columns.stiffness.x) : columns.stiffness.y
                let mc = j == 0 ? (lastColumn ? columns.last.y : columns.mass.x) : columns.mass.y
                self[row: i][j + 1] = Float(kr * mc + mr * kc + decay * mr * mc)
            }
        }
    }

    package init(north: SIMD4<Float>, middle: SIMD4<Float>, south: SIMD4<Float>) {
        self.north = north
        self.middle = middle
        self.south = south
    }

    /// The row of a site that no other depends on and that stays zero: inside an obstacle.
    package static func isolated(diagonal: Float) -> Stencil {
        Stencil(north: .zero, middle: SIMD4(0, diagonal, 0, 0), south: .zero)
    }

    /// Applies the row to the values around `line`'s site 0, in a fixed order of additions; rows
    /// are `stride` apart.
    @inline(__always) func apply(_ line: Line<Float>, _ stride: Int) -> Float {
        let sum =
            north * line.load4(-1 &- stride) + middle * line.load4(-1) + south
            * line.load4(stride &- 1)
        return (sum.x + sum.y) + sum.z
    }
}
