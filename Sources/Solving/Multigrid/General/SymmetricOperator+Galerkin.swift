/// Galerkin products Pᵀ A P.
extension SymmetricOperator where Scalar == Double {
    /// Makes this the coarse operator Pᵀ A P of `fine`, with P exactly as stored. Sums are in
    /// Double: on coarse grids of anisotropic media entries nearly cancel. O(points) time, rows as
    /// vectors.
    package func setGalerkinProduct(
        of fine: SymmetricOperator<Double>, _ interpolation: Interpolation, ring: Ring
    ) {
        for row in 0..<rows {
            accumulate(diagonal, row, 0, 0, fine, interpolation)
            accumulate(east, row, 0, 1, fine, interpolation)
            accumulate(south, row, 1, 0, fine, interpolation)
            accumulate(southEast, row, 1, 1, fine, interpolation)
            accumulate(southWest, row, 1, -1, fine, interpolation)
        }
        setSeams(fine, interpolation)
        removeGhostCouplings(ring)
        close(ring)
    }

    /// One kind of entry in one row: the sum over the pairs of fine points (a, b), neighbours or
    /// the same, with a around coarse point c and b around c + (down, right).
    @inline(__always) private func accumulate(
        _ plane: borrowing SplitPlane<Double>, _ row: Int, _ down: Int, _ right: Int,
        _ fine: SymmetricOperator<Double>, _ interpolation: Interpolation
    ) {
        let offset = interpolation.columnAxis.offset
        let first = 2 &* row &+ interpolation.rowAxis.offset
        let sum = interpolation.sums[0]
        Columns.each(columns) { sum[$0] = 0 }
        // Couplings are the negative of entries.
        let sign: Double = down == 0 && right == 0 ? -1 : 1
        for i in -1...1 {
            for y in -1...1 where abs(i + y - 2 * down) <= 1 {
                for j in -1...1 {
                    for x in -1...1 where abs(j + x - 2 * right) <= 1 {
                        if !fine.hasDiagonals && x * y != 0 { continue }
                        let own = interpolation.weights(around: row, 0, down: i, right: j)
                        let other = interpolation.weights(
                            around: row &+ down, right, down: i &+ y &- 2 &* down,
                            right: j &+ x &- 2 &* right)
                        let entry = fine.line(first &+ i, offset &+ j, down: y, right: x)
                        let factor = x == 0 && y == 0 ? -sign : sign
                        Columns.each(columns) { k in
                            sum[k] += (factor * Double(own[k])) * (entry[k] * Double(other[k]))
                        }
                    }
                }
            }
        }
        plane.split(sum, row)
    }

    /// The couplings of points (row, column + 2k) with their neighbours at (down, right), for all
    /// k.
    @inline(__always) private func line(_ row: Int, _ column: Int, down: Int, right: Int) -> Line<
        Double
    > {
        @inline(__always) func at(_ plane: borrowing SplitPlane<Double>, _ row: Int, _ column: Int)
            -> Line<Double>
        { plane[half: column & 1, row].advanced(by: column >> 1) }
        return switch (down, right) {
        case (0, 0): at(diagonal, row, column)
        case (0, 1): at(east, row, column)
        case (0, -1): at(east, row, column &- 1)
        case (1, 0): at(south, row, column)
        case (-1, 0): at(south, row &- 1, column)
        case (1, 1): at(southEast, row, column)
        case (-1, -1): at(southEast, row &- 1, column &- 1)
        case (1, -1): at(southWest, row, column)
        default: at(southWest, row &- 1, column &+ 1)
        }
    }

    /// The entry of Pᵀ A P between (row, column) and its neighbour at (down, right) from the
    /// definition; the plain form of the vectors above, and what the seams need, where coarse
    /// points are neighbours on the fine grid.
    package static func galerkinCoupling(
        _ row: Int, _ column: Int, down: Int, right: Int, of fine: SymmetricOperator<Double>,
        _ interpolation: Interpolation
    ) -> Double {
        let (rowAxis, columnAxis) = (interpolation.rowAxis, interpolation.columnAxis)
        // Distance of the two on the fine grid, and the other's number.
        func step(_ axis: Coarsening, _ from: Int, _ by: Int) -> (distance: Int, number: Int) {
            let end = from + by
            if end == axis.coarse { return (axis.hasSeam ? by : 2 * by, axis.isRing ? 0 : end) }
            if end == -1 {
                return (axis.hasSeam ? by : 2 * by, axis.isRing ? axis.coarse - 1 : end)
            }
            return (2 * by, end)
        }
        let (dy, otherRow) = step(rowAxis, row, down)
        let (dx, otherColumn) = step(columnAxis, column, right)
        var sum = 0.0
        for i in -1...1 {
            for j in -1...1 {
                let own = Double(interpolation.weights(around: row, column, down: i, right: j)[0])
                if own == 0 { continue }
                for y in -1...1 where abs(i + y - dy) <= 1 {
                    for x in -1...1 where abs(j + x - dx) <= 1 {
                        let other = Double(
                            interpolation.weights(
                                around: otherRow, otherColumn, down: i + y - dy, right: j + x - dx)[
                                    0])
                        sum +=
                            own * other
                            * fine.coupling(
                                2 * row + rowAxis.offset + i, 2 * column + columnAxis.offset + j,
                                down: y, right: x)
                    }
                }
            }
        }
        return down == 0 && right == 0 ? -sum : sum
    }

    /// Entries across a seam.
    private func setSeams(_ fine: SymmetricOperator<Double>, _ interpolation: Interpolation) {
        func entry(_ row: Int, _ column: Int, _ down: Int, _ right: Int) -> Double {
            SymmetricOperator.galerkinCoupling(
                row, column, down: down, right: right, of: fine, interpolation)
        }
        if interpolation.columnAxis.hasSeam {
            for row in 0..<rows {
                east[row, columns - 1] = entry(row, columns - 1, 0, 1)
                southEast[row, columns - 1] = entry(row, columns - 1, 1, 1)
                southWest[row, 0] = entry(row, 0, 1, -1)
            }
        }
        if interpolation.rowAxis.hasSeam {
            for column in 0..<columns {
                south[rows - 1, column] = entry(rows - 1, column, 1, 0)
                southEast[rows - 1, column] = entry(rows - 1, column, 1, 1)
                southWest[rows - 1, column] = entry(rows - 1, column, 1, -1)
            }
        }
    }

    /// Without rings, entries that lead out of the grid are zero.
    private func removeGhostCouplings(_ ring: Ring) {
        if !ring.columns {
            for row in 0..<rows {
                east[row, columns - 1] = 0
                southEast[row, columns - 1] = 0
                southWest[row, 0] = 0
            }
        }
        if !ring.rows {
            for column in 0..<columns {
                south[rows - 1, column] = 0
                southEast[rows - 1, column] = 0
                southWest[rows - 1, column] = 0
            }
        }
    }
}
