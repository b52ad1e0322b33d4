/// Multigrid cycles in Float on A e = rhs whose passes over the finest level read memory once.
///
/// Points are relaxed red before black, before and after the coarse correction. After a black
/// half-sweep black residuals vanish, and the red half-sweep after a correction takes nothing from
/// the red points: so a correction goes to black points alone, and red residuals alone are
/// restricted. The sweep after a correction, the sweep before the next one and what leads to the
/// coarser level follow one another row by row. Unlike `GalerkinHierarchy.cycle` this is no
/// symmetric operator; it converges faster: with constant coefficients a cycle leaves a twentieth
/// of a rough error, where sweeps in mirrored order leave a quarter.
///
/// For finest levels whose smoother is red-black, without rings of odd length, where neighbours
/// would have one colour.
package final class FinestCycles {
    private let hierarchy: GalerkinHierarchy
    private let level: GridLevel
    private let interpolation: Interpolation
    /// Red residuals of the last four rows, and a row of zeros.
    private let remainders: Plane<Float>
    /// Two coarse rows whose columns are together, and a row of zeros.
    private let joined: Plane<Float>

    /// The factor of corrections. What a cycle leaves of smooth errors is between nothing and a
    /// tenth of them, so a correction that is a little too large leaves less at worst.
    package static let relaxation: Float = 1.05

    /// Creates the cycles of a hierarchy, with their working rows.
    package init(_ hierarchy: GalerkinHierarchy) {
        self.hierarchy = hierarchy
        level = hierarchy.levels[0]
        interpolation = hierarchy.interpolations[0]
        remainders = Plane(rows: 5, columns: level.columns / 2 + 1)
        joined = Plane(rows: 3, columns: interpolation.columnAxis.coarse + 2)
    }

    /// Whether the finest level, as it is prepared, is one that these cycles are for.
    package var areSuitable: Bool {
        let (rows, columns) = (interpolation.rowAxis, interpolation.columnAxis)
        return level.sweepsAreColours && rows.offset == 1 && columns.offset == 1
    }

    /// What a pass begins with.
    package enum Beginning {
        /// The residual equation: e = 0.
        case zero
        /// The coarse solution is all there is yet.
        case solution
        /// The coarse solution corrects e.
        case correction
    }

    /// What a pass does on a row.
    private enum Stage { case prolongate, relaxRed, relaxBlack, leaveRed, restrict }

    /// Smooths after a correction, and, where `descends`, before the next one, and restricts what
    /// is left.
    ///
    /// - Returns: The largest magnitude of what is left on red points, where `descends`.
    package func pass(_ beginning: Beginning, descends: Bool) -> Float {
        if beginning != .correction { level.value.clear() }
        let stages: [Stage] =
            (beginning == .zero ? [] : [.prolongate, .relaxRed, .relaxBlack])
            + (descends ? [.relaxRed, .relaxBlack, .leaveRed, .restrict] : [])
        var largest: Int32 = 0
        // The last row whose red residuals are in the window.
        var last = Int.min
        let rows = level.rows
        Wavefront.run(rows: rows, isRing: level.ring.rows, stages: stages.count) {
            stage, row, place in
            switch stages[stage] {
            case .prolongate: prolongate(row, to: place)
            case .relaxRed: relax(place, place & 1)
            case .relaxBlack: relax(place, 1 &- place & 1)
            case .leaveRed:
                largest = max(largest, leaveRed(row, at: place))
                last = row
            case .restrict:
                guard row & 1 == 1 else { return }
                // The first rows of a ring, once more at its end.
                while level.ring.rows, last <= row {
                    last &+= 1
                    _ = leaveRed(last, at: last % rows)
                }
                restrict(row, at: place)
            }
        }
        return Float(bitPattern: UInt32(bitPattern: largest))
    }

    /// What the sites of one half of a row give and take.
    @inline(__always) private func near(_ row: Int, _ half: Int) -> GridLevel.Neighbours {
        let rows = Wavefront.neighbours(of: row, rows: level.rows, isRing: level.ring.rows)
        return GridLevel.Neighbours(
            level.matrix, level.value, row, half, north: rows.north, south: rows.south)
    }

    @inline(__always) private func relax(_ row: Int, _ half: Int) {
        let near = near(row, half)
        let (f, inverse, out) = (
            level.rhs[half: half, row], level.inverse[half: half, row],
            level.value[half: half, row]
        )
        Columns.each(level.value.count(half)) { k in
            out[k] = inverse[k] * (f[k] + (near.vertical(k) + near.horizontal(k)))
        }
        out.clearTail(from: level.value.count(half))
        level.value.closeColumns(level.ring, row)
    }

    /// The residual of the red points of a row.
    @inline(__always) private func leaveRed(_ row: Int, at place: Int) -> Int32 {
        let half = place & 1
        let (near, count) = (near(place, half), level.value.count(half))
        let (f, u, diagonal, out) = (
            level.rhs[half: half, place], level.value[half: half, place],
            level.matrix.diagonal[half: half, place], remainders[row & 3]
        )
        Columns.each(count) { k in
            out[k] = f[k] + ((near.vertical(k) + near.horizontal(k)) - diagonal[k] * u[k])
        }
        out.clearTail(from: count)
        // The column right of the last one.
        out[count] = level.ring.columns ? out[0] : 0
        var largest: Int32 = 0
        for k in 0..<count { largest = max(largest, out[k].magnitudeBits) }
        return largest
    }

    /// The coarse right-hand side of a row of coarse points, from red residuals.
    @inline(__always) private func restrict(_ row: Int, at place: Int) {
        let target = place / 2
        let isLast = !level.ring.rows && place == level.rows &- 1
        let (north, own) = (remainders[(row &- 1) & 3], remainders[row & 3])
        let south = isLast ? remainders[4] : remainders[(row &+ 1) & 3]
        let weights = interpolation
        let (pNW, pNE) = (
            weights.weights(around: target, 0, down: -1, right: -1),
            weights.weights(around: target, 0, down: -1, right: 1)
        )
        let (pSW, pSE) = (
            weights.weights(around: target, 0, down: 1, right: -1),
            weights.weights(around: target, 0, down: 1, right: 1)
        )
        let line = interpolation.line[0]
        Columns.each(interpolation.columnAxis.coarse) { k in
            line[k] =
                own[k]
                + ((pNW[k] * north[k] + pNE[k] * north[k &+ 1])
                    + (pSW[k] * south[k] + pSE[k] * south[k &+ 1]))
        }
        hierarchy.levels[1].rhs.split(line, target)
    }

    /// Adds the coarse solution to the black points of a row.
    @inline(__always) private func prolongate(_ row: Int, to place: Int) {
        let (rowAxis, columnAxis) = (interpolation.rowAxis, interpolation.columnAxis)
        let relaxation = FinestCycles.relaxation
        // Coarse row k is joined when row 2k is due, and used for rows 2k to 2k + 2.
        let number = row >> 1
        if row & 1 == 0 || row == -1 {
            if level.ring.rows || number < rowAxis.coarse {
                let source = (number &+ rowAxis.coarse) % rowAxis.coarse
                hierarchy.levels[1].value.join(source, joined[number & 1])
            }
        }
        let half = 1 &- place & 1
        let out = level.value[half: half, place]
        if row & 1 == 1 {
            let line = joined[number & 1].advanced(by: -1)
            let (left, right) = (interpolation.left[place / 2], interpolation.right[place / 2])
            Columns.each(columnAxis.between) { k in
                out[k] += relaxation * (left[k] * line[k] + right[k] * line[k &+ 1])
            }
            out.clearTail(from: columnAxis.between)
        } else {
            let isRing = level.ring.rows
            let first = isRing || number > 0 ? joined[(number &- 1) & 1] : joined[2]
            let second = isRing || number < rowAxis.coarse ? joined[number & 1] : joined[2]
            let (above, below) = (interpolation.above[place / 2], interpolation.below[place / 2])
            Columns.each(columnAxis.coarse) { k in
                out[k] += relaxation * (above[k] * first[k] + below[k] * second[k])
            }
            out.clearTail(from: columnAxis.coarse)
        }
        level.value.closeColumns(level.ring, place)
    }
}
