/// The operator of one level and the interpolation to it: one constant stencil and bilinear
/// weights, and what differs from them near walls and obstacles.
///
/// `reset` forgets the obstacles in time proportional to the number of sites they touch, so that
/// nothing of the size of the lattice is done between configurations.
package final class GridOperator {
    package let rows: Int
    package let columns: Int
    let rowAxis: Axis
    let columnAxis: Axis
    /// The stencil of every row that is not special.
    package let interior: Stencil
    /// The operator's rows; those of obstacles are the table's own.
    package let stencils: SiteTable<Stencil>
    /// The weights with which a site takes its value from the coarse points (r, c), (r, c+1), (r+1,
    /// c), (r+1, c+1) with r = (row + 1)/2 − 1 and c = (column + 1)/2 − 1; those of sites near
    /// obstacles are the table's own.
    package let weights: SiteTable<SIMD4<Float>>

    package init(rowAxis: Axis, columnAxis: Axis, decay: Double) {
        rows = rowAxis.count
        columns = columnAxis.count
        self.rowAxis = rowAxis
        self.columnAxis = columnAxis
        let (lastRow, lastColumn) = (rowAxis.count - 1, columnAxis.count - 1)
        let shared = (0..<4).map {
            Stencil(
                rows: rowAxis, columns: columnAxis, decay: decay, lastRow: $0 & 1 != 0,
                lastColumn: $0 & 2 != 0)
        }
        interior = shared[0]
        stencils = SiteTable(rows: rows, columns: columns, shared: [.zero] + shared) {
            row, column in 1 + (row == lastRow ? 1 : 0) + (column == lastColumn ? 2 : 0)
        }
        // On each axis a point is odd, even, or even and last: all points of one class have the
        // same weights.
        func kind(_ index: Int, _ last: Int) -> Int { index & 1 == 1 ? 0 : index == last ? 2 : 1 }
        func kinds(_ axis: Axis) -> [SIMD2<Float>] {
            [SIMD2(1, 0), SIMD2(0.5, 0.5), SIMD2<Float>(axis.weights(at: (axis.count - 1) & ~1))]
        }
        var bilinear = [SIMD4<Float>.zero]
        for r in kinds(rowAxis) {
            for c in kinds(columnAxis) {
                bilinear.append(SIMD4(r.x * c.x, r.x * c.y, r.y * c.x, r.y * c.y))
            }
        }
        weights = SiteTable(rows: rows, columns: columns, shared: bilinear) { row, column in
            1 + 3 * kind(row, lastRow) + kind(column, lastColumn)
        }
    }

    /// Forgets the obstacles of the last configuration.
    package func reset() {
        stencils.reset()
        weights.reset()
    }

    /// Gives the site at `offset` a stencil of its own.
    @inline(__always) package func set(_ stencil: Stencil, at offset: Int) {
        stencils.set(stencil, at: offset)
    }

    /// Gives the site at `offset` interpolation weights of its own.
    @inline(__always) func setWeights(_ value: SIMD4<Float>, at offset: Int) {
        weights.set(value, at: offset)
    }

    /// The weights with which the 3×3 sites around the coarse point (r, c) take their values from
    /// it; with the same weights it gathers their residuals.
    @inline(__always) func restriction(_ r: Int, _ c: Int) -> Stencil {
        let center = weights.offset(2 &* r &+ 1, 2 &* c &+ 1)
        let (above, below) = (center &- weights.stride, center &+ weights.stride)
        // A site in the row or column before the point has it as second of the two coarse points on
        // that axis.
        return Stencil(
            north: SIMD4(weights[above &- 1].w, weights[above].z, weights[above &+ 1].z, 0),
            middle: SIMD4(weights[center &- 1].y, weights[center].x, weights[center &+ 1].x, 0),
            south: SIMD4(weights[below &- 1].y, weights[below].x, weights[below &+ 1].x, 0))
    }
}
