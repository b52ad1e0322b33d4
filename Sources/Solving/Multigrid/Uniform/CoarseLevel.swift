/// One coarser level: its operator, the fields of a cycle, and what its kernels must do apart from
/// the constant stencil.
package final class CoarseLevel {
    package let grid: GridOperator
    package let smoothing: Smoothing
    /// Right-hand side.
    package let rhs: Plane<Float>
    /// Current approximation.
    package let value: Plane<Float>
    /// The approximation between the two steps of a sweep; the residual.
    package let scratch: Plane<Float>
    /// Rows of the operator that differ from the interior one.
    var specialRows: [SpecialRow] = []
    /// Sites whose interpolation differs from the mean of their coarse neighbours.
    var specialWeights: [SpecialWeights] = []
    /// Coarse points whose restriction differs from full weighting.
    var specialRestrictions: [SpecialRestriction] = []

    var wallCount: Int { wallRows.count }
    private let wallRows: [SpecialRow]
    private let wallWeights: [SpecialWeights]
    private let wallRestrictions: [SpecialRestriction]
    private let coarseStride: Int

    /// A row of the operator at plane offset `offset`.
    struct SpecialRow {
        var stencil: Stencil
        /// 1/diagonal, for Gauss–Seidel.
        var inverseDiagonal: Float
        /// The same for the polynomial steps, or less: those diverge on eigenvalues beyond the
        /// range they are made for. Σ|aᵢⱼ| is twice the diagonal at most in a row that is
        /// diagonally dominant. Where little of a coarse point's basis is left between obstacles it
        /// can be any number; dividing by half the sum keeps the eigenvalues below 2 (Gershgorin),
        /// as ℓ₁ smoothers do (Baker, Falgout, Kolev and Yang 2011, SIAM J. Sci. Comput. 33, §6).
        var dampedInverse: Float
        var offset: Int32
    }

    /// What to add to the mean-of-neighbours interpolation at `offset`: `weights` times the coarse
    /// values at `coarse` and its neighbours to the right, below, and both.
    struct SpecialWeights {
        var weights: SIMD4<Float>
        var offset: Int32
        var coarse: Int32

        init(_ weights: SIMD4<Float>, _ row: Int, _ column: Int, _ stride: Int, _ coarseStride: Int)
        {
            self.weights = weights
            offset = Int32(truncatingIfNeeded: row &* stride &+ column)
            coarse = Int32(
                truncatingIfNeeded: ((row &+ 1) / 2 &- 1) &* coarseStride &+ (column &+ 1) / 2 &- 1)
        }
    }

    /// The weights with which a coarse point gathers the 3×3 fine residuals around it.
    struct SpecialRestriction {
        var weights: Stencil
        /// Offset of the coarse point on the coarse level.
        var coarse: Int32
        /// Its offset here.
        var fine: Int32
    }

    init(grid: GridOperator, decay: Double) {
        self.grid = grid
        smoothing = Smoothing(rows: grid.rowAxis, columns: grid.columnAxis, decay: decay)
        rhs = Plane(rows: grid.rows, columns: grid.columns)
        value = Plane(rows: grid.rows, columns: grid.columns)
        scratch = Plane(rows: grid.rows, columns: grid.columns)
        let stride = rhs.stride
        let coarseStride = Planes.stride(columns: grid.columns / 2)
        self.coarseStride = coarseStride
        let lastRow = grid.rows - 1
        let lastColumn = grid.columns - 1
        let wall =
            (0..<lastRow).map { ($0, lastColumn) } + (0..<lastColumn).map { (lastRow, $0) } + [
                (lastRow, lastColumn)
            ]
        wallRows = wall.map { CoarseLevel.specialRow(grid, $0.0, $0.1, stride) }
        // Sites and coarse points at a wall whose distance is no whole spacing.
        let own = wall.filter { site in
            (site.0 == lastRow && lastRow & 1 == 0 && grid.rowAxis.gap != 1)
                || (site.1 == lastColumn && lastColumn & 1 == 0 && grid.columnAxis.gap != 1)
        }
        wallWeights = own.map { row, column in
            let plain = SIMD4<Float>(
                row & 1 == 1
                    ? (column & 1 == 1 ? SIMD4(1, 0, 0, 0) : SIMD4(0.5, 0.5, 0, 0))
                    : (column & 1 == 1 ? SIMD4(0.5, 0, 0.5, 0) : SIMD4(repeating: 0.25)))
            let weights = grid.weights[grid.weights.offset(row, column)] - plain
            return SpecialWeights(weights, row, column, stride, coarseStride)
        }
        var points: [(Int, Int)] = []
        if own.contains(where: { $0.0 == lastRow && lastRow & 1 == 0 }) {
            points += (0..<grid.columns / 2).map { (grid.rows / 2 - 1, $0) }
        }
        if own.contains(where: { $0.1 == lastColumn && lastColumn & 1 == 0 }) {
            points += (0..<grid.rows / 2).map { ($0, grid.columns / 2 - 1) }
        }
        wallRestrictions = points.map {
            CoarseLevel.specialRestriction(grid, $0.0, $0.1, stride, coarseStride)
        }
    }

    /// Takes over what the grid operator knows of the current obstacles; `coarse` is the next
    /// level, if there is one.
    func prepare(coarse: CoarseLevel?) {
        let stride = rhs.stride
        // Arrays are moved out and back, which spares every use of them a check of exclusive
        // access.
        var specialRows: [SpecialRow] = []
        var specialWeights: [SpecialWeights] = []
        var specialRestrictions: [SpecialRestriction] = []
        exchange(&specialRows, &specialWeights, &specialRestrictions)
        defer { exchange(&specialRows, &specialWeights, &specialRestrictions) }
        specialRows.removeAll(keepingCapacity: true)
        specialRows += wallRows
        for site in grid.stencils.own {
            let (row, column) = grid.stencils.site(site)
            specialRows.append(CoarseLevel.specialRow(grid, row, column, stride))
        }
        guard let coarse else { return }
        specialWeights.removeAll(keepingCapacity: true)
        specialWeights += wallWeights
        for site in grid.weights.own {
            let (row, column) = grid.weights.site(site)
            // What a wall changes has been added already.
            let weights = grid.weights[Int(site)] - grid.weights.shared(at: Int(site))
            specialWeights.append(SpecialWeights(weights, row, column, stride, coarseStride))
        }
        specialRestrictions.removeAll(keepingCapacity: true)
        specialRestrictions += wallRestrictions
        for site in coarse.grid.stencils.own {
            let (r, c) = coarse.grid.stencils.site(site)
            specialRestrictions.append(
                CoarseLevel.specialRestriction(grid, r, c, stride, coarseStride))
        }
    }

    private func exchange(
        _ rows: inout [SpecialRow], _ weights: inout [SpecialWeights],
        _ restrictions: inout [SpecialRestriction]
    ) {
        swap(&rows, &specialRows)
        swap(&weights, &specialWeights)
        swap(&restrictions, &specialRestrictions)
    }

    @inline(__always) private static func specialRow(
        _ grid: GridOperator, _ row: Int, _ column: Int, _ stride: Int
    ) -> SpecialRow {
        let stencil = grid.stencils[grid.stencils.offset(row, column)]
        return SpecialRow(
            stencil: stencil, inverseDiagonal: 1 / stencil.center,
            dampedInverse: min(1 / stencil.center, 2 / stencil.magnitude),
            offset: Int32(truncatingIfNeeded: row &* stride &+ column))
    }

    /// The restriction to the coarse point (r, c); strides are of this level's planes and of the
    /// coarser one's.
    @inline(__always) static func specialRestriction(
        _ grid: GridOperator, _ r: Int, _ c: Int, _ stride: Int, _ coarseStride: Int
    ) -> SpecialRestriction {
        SpecialRestriction(
            weights: grid.restriction(r, c),
            coarse: Int32(truncatingIfNeeded: r &* coarseStride &+ c),
            fine: Int32(truncatingIfNeeded: (2 &* r &+ 1) &* stride &+ 2 &* c &+ 1))
    }
}
