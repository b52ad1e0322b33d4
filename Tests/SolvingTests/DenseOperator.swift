import Solving

/// A level's operator and interpolation as dense matrices in Double, read from its tables site by
/// site.
struct DenseOperator {
    let rows: Int
    let columns: Int
    /// (sites, sites)
    let matrix: [[Double]]
    /// (sites, coarse sites)
    let interpolation: [[Double]]

    /// The entries that are not zero, row by row.
    private let nonzero: (matrix: [[Entry]], interpolation: [[Entry]])

    private typealias Entry = (index: Int, value: Double)

    init(_ grid: GridOperator) {
        let (rows, columns) = (grid.rows, grid.columns)
        let (coarseRows, coarseColumns) = (rows / 2, columns / 2)
        var matrix = [[Double]](
            repeating: [Double](repeating: 0, count: rows * columns), count: rows * columns)
        var interpolation = [[Double]](
            repeating: [Double](repeating: 0, count: coarseRows * coarseColumns),
            count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                let site = row * columns + column
                let stencil = grid.stencils[grid.stencils.offset(row, column)]
                for i in -1...1 where row + i >= 0 && row + i < rows {
                    for j in -1...1 where column + j >= 0 && column + j < columns {
                        matrix[site][(row + i) * columns + column + j] = Double(
                            stencil[row: i][j + 1])
                    }
                }
                let weights = grid.weights[grid.weights.offset(row, column)]
                for k in 0..<4 {
                    let r = (row + 1) / 2 - 1 + k / 2
                    let c = (column + 1) / 2 - 1 + k % 2
                    guard r >= 0, r < coarseRows, c >= 0, c < coarseColumns else { continue }
                    interpolation[site][r * coarseColumns + c] = Double(weights[k])
                }
            }
        }
        self.rows = rows
        self.columns = columns
        self.matrix = matrix
        self.interpolation = interpolation
        func entries(_ rows: [[Double]]) -> [[Entry]] {
            rows.map { row in row.indices.filter { row[$0] != 0 }.map { ($0, row[$0]) } }
        }
        nonzero = (entries(matrix), entries(interpolation))
    }

    /// A·x.
    func apply(_ x: [Double]) -> [Double] {
        nonzero.matrix.map { row in row.reduce(0) { $0 + $1.value * x[$1.index] } }
    }

    /// Pᵀ·x.
    func restrict(_ x: [Double]) -> [Double] {
        var result = [Double](repeating: 0, count: interpolation[0].count)
        for (row, value) in zip(nonzero.interpolation, x) {
            for entry in row { result[entry.index] += entry.value * value }
        }
        return result
    }

    /// P·x.
    func prolongate(_ x: [Double]) -> [Double] {
        nonzero.interpolation.map { row in row.reduce(0) { $0 + $1.value * x[$1.index] } }
    }

    /// PᵀAP.
    func galerkin() -> [[Double]] {
        let count = interpolation[0].count
        let columns = (0..<count).map { c in apply(interpolation.map { $0[c] }) }  // columns of A·P
        let product = columns.map { restrict($0) }  // columns of PᵀAP
        return (0..<count).map { r in (0..<count).map { product[$0][r] } }
    }
}

extension Plane<Float> {
    /// The plane's numbers, row by row.
    var numbers: [Double] {
        (0..<rows).flatMap { row in (0..<columns).map { Double(self[row][$0]) } }
    }

    /// Fills the plane, row by row.
    func fill(_ values: [Double]) {
        for row in 0..<rows {
            for column in 0..<columns { self[row][column] = Float(values[row * columns + column]) }
        }
    }
}
