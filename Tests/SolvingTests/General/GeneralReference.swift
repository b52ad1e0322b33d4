import Fields
import Solving

/// The exact discrete field of any medium and boundary by Gaussian elimination in Double, written
/// from the definition and sharing nothing with the solver. O(rows · columns³) time.
///
/// Rings join the first and the last row or column, so that the matrix is not banded: columns 0, n
/// − 1, 1, n − 2, … are numbered in that order, whatever the boundary, and a dense band of two rows
/// and more holds every face.
func generalReference(_ medium: Medium, _ boundary: Boundary, _ image: SourceImage, pinned: Bool)
    -> [Double]
{  // (rows, columns)
    let (rows, columns) = (medium.lattice.rows, medium.lattice.columns)
    let count = rows * columns
    var place = [Int](repeating: 0, count: count)
    for row in 0..<rows {
        let line = row < (rows + 1) / 2 ? 2 * row : 2 * (rows - 1 - row) + 1
        for column in 0..<columns { place[row * columns + column] = line * columns + column }
    }
    let band = 2 * columns
    let width = 2 * band + 1
    // (count, width): entry (i, j) at column j − i + band
    var matrix = [Double](repeating: 0, count: count * width)
    var field = [Double](repeating: 0, count: count)
    var held = [Double?](repeating: nil, count: count)
    for (site, value) in zip(image.sites, image.values) {
        if pinned { held[site] = value } else { field[place[site]] = value }
    }
    for site in 0..<count {
        let (row, column) = site.quotientAndRemainder(dividingBy: columns)
        let own = place[site]
        if let value = held[site] {
            matrix[own * width + band] = 1
            field[own] = value
            continue
        }
        var diagonal = medium.decay[site]
        func face(_ d: [Double], _ side: SideCondition, _ isOutside: Bool, _ other: Int) {
            if isOutside, side == .reflecting { return }
            if isOutside, side == .absorbing {
                diagonal += d[site]
                return
            }
            let conductance = 2 / (1 / d[site] + 1 / d[other])
            diagonal += conductance
            matrix[own * width + band + place[other] - own] -= conductance
        }
        face(medium.down, boundary.top, row == 0, (row + rows - 1) % rows * columns + column)
        face(medium.down, boundary.bottom, row == rows - 1, (row + 1) % rows * columns + column)
        face(
            medium.across, boundary.left, column == 0,
            row * columns + (column + columns - 1) % columns)
        face(
            medium.across, boundary.right, column == columns - 1,
            row * columns + (column + 1) % columns)
        matrix[own * width + band] = diagonal
    }
    eliminate(&matrix, band: band, &field)
    let largest = pinned ? 1 : field.max() ?? 1
    return (0..<count).map { field[place[$0]] / largest }
}
