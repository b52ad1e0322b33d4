/// The Cholesky factor of the coarsest level's operator in Double, in banded storage (Golub and Van
/// Loan 2013, §4.3.5).
///
/// Points are numbered line by line along the shorter side. Where the longer side is a ring, its
/// lines are numbered 0, n − 1, 1, n − 2, …, which keeps neighbours two lines apart at most.
package final class BandedFactor {
    private let rows: Int
    private let columns: Int
    private let ring: Ring
    /// Number of each point, (rows, columns).
    private let numbers: [Int]
    private let width: Int
    private let size: Int
    /// Entry (i, i − k) at i · (width + 1) + k; diagonals inverted.
    private var factor: [Double]
    private var solution: [Double]

    /// Creates room for the factor of a level's operator.
    package init(rows: Int, columns: Int, ring: Ring) {
        (self.rows, self.columns, self.ring) = (rows, columns, ring)
        let isWide = rows < columns
        let (short, long) = isWide ? (rows, columns) : (columns, rows)
        let isFolded = isWide ? ring.columns : ring.rows
        size = rows * columns
        width = min(
            size - 1,
            isFolded
                ? 3 * short - 1 : (isWide ? ring.rows : ring.columns) ? 2 * short - 1 : short + 1)
        func position(_ line: Int) -> Int {
            guard isFolded else { return line }
            return line < (long + 1) / 2 ? 2 * line : 2 * (long - 1 - line) + 1
        }
        var numbers = [Int](repeating: 0, count: size)
        for row in 0..<rows {
            for column in 0..<columns {
                numbers[row * columns + column] =
                    isWide ? position(column) * short + row : position(row) * short + column
            }
        }
        self.numbers = numbers
        factor = [Double](repeating: 0, count: size * (width + 1))
        solution = [Double](repeating: 0, count: size)
    }

    /// Factorises. O(points · shorter side²) time.
    package func factorise(_ matrix: SymmetricOperator<Double>) {
        for index in factor.indices { factor[index] = 0 }
        for row in 0..<rows {
            for column in 0..<columns {
                let own = numbers[row * columns + column]
                factor[own * (width + 1)] = matrix.diagonal[row, column]
                for (down, right) in [(0, 1), (1, 0), (1, 1), (1, -1)] {
                    let coupling = matrix.coupling(row, column, down: down, right: right)
                    if coupling == 0 { continue }
                    let other = numbers[
                        (row + down) % rows * columns + (column + right + columns) % columns]
                    let (low, high) = (min(own, other), max(own, other))
                    factor[high * (width + 1) + high - low] -= coupling
                }
            }
        }
        let step = width + 1
        for i in 0..<size {
            let first = max(0, i - width)
            let floor = 0x1p-50 * factor[i * step]
            for j in first...i {
                var sum = factor[i * step + i - j]
                for k in max(first, j - width)..<max(first, j) {
                    sum -= factor[i * step + i - k] * factor[j * step + j - k]
                }
                // The operator is positive definite; the floor keeps rounding from making a NaN of
                // it.
                factor[i * step + i - j] =
                    j < i ? sum * factor[j * step] : 1 / max(sum, max(floor, 1e-300)).squareRoot()
            }
        }
    }

    /// value = A⁻¹ rhs. O(points · shorter side) time.
    package func solve(_ rhs: borrowing SplitPlane<Float>, into value: borrowing SplitPlane<Float>)
    {
        let step = width + 1
        for row in 0..<rows {
            for column in 0..<columns {
                solution[numbers[row * columns + column]] = Double(rhs[row, column])
            }
        }
        for i in 0..<size {
            var sum = solution[i]
            for j in max(0, i - width)..<i { sum -= factor[i * step + i - j] * solution[j] }
            solution[i] = sum * factor[i * step]
        }
        for i in (0..<size).reversed() {
            let result = solution[i] * factor[i * step]
            solution[i] = result
            for j in max(0, i - width)..<i { solution[j] -= factor[i * step + i - j] * result }
        }
        for row in 0..<rows {
            for column in 0..<columns {
                value[row, column] = Float(solution[numbers[row * columns + column]])
            }
        }
        value.close(ring)
    }
}
