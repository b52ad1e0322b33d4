/// Solves the coarsest level: directly where it is narrow, by polynomial sweeps where decay alone
/// makes it well conditioned.
enum CoarsestSolver {
    /// Banded Cholesky factorisation, sites numbered along the shorter side.
    case direct(BandedCholesky)
    /// Pairs of Chebyshev steps over the whole spectrum.
    case sweeps([SIMD2<Float>])

    /// Whether a level with these axes is the last one.
    static func isCoarsest(rows: Axis, columns: Axis, decay: Double) -> Bool {
        min(rows.count, columns.count) <= 8 || isWellConditioned(rows, columns, decay)
    }

    /// Decay over one grid spacing dominates diffusion: a few sweeps solve.
    private static func isWellConditioned(_ rows: Axis, _ columns: Axis, _ decay: Double) -> Bool {
        let (low, high) = Smoothing.range(rows: rows, columns: columns, decay: decay, smoothest: 0)
        return high <= 2.5 * low
    }

    init(level: CoarseLevel, decay: Double) {
        let (rows, columns) = (level.grid.rowAxis, level.grid.columnAxis)
        if CoarsestSolver.isWellConditioned(rows, columns, decay) {
            self = .sweeps(Smoothing.solving(rows: rows, columns: columns, decay: decay, pairs: 3))
        } else {
            self = .direct(BandedCholesky(rows: rows.count, columns: columns.count))
        }
    }

    /// Takes over the level's operator for the current obstacles.
    func prepare(_ level: CoarseLevel) {
        if case .direct(let factor) = self { factor.factorise(level.grid) }
    }

    /// level.value = A⁻¹ level.rhs, exactly or nearly.
    func solve(_ level: CoarseLevel) {
        switch self {
        case .direct(let factor): factor.solve(level.rhs, into: level.value)
        case .sweeps(let pairs):
            level.smoothFromZero(pairs[0])
            for pair in pairs.dropFirst() { level.smooth(pair) }
        }
    }
}

/// The Cholesky factor of a small level's operator, in banded storage.
package final class BandedCholesky {
    private let rows: Int
    private let columns: Int
    private let transposed: Bool
    private let width: Int
    private let size: Int
    /// Entry (i, i − k) at i · (width + 1) + k; diagonals inverted.
    private var factor: [Double]
    private var solution: [Double]

    package init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        transposed = rows < columns
        width = min(rows, columns) + 1
        size = rows * columns
        factor = [Double](repeating: 0, count: size * (width + 1))
        solution = [Double](repeating: 0, count: size)
    }

    private func number(_ row: Int, _ column: Int) -> Int {
        transposed ? column * rows + row : row * columns + column
    }

    /// Factorises. O(sites · shorter side²) time.
    package func factorise(_ grid: GridOperator) {
        for index in factor.indices { factor[index] = 0 }
        for row in 0..<rows {
            for column in 0..<columns {
                let stencil = grid.stencils[grid.stencils.offset(row, column)]
                let own = number(row, column)
                for i in -1...1 where row + i >= 0 && row + i < rows {
                    for j in -1...1 where column + j >= 0 && column + j < columns {
                        let other = number(row + i, column + j)
                        if other <= own {
                            factor[own * (width + 1) + own - other] = Double(stencil[row: i][j + 1])
                        }
                    }
                }
            }
        }
        for i in 0..<size {
            let first = max(0, i - width)
            for j in first...i {
                var sum = factor[i * (width + 1) + i - j]
                for k in max(first, j - width)..<max(first, j) {
                    sum -= factor[i * (width + 1) + i - k] * factor[j * (width + 1) + j - k]
                }
                // A Galerkin operator is positive definite; the guard keeps rounding from making a
                // NaN of it.
                factor[i * (width + 1) + i - j] =
                    j < i ? sum * factor[j * (width + 1)] : 1 / max(sum, 1e-30).squareRoot()
            }
        }
    }

    /// Solves for one right-hand side. O(sites · shorter side) time.
    package func solve(_ rhs: borrowing Plane<Float>, into value: borrowing Plane<Float>) {
        for row in 0..<rows {
            for column in 0..<columns { solution[number(row, column)] = Double(rhs[row][column]) }
        }
        for i in 0..<size {
            var sum = solution[i]
            for j in max(0, i - width)..<i { sum -= factor[i * (width + 1) + i - j] * solution[j] }
            solution[i] = sum * factor[i * (width + 1)]
        }
        for i in (0..<size).reversed() {
            let result = solution[i] * factor[i * (width + 1)]
            solution[i] = result
            for j in max(0, i - width)..<i {
                solution[j] -= factor[i * (width + 1) + i - j] * result
            }
        }
        for row in 0..<rows {
            for column in 0..<columns { value[row][column] = Float(solution[number(row, column)]) }
        }
    }
}
