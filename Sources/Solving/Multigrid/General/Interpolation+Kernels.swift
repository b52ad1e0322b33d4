/// How weights are derived, row by row, and what moves between a grid and the next coarser one.
extension Interpolation {
    /// Weights (first, second) of a point whose row of the operator, summed across the line, is
    /// `center` and couples it to the two coarse points. Rounding must not turn a sum that cancels
    /// into weights above 1.
    @inline(__always) private func line(_ center: Double, _ first: Double, _ second: Double) -> (
        Float, Float
    ) {
        let (first, second) = (Swift.max(first, 0), Swift.max(second, 0))
        let inverse = 1 / Swift.max(Swift.max(center, first + second), 1e-300)
        return (Float(first * inverse), Float(second * inverse))
    }

    /// Points between two coarse columns, in coarse row `row`.
    func deriveCoarseRow(_ row: Int, _ matrix: SymmetricOperator<Double>) {
        let fine = 2 &* row &+ rowAxis.offset
        let (own, other) = (1 &- columnAxis.offset, columnAxis.offset)
        let (toLeft, toRight) = (0 &- columnAxis.offset, 1 &- columnAxis.offset)
        let (diagonal, north, south) = (
            matrix.diagonal[half: own, fine], matrix.south[half: own, fine &- 1],
            matrix.south[half: own, fine]
        )
        let (west, east) = (
            matrix.east[half: other, fine].advanced(by: toLeft), matrix.east[half: own, fine]
        )
        let (outLeft, outRight) = (left[row], right[row])
        let count = columnAxis.between
        if matrix.hasDiagonals {
            let northWest = matrix.southEast[half: other, fine &- 1].advanced(by: toLeft)
            let northEast = matrix.southWest[half: other, fine &- 1].advanced(by: toRight)
            let (southWest, southEast) = (
                matrix.southWest[half: own, fine], matrix.southEast[half: own, fine]
            )
            for k in 0..<count {
                (outLeft[k], outRight[k]) = line(
                    diagonal[k] - (north[k] + south[k]), west[k] + (northWest[k] + southWest[k]),
                    east[k] + (northEast[k] + southEast[k]))
            }
        } else {
            for k in 0..<count {
                (outLeft[k], outRight[k]) = line(
                    diagonal[k] - (north[k] + south[k]), west[k], east[k])
            }
        }
    }

    /// Points between two coarse rows, in coarse columns.
    func deriveBetween(_ row: Int, _ matrix: SymmetricOperator<Double>) {
        let fine = 2 &* row &+ 1 &- rowAxis.offset
        let (own, other) = (columnAxis.offset, 1 &- columnAxis.offset)
        // Coarse column k has the points k + offset − 1 and k + offset of the other columns as
        // neighbours.
        let (toLeft, toRight) = (columnAxis.offset &- 1, columnAxis.offset)
        let (diagonal, north, south) = (
            matrix.diagonal[half: own, fine], matrix.south[half: own, fine &- 1],
            matrix.south[half: own, fine]
        )
        let (west, east) = (
            matrix.east[half: other, fine].advanced(by: toLeft), matrix.east[half: own, fine]
        )
        let (outAbove, outBelow) = (above[row], below[row])
        let count = columnAxis.coarse
        if matrix.hasDiagonals {
            let northWest = matrix.southEast[half: other, fine &- 1].advanced(by: toLeft)
            let northEast = matrix.southWest[half: other, fine &- 1].advanced(by: toRight)
            let (southWest, southEast) = (
                matrix.southWest[half: own, fine], matrix.southEast[half: own, fine]
            )
            for k in 0..<count {
                (outAbove[k], outBelow[k]) = line(
                    diagonal[k] - (west[k] + east[k]), north[k] + (northWest[k] + northEast[k]),
                    south[k] + (southWest[k] + southEast[k]))
            }
        } else {
            for k in 0..<count {
                (outAbove[k], outBelow[k]) = line(
                    diagonal[k] - (west[k] + east[k]), north[k], south[k])
            }
        }
    }

    /// Points in the middle of four coarse ones.
    func deriveMiddle(_ row: Int, _ matrix: SymmetricOperator<Double>) {
        let fine = 2 &* row &+ 1 &- rowAxis.offset
        let (own, other) = (1 &- columnAxis.offset, columnAxis.offset)
        let (toLeft, toRight) = (0 &- columnAxis.offset, 1 &- columnAxis.offset)
        let (rowAbove, rowBelow) = (row &- rowAxis.offset, row &- rowAxis.offset &+ 1)
        let (diagonal, north, south) = (
            matrix.diagonal[half: own, fine], matrix.south[half: own, fine &- 1],
            matrix.south[half: own, fine]
        )
        let (west, east) = (
            matrix.east[half: other, fine].advanced(by: toLeft), matrix.east[half: own, fine]
        )
        let (aboveWest, belowWest) = (
            above[row].advanced(by: toLeft), below[row].advanced(by: toLeft)
        )
        let (aboveEast, belowEast) = (
            above[row].advanced(by: toRight), below[row].advanced(by: toRight)
        )
        let (leftNorth, rightNorth) = (left[rowAbove], right[rowAbove])
        let (leftSouth, rightSouth) = (left[rowBelow], right[rowBelow])
        let (nw, ne, sw, se) = (aboveLeft[row], aboveRight[row], belowLeft[row], belowRight[row])
        let diagonals = matrix.hasDiagonals
        for k in 0..<columnAxis.between {
            let inverse = 1 / diagonal[k]
            var corners = SIMD4<Double>(
                west[k] * Double(aboveWest[k]) + north[k] * Double(leftNorth[k]),
                east[k] * Double(aboveEast[k]) + north[k] * Double(rightNorth[k]),
                west[k] * Double(belowWest[k]) + south[k] * Double(leftSouth[k]),
                east[k] * Double(belowEast[k]) + south[k] * Double(rightSouth[k]))
            if diagonals {
                corners += SIMD4(
                    matrix.southEast[half: other, fine &- 1][k &+ toLeft],
                    matrix.southWest[half: other, fine &- 1][k &+ toRight],
                    matrix.southWest[half: own, fine][k], matrix.southEast[half: own, fine][k])
            }
            nw[k] = Float(corners.x * inverse)
            ne[k] = Float(corners.y * inverse)
            sw[k] = Float(corners.z * inverse)
            se[k] = Float(corners.w * inverse)
        }
    }

