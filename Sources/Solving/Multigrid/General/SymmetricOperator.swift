/// A symmetric operator that couples each point of a grid to its eight neighbours (or four), by
/// half of its entries.
///
/// Couplings are the negative of the entries: (A u)ᵢ = diagonalᵢ uᵢ − Σ couplingᵢⱼ uⱼ. The planes
/// are closed.
package final class SymmetricOperator<Scalar: SIMDScalar & BinaryFloatingPoint> {
    /// Number of rows of the grid.
    package let rows: Int
    /// Number of columns of the grid.
    package let columns: Int
    /// The diagonal entries.
    package let diagonal: SplitPlane<Scalar>
    /// Couplings of (i, j) and (i, j + 1).
    package let east: SplitPlane<Scalar>
    /// Couplings of (i, j) and (i + 1, j).
    package let south: SplitPlane<Scalar>
    /// Couplings of (i, j) and (i + 1, j + 1).
    package let southEast: SplitPlane<Scalar>
    /// Couplings of (i, j) and (i + 1, j − 1).
    package let southWest: SplitPlane<Scalar>
    /// Whether there are couplings to the diagonal neighbours; else those planes are empty.
    package let hasDiagonals: Bool

    /// Creates an operator without entries.
    package init(rows: Int, columns: Int, hasDiagonals: Bool) {
        self.rows = rows
        self.columns = columns
        self.hasDiagonals = hasDiagonals
        diagonal = SplitPlane(rows: rows, columns: columns)
        east = SplitPlane(rows: rows, columns: columns)
        south = SplitPlane(rows: rows, columns: columns)
        southEast = SplitPlane(rows: hasDiagonals ? rows : 0, columns: hasDiagonals ? columns : 0)
        southWest = SplitPlane(rows: hasDiagonals ? rows : 0, columns: hasDiagonals ? columns : 0)
    }

    /// Renews the ghost entries.
    package func close(_ ring: Ring) {
        diagonal.close(ring)
        east.close(ring)
        south.close(ring)
        guard hasDiagonals else { return }
        southEast.close(ring)
        southWest.close(ring)
    }

    /// The coupling of (row, column) and its neighbour (row + down, column + right); the diagonal
    /// entry's negative for itself. Both may be ghosts of an axis that is a ring.
    package func coupling(_ row: Int, _ column: Int, down: Int, right: Int) -> Scalar {
        switch (down, right) {
        case (0, 0): -diagonal[row, column]
        case (0, 1): east[row, column]
        case (0, -1): east[row, column - 1]
        case (1, 0): south[row, column]
        case (-1, 0): south[row - 1, column]
        case (1, 1): hasDiagonals ? southEast[row, column] : 0
        case (-1, -1): hasDiagonals ? southEast[row - 1, column - 1] : 0
        case (1, -1): hasDiagonals ? southWest[row, column] : 0
        default: hasDiagonals ? southWest[row - 1, column + 1] : 0
        }
    }
}
