/// A square matrix of double precision, row by row, whose rows are a multiple of 32 long.
struct SquareMatrix {
    /// Numbers in a row.
    let width: Int
    /// The numbers.
    var values: [Double]

    /// A matrix of zeros.
    init(_ width: Int) {
        self.width = width
        values = [Double](repeating: 0, count: width * width)
    }

    /// Multiplies every number.
    mutating func scale(by factor: Double) {
        for k in values.indices { values[k] *= factor }
    }

    /// Adds `number` to the diagonal.
    mutating func addToDiagonal(_ number: Double) {
        for k in 0..<width { values[k * (width + 1)] += number }
    }

    /// Adds `factor` times vvᵀ.
    mutating func addSquare(of v: [Double], times factor: Double) {
        for i in 0..<width where v[i] != 0 {
            let scaled = factor * v[i]
            for j in 0..<width { values[i * width + j] += scaled * v[j] }
        }
    }

    /// The product with a vector.
    func times(_ v: [Double]) -> [Double] {
        (0..<width).map { i in
            var sum = 0.0
            for j in 0..<width { sum += values[i * width + j] * v[j] }
            return sum
        }
    }

    /// The product with another matrix.
    func times(_ other: SquareMatrix) -> SquareMatrix {
        var product = SquareMatrix(width)
        product.values = Self.product(
            values, rows: width, steps: (width, 1), inner: width, other.values, columns: width)
        return product
    }

    /// Adds Σ φφᵀ over rows that stand one after the other.
    mutating func addProducts(of rows: ArraySlice<Float>) {
        let wide = rows.map(Double.init)
        let sums = Self.product(
            wide, rows: width, steps: (1, width), inner: wide.count / width, wide, columns: width)
        for k in values.indices { values[k] += sums[k] }
    }

    /// φᵀMφ of rows that stand one after the other.
    func squares(of rows: [Float]) -> [Double] {
        let wide = rows.map(Double.init)
        let count = wide.count / width
        let products = Self.product(
            wide, rows: count, steps: (width, 1), inner: width, values, columns: width)
        return (0..<count).map { row in
            var sum = 0.0
            for k in row * width..<(row + 1) * width { sum += products[k] * wide[k] }
            return sum
        }
    }

    /// The inverse, of a matrix that is positive definite: by Cholesky's factor L, of which the
    /// inverse is M⁻¹ = L⁻ᵀL⁻¹.
    func inverse() -> SquareMatrix {
        var factor = self
        for column in 0..<width {
            for row in column..<width {
                var sum = values[row * width + column]
                for k in 0..<column {
                    sum -= factor[row, k] * factor[column, k]
                }
                // Unless numbers are extreme, rounding takes less than the smallest eigenvalue.
                factor[row, column] =
                    row == column ? max(sum, 0x1p-60).squareRoot() : sum / factor[column, column]
            }
        }
        // Rows of L⁻¹, each from those before it.
        var half = SquareMatrix(width)
        for row in 0..<width {
            half[row, row] = 1 / factor[row, row]
            for column in 0..<row {
                var sum = 0.0
                for k in column..<row { sum -= factor[row, k] * half[k, column] }
                half[row, column] = sum / factor[row, row]
            }
        }
        var inverse = SquareMatrix(width)
        inverse.values = Self.product(
            half.values, rows: width, steps: (1, width), inner: width, half.values, columns: width)
        return inverse
    }

    private subscript(row: Int, column: Int) -> Double {
        get { values[row * width + column] }
        set { values[row * width + column] = newValue }
    }
}
