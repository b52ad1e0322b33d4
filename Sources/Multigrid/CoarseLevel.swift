/// One coarser level: its operator, the fields of a cycle, and what its kernels must do apart from the constant stencil.
final class CoarseLevel {
    var grid: GridOperator
    let smoothing: Smoothing
    /// Right-hand side.
    let rhs: Plane<Float>
    /// Current approximation.
    let value: Plane<Float>
    /// The approximation between the two steps of a sweep; the residual.
    let scratch: Plane<Float>
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
        var inverseDiagonal: Float
        var row: Int32
        var column: Int32
    }

    /// What to add to the mean-of-neighbours interpolation at `offset`: `weights` times the coarse values at `coarse` and
    /// its neighbours to the right, below, and both.
    struct SpecialWeights {
        var weights: SIMD4<Float>
        var offset: Int32
        var coarse: Int32
    }

    /// The weights with which a coarse point gathers the 3×3 fine residuals around it.
    struct SpecialRestriction {
        var weights: Stencil
        var fineRow: Int32
        var fineColumn: Int32
        var coarse: Int32
    }

    init(grid: GridOperator, decay: Double) {
        self.grid = grid
        smoothing = Smoothing(rows: grid.rowAxis, columns: grid.columnAxis, decay: decay)
        rhs = Plane(rows: grid.rows, columns: grid.columns)
        value = Plane(rows: grid.rows, columns: grid.columns)
        scratch = Plane(rows: grid.rows, columns: grid.columns)
        let stride = Planes.stride(columns: grid.columns)
        coarseStride = Planes.stride(columns: grid.columns / 2)
        let lastRow = grid.rows - 1
        let lastColumn = grid.columns - 1
        let wall =
            (0..<lastRow).map { ($0, lastColumn) } + (0..<lastColumn).map { (lastRow, $0) } + [(lastRow, lastColumn)]
        wallRows = wall.map { CoarseLevel.specialRow(grid, $0.0, $0.1) }
        let own = wall.filter { site in
            let first = (grid.rowAxis.weights(at: site.0).x, grid.columnAxis.weights(at: site.1).x)
            return (first.0 != 1 && first.0 != 0.5) || (first.1 != 1 && first.1 != 0.5)
        }
        wallWeights = own.map {
            CoarseLevel.specialWeights(grid, $0.0, $0.1, stride, Planes.stride(columns: grid.columns / 2))
        }
        var points: [(Int, Int)] = []
        if own.contains(where: { $0.0 == lastRow && lastRow & 1 == 0 }) {
            points += (0..<grid.columns / 2).map { (grid.rows / 2 - 1, $0) }
        }
        if own.contains(where: { $0.1 == lastColumn && lastColumn & 1 == 0 }) {
            points += (0..<grid.rows / 2).map { ($0, grid.columns / 2 - 1) }
        }
        wallRestrictions = points.map {
            CoarseLevel.specialRestriction(grid, $0.0, $0.1, Planes.stride(columns: grid.columns / 2))
        }
    }

    /// Takes over what the grid operator knows of the current obstacles; `coarse` is the next level, if there is one.
    func prepare(coarse: CoarseLevel?) {
        specialRows = wallRows
        for site in grid.sites {
            specialRows.append(CoarseLevel.specialRow(grid, Int(site) / grid.columns, Int(site) % grid.columns))
        }
        guard let coarse else { return }
        specialWeights = wallWeights
        for site in grid.weightSites {
            specialWeights.append(
                CoarseLevel.specialWeights(
                    grid, Int(site) / grid.columns, Int(site) % grid.columns, value.stride, coarseStride))
        }
        specialRestrictions = wallRestrictions
        for site in coarse.grid.sites {
            specialRestrictions.append(
                CoarseLevel.specialRestriction(
                    grid, Int(site) / coarse.grid.columns, Int(site) % coarse.grid.columns, coarseStride))
        }
    }

    private static func specialRow(_ grid: GridOperator, _ row: Int, _ column: Int) -> SpecialRow {
        let stencil = grid.stencil(row, column)
        return SpecialRow(
            stencil: stencil, inverseDiagonal: 1 / stencil.center, row: Int32(row), column: Int32(column))
    }

    private static func specialWeights(
        _ grid: GridOperator, _ row: Int, _ column: Int, _ stride: Int, _ coarseStride: Int
    ) -> SpecialWeights {
        let plain = SIMD4<Float>(
            row & 1 == 1
                ? (column & 1 == 1 ? SIMD4(1, 0, 0, 0) : SIMD4(0.5, 0.5, 0, 0))
                : (column & 1 == 1 ? SIMD4(0.5, 0, 0.5, 0) : SIMD4(repeating: 0.25)))
        return SpecialWeights(
            weights: grid.interpolation(row, column) - plain, offset: Int32(row * stride + column),
            coarse: Int32(((row + 1) / 2 - 1) * coarseStride + (column + 1) / 2 - 1))
    }

    static func specialRestriction(_ grid: GridOperator, _ r: Int, _ c: Int, _ coarseStride: Int) -> SpecialRestriction
    {
        var weights = Stencil.zero
        for i in -1...1 where 2 * r + 1 + i < grid.rows {
            for j in -1...1 where 2 * c + 1 + j < grid.columns {
                weights[row: i][j + 1] = grid.interpolation(2 * r + 1 + i, 2 * c + 1 + j, from: r, c)
            }
        }
        return SpecialRestriction(
            weights: weights, fineRow: Int32(2 * r + 1), fineColumn: Int32(2 * c + 1),
            coarse: Int32(r * coarseStride + c))
    }
}
