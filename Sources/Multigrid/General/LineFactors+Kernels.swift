/// The recurrences along lines.
extension LineFactors {
    /// One row of a sweep along rows; the two halves of it alternate.
    private struct Row {
        let rhs: (Line<Float>, Line<Float>), value: (Line<Float>, Line<Float>)
        let pivot: (Line<Float>, Line<Float>), coupling: (Line<Float>, Line<Float>)

        @inline(__always)
        init(
            _ lines: LineFactors, _ matrix: SymmetricOperator<Float>, _ rhs: borrowing SplitPlane<Float>,
            _ value: borrowing SplitPlane<Float>, _ row: Int
        ) {
            self.rhs = (rhs[half: 0, row], rhs[half: 1, row])
            self.value = (value[half: 0, row], value[half: 1, row])
            pivot = (lines.pivots[half: 0, row], lines.pivots[half: 1, row])
            coupling = (matrix.east[half: 0, row], matrix.east[half: 1, row])
        }

        /// Forward elimination of columns 2k and 2k + 1; `carried` is what column 2k − 1 hands on.
        @inline(__always)
        func eliminate(_ k: Int, _ carried: inout Float) {
            let even = pivot.0[k] * rhs.0[k] + pivot.0[k] * carried
            rhs.0[k] = even
            let odd = pivot.1[k] * rhs.1[k] + (pivot.1[k] * coupling.0[k]) * even
            rhs.1[k] = odd
            carried = coupling.1[k] * odd
        }

        /// Back substitution of columns 2k + 1 and 2k; `next` is the value of column 2k + 2.
        @inline(__always)
        func substitute(_ k: Int, _ next: inout Float) {
            let odd = rhs.1[k] + (pivot.1[k] * coupling.1[k]) * next
            value.1[k] = odd
            next = rhs.0[k] + (pivot.0[k] * coupling.0[k]) * odd
            value.0[k] = next
        }

        /// The last column of an odd number of them.
        @inline(__always)
        func last(_ k: Int, _ carried: Float) -> Float {
            let even = pivot.0[k] * (rhs.0[k] + carried)
            value.0[k] = even
            return even
        }
    }

    /// value = T⁻¹ rhs on every second row, four of them at a time since each step of a recurrence waits for the one
    /// before; `rhs` is used up.
    @inline(__always)
    func solveRows(
        _ parity: Int, _ matrix: SymmetricOperator<Float>, rhs: borrowing SplitPlane<Float>,
        into value: borrowing SplitPlane<Float>
    ) {
        let pairs = columns / 2
        var row = parity
        while row < rows {
            // Where fewer are left, the last one is taken more often: it would be solved again from what is used up, so
            // single rows are taken instead.
            if row &+ 6 < rows {
                let a = Row(self, matrix, rhs, value, row)
                let b = Row(self, matrix, rhs, value, row &+ 2)
                let c = Row(self, matrix, rhs, value, row &+ 4)
                let d = Row(self, matrix, rhs, value, row &+ 6)
                var (p, q, r, s): (Float, Float, Float, Float) = (0, 0, 0, 0)
                for k in 0..<pairs {
                    a.eliminate(k, &p)
                    b.eliminate(k, &q)
                    c.eliminate(k, &r)
                    d.eliminate(k, &s)
                }
                if columns & 1 == 1 {
                    (p, q, r, s) = (a.last(pairs, p), b.last(pairs, q), c.last(pairs, r), d.last(pairs, s))
                } else {
                    (p, q, r, s) = (0, 0, 0, 0)
                }
                for k in (0..<pairs).reversed() {
                    a.substitute(k, &p)
                    b.substitute(k, &q)
                    c.substitute(k, &r)
                    d.substitute(k, &s)
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
        for k in 0..<count { t[k] = loopFactors[2 * k + half] * (first[k] + loopSigns[2 * k + half] * last[k]) }
        for row in 0..<rows {
            let (out, q) = (value[half: half, row], loops[half: half, row])
            Columns.each(count) { k in out[k] += t[k] * q[k] }
            out.clearTail(from: count)
        }
    }
}