    /// coarse = Pᵀ fine. The ghost sites of `fine` must be closed.
    package func restrict(
        _ fine: borrowing SplitPlane<Float>, to coarse: borrowing SplitPlane<Float>
    ) {
        let (points, others) = (columnAxis.offset, 1 &- columnAxis.offset)
        let before = columnAxis.offset &- 1
        let joined = line[0]
        for row in 0..<rowAxis.coarse {
            let center = 2 &* row &+ rowAxis.offset
            let (n, own, s) = (
                fine[half: points, center &- 1], fine[half: points, center],
                fine[half: points, center &+ 1]
            )
            let (nw, w, sw) = (
                fine[half: others, center &- 1].advanced(by: before),
                fine[half: others, center].advanced(by: before),
                fine[half: others, center &+ 1].advanced(by: before)
            )
            func weight(_ down: Int, _ right: Int) -> Line<Float> {
                weights(around: row, 0, down: down, right: right)
            }
            let (pNW, pN, pNE) = (weight(-1, -1), weight(-1, 0), weight(-1, 1))
            let (pW, pE) = (weight(0, -1), weight(0, 1))
            let (pSW, pS, pSE) = (weight(1, -1), weight(1, 0), weight(1, 1))
            Columns.each(columnAxis.coarse) { k in
                joined[k] =
                    own[k] + (pW[k] * w[k] + pE[k] * w[k &+ 1])
                    + (pN[k] * n[k] + (pNW[k] * nw[k] + pNE[k] * nw[k &+ 1]))
                    + (pS[k] * s[k] + (pSW[k] * sw[k] + pSE[k] * sw[k &+ 1]))
            }
            coarse.split(joined, row)
        }
    }

    /// fine += P coarse. The ghost sites of `coarse` must be closed.
    package func prolongate(
        _ coarse: borrowing SplitPlane<Float>, to fine: borrowing SplitPlane<Float>
    ) {
        let (points, others) = (columnAxis.offset, 1 &- columnAxis.offset)
        let toLeft = 0 &- columnAxis.offset
        let (first, second) = (line[0], line[1])
        for row in 0..<rowAxis.coarse {
            coarse.join(row, first)
            let center = 2 &* row &+ rowAxis.offset
            let (out, between) = (fine[half: points, center], fine[half: others, center])
            let (fromLeft, fromRight) = (left[row], right[row])
            let near = first.advanced(by: toLeft)
            Columns.each(columnAxis.coarse) { k in out[k] += first[k] }
            Columns.each(columnAxis.between) { k in
                between[k] += fromLeft[k] * near[k] + fromRight[k] * near[k &+ 1]
            }
            out.clearTail(from: columnAxis.coarse)
            between.clearTail(from: columnAxis.between)
        }
        for row in 0..<rowAxis.between {
            coarse.join(row &- rowAxis.offset, first)
            coarse.join(row &- rowAxis.offset &+ 1, second)
            let center = 2 &* row &+ 1 &- rowAxis.offset
            let (out, between) = (fine[half: points, center], fine[half: others, center])
            let (fromAbove, fromBelow) = (above[row], below[row])
            let (nw, ne, sw, se) = (
                aboveLeft[row], aboveRight[row], belowLeft[row], belowRight[row]
            )
            let (north, south) = (first.advanced(by: toLeft), second.advanced(by: toLeft))
            Columns.each(columnAxis.coarse) { k in
                out[k] += fromAbove[k] * first[k] + fromBelow[k] * second[k]
            }
            Columns.each(columnAxis.between) { k in
                between[k] +=
                    (nw[k] * north[k] + ne[k] * north[k &+ 1])
                    + (sw[k] * south[k] + se[k] * south[k &+ 1])
            }
            out.clearTail(from: columnAxis.coarse)
            between.clearTail(from: columnAxis.between)
        }
    }
}

extension SplitPlane {
    /// Writes columns 0 ..< `columns` of a contiguous row.
    @inline(__always) func split<Other>(_ line: Line<Other>, _ row: Int) {
        let (even, odd) = (self[half: 0, row], self[half: 1, row])
        for k in 0..<columns / 2 {
            even[k] = Element(line[2 &* k])
            odd[k] = Element(line[2 &* k &+ 1])
        }
        if columns & 1 == 1 { even[columns / 2] = Element(line[columns &- 1]) }
    }

    /// Copies row `row` with its ghosts into a contiguous line.
    @inline(__always) func join(_ row: Int, _ line: Line<Element>) {
        let (even, odd) = (self[half: 0, row], self[half: 1, row])
        for k in -1...columns / 2 {
            line[2 &* k] = even[k]
            line[2 &* k &+ 1] = odd[k]
        }
    }
}
