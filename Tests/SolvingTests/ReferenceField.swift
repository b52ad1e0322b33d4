import Fields

/// The exact discrete field by Gaussian elimination in Double, written from the definition and
/// sharing nothing with the solver: −Δu + κu = s with zeros outside; rows of pinned sites are those
/// of the identity.
///
/// O(rows · columns³) time: for small lattices. No pivoting is needed for an M-matrix.
func referenceField(_ image: SourceImage, _ physics: Physics) -> [Double] {  // (rows, columns)
    let (rows, columns) = (physics.lattice.rows, physics.lattice.columns)
    let uniform = physics.uniform ?? (1, 1, 1)
    let decay = uniform.decay / uniform.down
    let count = rows * columns
    let width = 2 * columns + 1
    // (count, width): entry (i, j) at column j − i + columns
    var matrix = [Double](repeating: 0, count: count * width)
    var field = [Double](repeating: 0, count: count)
    var pinned = [Bool](repeating: false, count: count)
    for (site, value) in zip(image.sites, image.values) {
        pinned[site] = physics.sources == .pinned
        field[site] = pinned[site] ? value : decay * value
    }
    for site in 0..<count {
        let (row, column) = site.quotientAndRemainder(dividingBy: columns)
        matrix[site * width + columns] = pinned[site] ? 1 : 4 + decay
        if pinned[site] { continue }
        if row > 0 { matrix[site * width] = -1 }
        if row + 1 < rows { matrix[site * width + 2 * columns] = -1 }
        if column > 0 { matrix[site * width + columns - 1] = -1 }
        if column + 1 < columns { matrix[site * width + columns + 1] = -1 }
    }
    eliminate(&matrix, band: columns, &field)
    if physics.sources == .emitting {
        let largest = field.max() ?? 1
        for site in 0..<count { field[site] /= largest }
    }
    return field
}

/// Solves a banded system by Gaussian elimination without pivoting: `field` is the right-hand side,
/// then the solution.
///
/// - Parameter matrix: (count, 2 band + 1): entry (i, j) at column j − i + band; destroyed.
func eliminate(_ matrix: inout [Double], band: Int, _ field: inout [Double]) {
    let count = field.count
    let width = 2 * band + 1
    unsafe matrix.withUnsafeMutableBufferPointer { matrix in
        for pivot in 0..<count {
            // The buffer is as long as the array; indices stay within the band.
            for row in pivot + 1..<min(count, pivot + band + 1) {
                let factor =
                    unsafe matrix[row * width + pivot - row + band] / matrix[pivot * width + band]
                if factor == 0 { continue }
                let (target, source) = (row * width - row + band, pivot * width - pivot + band)
                for column in pivot + 1..<min(count, pivot + band + 1) {
                    unsafe matrix[target + column] -= factor * matrix[source + column]
                }
                field[row] -= factor * field[pivot]
            }
        }
    }
    for row in (0..<count).reversed() {
        var sum = field[row]
        for column in row + 1..<max(row + 1, min(count, row + band + 1)) {
            sum -= matrix[row * width + column - row + band] * field[column]
        }
        field[row] = sum / matrix[row * width + band]
    }
}
