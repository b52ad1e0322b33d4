/// The weights with which the points of a grid take their values from the coarse points around
/// them, derived from the operator (Alcouffe, Brandt, Dendy and Painter 1981, SIAM J. Sci. Stat.
/// Comput. 2, §3; Dendy 1982, J. Comput. Phys. 48).
///
/// A point between two coarse ones solves its own row of the operator with the values that do not
/// vary across the line of the three; a point in the middle of four solves its row with what the
/// points around it got. Weights are at least 0 on lines; next to a cut-off site they lead to zero.
/// Across strong couplings whole lines may solve their rows together (`Interpolation+Lines.swift`).
/// Weights are kept in Float; the Galerkin product is exact for those.
package final class Interpolation {
    /// How rows are thinned out.
    package let rowAxis: Coarsening
    /// How columns are thinned out.
    package let columnAxis: Coarsening
    // C stands for coarse rows or columns, F for those between; (C rows, F columns) and so on.
    /// From the coarse points on the left and on the right.
    package let left: Plane<Float>, right: Plane<Float>  // (C rows, F columns)
    /// From the coarse points above and below.
    package let above: Plane<Float>, below: Plane<Float>  // (F rows, C columns)
    /// From the four coarse points around.
    package let aboveLeft: Plane<Float>, aboveRight: Plane<Float>, belowLeft: Plane<Float>,
        belowRight: Plane<Float>  // (F rows, F columns)
    /// One row of ones: what coarse points take from themselves.
    let one: Plane<Float>
    /// Two lines for transfers.
    let line: Plane<Float>
    /// One line for Galerkin products.
    let sums: Plane<Double>

    /// Creates room for the weights of a grid.
    package init(rowAxis: Coarsening, columnAxis: Coarsening) {
        self.rowAxis = rowAxis
        self.columnAxis = columnAxis
        func plane() -> Plane<Float> {
            Plane(rows: rowAxis.coarse + 1, columns: columnAxis.coarse + 1)
        }
        left = plane()
        right = plane()
        above = plane()
        below = plane()
        aboveLeft = plane()
        aboveRight = plane()
        belowLeft = plane()
        belowRight = plane()
        one = Plane(rows: 1, columns: columnAxis.coarse + 1)
        line = Plane(rows: 2, columns: columnAxis.coarse + 2)
        sums = Plane(rows: 1, columns: columnAxis.coarse)
        for k in -1...columnAxis.coarse { one[0][k] = 1 }
    }

    /// What the fine point at (down, right) from coarse point (row, column + k) takes from that, −1
    /// ≤ down, right ≤ 1, for all k: entry k of the result; zero where there is no such point.
    @inline(__always) package func weights(around row: Int, _ column: Int, down: Int, right: Int)
        -> Line<Float>
    {
        let (r, c) = (rowAxis.offset, columnAxis.offset)
        let before = column &+ c &- 1
        switch (down, right) {
        case (0, 0): return one[0].advanced(by: column)
        case (0, -1): return self.right[row].advanced(by: before)
        case (0, 1): return left[row].advanced(by: before &+ 1)
        case (-1, 0): return below[row &+ r &- 1].advanced(by: column)
        case (1, 0): return above[row &+ r].advanced(by: column)
        case (-1, -1): return belowRight[row &+ r &- 1].advanced(by: before)
        case (-1, 1): return belowLeft[row &+ r &- 1].advanced(by: before &+ 1)
        case (1, -1): return aboveRight[row &+ r].advanced(by: before)
        default: return aboveLeft[row &+ r].advanced(by: before &+ 1)
        }
    }

    /// Derives the weights from the operator of the grid, whose planes are closed; `rowLines` and
    /// `columnLines` say whether couplings along rows, and along columns, are strong. Returns
    /// whether there was a line whose rows were solved as a whole.
    package func derive(from matrix: SymmetricOperator<Double>, rowLines: Bool, columnLines: Bool)
        -> Bool
    {
        for row in 0..<rowAxis.coarse { deriveCoarseRow(row, matrix) }
        let columnsJump = columnLines && smoothColumnLines(matrix)
        closeCoarseRows()
        for row in 0..<rowAxis.between { deriveBetween(row, matrix) }
        let rowsJump = rowLines && smoothRowLines(matrix)
        closeWeights(above, rowAxis.between, columnAxis.coarse, isBetweenColumns: false)
        closeWeights(below, rowAxis.between, columnAxis.coarse, isBetweenColumns: false)
        for row in 0..<rowAxis.between { deriveMiddle(row, matrix) }
        closeWeights(aboveLeft, rowAxis.between, columnAxis.between, isBetweenColumns: true)
        closeWeights(aboveRight, rowAxis.between, columnAxis.between, isBetweenColumns: true)
        closeWeights(belowLeft, rowAxis.between, columnAxis.between, isBetweenColumns: true)
        closeWeights(belowRight, rowAxis.between, columnAxis.between, isBetweenColumns: true)
        return columnsJump || rowsJump
    }

    private func closeCoarseRows() {
        for row in 0..<rowAxis.coarse {
            closeLine(left[row], columnAxis.between, isBetween: true)
            closeLine(right[row], columnAxis.between, isBetween: true)
        }
        guard rowAxis.isRing else { return }
        copyRow(left, from: 0, to: rowAxis.coarse)
        copyRow(right, from: 0, to: rowAxis.coarse)
        copyRow(left, from: rowAxis.coarse - 1, to: -1)
        copyRow(right, from: rowAxis.coarse - 1, to: -1)
    }

    /// Renews the ghosts of weights of rows between coarse ones.
    private func closeWeights(
        _ plane: borrowing Plane<Float>, _ rows: Int, _ columns: Int, isBetweenColumns: Bool
    ) {
        for row in 0..<rows { closeLine(plane[row], columns, isBetween: isBetweenColumns) }
        // At a seam there are no points between.
        guard rowAxis.isRing, !rowAxis.hasSeam else { return }
        copyRow(plane, from: 0, to: rows)
        copyRow(plane, from: rows - 1, to: -1)
    }

    private func closeLine(_ line: Line<Float>, _ count: Int, isBetween: Bool) {
        guard columnAxis.isRing, !(isBetween && columnAxis.hasSeam) else { return }
        // One loop for both ghosts: a store to the constant index −1 alone was optimised away
        // (Swift 6.3).
        for (ghost, column) in [(-1, count - 1), (count, 0)] { line[ghost] = line[column] }
    }

    private func copyRow(_ plane: borrowing Plane<Float>, from: Int, to: Int) {
        let (source, target) = (plane[from], plane[to])
        for k in -1...columnAxis.coarse { target[k] = source[k] }
    }
}
