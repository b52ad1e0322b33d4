/// The recurrences along lines.
extension LineFactors {
    /// One row of a sweep along rows; the two halves of it alternate.
    private struct Row {
        let rhs: (Line<Float>, Line<Float>), value: (Line<Float>, Line<Float>)
        let pivot: (Line<Float>, Line<Float>), coupling: (Line<Float>, Line<Float>)

        @inline(__always) init(
            _ lines: LineFactors, _ matrix: SymmetricOperator<Float>,
            _ rhs: borrowing SplitPlane<Float>, _ value: borrowing SplitPlane<Float>, _ row: Int
        ) {
            self.rhs = (rhs[half: 0, row], rhs[half: 1, row])
            self.value = (value[half: 0, row], value[half: 1, row])
            pivot = (lines.pivots[half: 0, row], lines.pivots[half: 1, row])
            coupling = (matrix.east[half: 0, row], matrix.east[half: 1, row])
        }

        /// Forward elimination of columns 2k and 2k + 1; `carried` is what column 2k − 1 hands on.
        @inline(__always) func eliminate(_ k: Int, _ carried: inout Float) {
            let even = pivot.0[k] * rhs.0[k] + pivot.0[k] * carried
            rhs.0[k] = even
            let odd = pivot.1[k] * rhs.1[k] + (pivot.1[k] * coupling.0[k]) * even
            rhs.1[k] = odd
            carried = coupling.1[k] * odd
        }

        /// Back substitution of columns 2k + 1 and 2k; `next` is the value of column 2k + 2.
        @inline(__always) func substitute(_ k: Int, _ next: inout Float) {
            let odd = rhs.1[k] + (pivot.1[k] * coupling.1[k]) * next
            value.1[k] = odd
            next = rhs.0[k] + (pivot.0[k] * coupling.0[k]) * odd
            value.0[k] = next
        }

        /// The last column of an odd number of them.
        @inline(__always) func last(_ k: Int, _ carried: Float) -> Float {
            let even = pivot.0[k] * (rhs.0[k] + carried)
            value.0[k] = even
            return even
        }
    }

    /// value = T⁻¹ rhs on every second row, four of them at a time since each step of a recurrence
    /// waits for the one before; `rhs` is used up.
    @inline(__always) func solveRows(
        _ parity: Int, _ matrix: SymmetricOperator<Float>, rhs: borrowing SplitPlane<Float>,
        into value: borrowing SplitPlane<Float>
    ) {
        let pairs = columns / 2
        // Rows are as far apart in one plane as in another, so that a column's number finds those
        // of other rows too.
        let second = 2 &* value.stride
        let (third, fourth) = (2 &* second, 3 &* second)
        var row = parity
        while row < rows {
            if row &+ 6 < rows {
                let a = Row(self, matrix, rhs, value, row)
                var (p, q, r, s): (Float, Float, Float, Float) = (0, 0, 0, 0)
                for k in 0..<pairs {
                    a.eliminate(k, &p)
                    a.eliminate(k &+ second, &q)
                    a.eliminate(k &+ third, &r)
                    a.eliminate(k &+ fourth, &s)
                }
                if columns & 1 == 1 {
                    (p, q) = (a.last(pairs, p), a.last(pairs &+ second, q))
                    (r, s) = (a.last(pairs &+ third, r), a.last(pairs &+ fourth, s))
                } else {
                    (p, q, r, s) = (0, 0, 0, 0)
                }
                for k in (0..<pairs).reversed() {
                    a.substitute(k, &p)
                    a.substitute(k &+ second, &q)
                    a.substitute(k &+ third, &r)
                    a.substitute(k &+ fourth, &s)
                }
                row &+= 8
            } else {
                let a = Row(self, matrix, rhs, value, row)
                var p: Float = 0
                for k in 0..<pairs { a.eliminate(k, &p) }
                p = columns & 1 == 1 ? a.last(pairs, p) : 0
                for k in (0..<pairs).reversed() { a.substitute(k, &p) }
                row &+= 2
            }
        }
        if isRing { closeRows(parity, value) }
    }

    /// Adds what closes the rings of every second row.
    private func closeRows(_ parity: Int, _ value: borrowing SplitPlane<Float>) {
        for row in stride(from: parity, to: rows, by: 2) {
            let t = loopFactors[row] * (value[row, 0] + loopSigns[row] * value[row, columns - 1])
            for half in 0...1 {
                let (out, q) = (value[half: half, row], loops[half: half, row])
                Columns.each(value.count(half)) { k in out[k] += t * q[k] }
                out.clearTail(from: value.count(half))
            }
        }
    }

    /// Adds what closes the rings of every second column.
    func closeColumns(_ half: Int, _ value: borrowing SplitPlane<Float>) {
        let (first, last, t) = (value[half: half, 0], value[half: half, rows - 1], ends[0])
        let count = value.count(half)
        for k in 0..<count {
            t[k] = loopFactors[2 * k + half] * (first[k] + loopSigns[2 * k + half] * last[k])
        }
        for row in 0..<rows {
            let (out, q) = (value[half: half, row], loops[half: half, row])
            Columns.each(count) { k in out[k] += t[k] * q[k] }
            out.clearTail(from: count)
        }
    }
}
