/// The sweeps of a level.
extension GridLevel {
    /// The values around the points of one half of a row, and the couplings to them.
    struct Neighbours {
        let north: Line<Float>, south: Line<Float>, west: Line<Float>, east: Line<Float>
        let northWest: Line<Float>, northEast: Line<Float>, southWest: Line<Float>,
            southEast: Line<Float>
        let toNorth: Line<Float>, toSouth: Line<Float>, toWest: Line<Float>, toEast: Line<Float>
        let toNorthWest: Line<Float>, toNorthEast: Line<Float>, toSouthWest: Line<Float>,
            toSouthEast: Line<Float>

        @inline(__always) init(
            _ matrix: SymmetricOperator<Float>, _ plane: borrowing SplitPlane<Float>, _ row: Int,
            _ half: Int
        ) { self.init(matrix, plane, row, half, north: row &- 1, south: row &+ 1) }

        /// The same with the rows above and below by number, which spares the ghosts of a ring.
        @inline(__always) init(
            _ matrix: SymmetricOperator<Float>, _ plane: borrowing SplitPlane<Float>, _ row: Int,
            _ half: Int, north above: Int, south below: Int
        ) {
            let (other, left, right) = (1 &- half, half &- 1, half)
            north = plane[half: half, above]
            south = plane[half: half, below]
            west = plane[half: other, row].advanced(by: left)
            east = plane[half: other, row].advanced(by: right)
            northWest = plane[half: other, above].advanced(by: left)
            northEast = plane[half: other, above].advanced(by: right)
            southWest = plane[half: other, below].advanced(by: left)
            southEast = plane[half: other, below].advanced(by: right)
            toNorth = matrix.south[half: half, row &- 1]
            toSouth = matrix.south[half: half, row]
            toWest = matrix.east[half: other, row].advanced(by: left)
            toEast = matrix.east[half: half, row]
            // Planes of a level without diagonal neighbours are empty.
            let (i, j) = matrix.hasDiagonals ? (row, 1) : (0, 0)
            toNorthWest = matrix.southEast[half: other, i &- 1].advanced(by: left &* j)
            toNorthEast = matrix.southWest[half: other, i &- 1].advanced(by: right &* j)
            toSouthWest = matrix.southWest[half: half, i]
            toSouthEast = matrix.southEast[half: half, i]
        }

        /// What the rows above and below give to point k.
        @inline(__always) func vertical(_ k: Int) -> Float {
            toNorth[k] * north[k] + toSouth[k] * south[k]
        }

        /// What the points on the left and right give to point k.
        @inline(__always) func horizontal(_ k: Int) -> Float {
            toWest[k] * west[k] + toEast[k] * east[k]
        }

        /// What the diagonal neighbours give to point k.
        @inline(__always) func corners(_ k: Int) -> Float {
            (toNorthWest[k] * northWest[k] + toNorthEast[k] * northEast[k])
                + (toSouthWest[k] * southWest[k] + toSouthEast[k] * southEast[k])
        }
    }

    /// One smoothing step.
    package func smooth(reversed: Bool) {
        if sweepsAreColours { return relaxColours(reversed: reversed, fromZero: false) }
        for index in sweeps.indices { relax(sweeps[reversed ? sweeps.count - 1 - index : index]) }
    }

    /// One smoothing step from zero, whatever the current value.
    package func smoothFromZero() {
        // On a ring of odd length a few sites have neighbours of their own colour.
        let isTwoColoured = !(ring.rows && rows & 1 == 1 || ring.columns && columns & 1 == 1)
        if sweepsAreColours && isTwoColoured {
            return relaxColours(reversed: false, fromZero: true)
        }
        value.clear()
        smooth(reversed: false)
    }

    var sweepsAreColours: Bool { sweeps.first == .colour(0) }

    /// Both colours. Where rows are no ring, a row's second colour follows as soon as the first one
    /// is done in the rows around it, which reads memory once.
    private func relaxColours(reversed: Bool, fromZero: Bool) {
        let first = reversed ? 1 : 0
        let lag = ring.rows ? rows : 1
        for row in 0..<rows + lag {
            if row < rows {
                if fromZero {
                    relaxFromZero(row, (row &+ first) & 1)
                } else {
                    relaxPoints(row, (row &+ first) & 1)
                }
                value.closeColumns(ring, row)
            }
            if ring.rows && row == rows - 1 { value.close(ring) }
            if row >= lag { relaxPoints(row &- lag, (row &- lag &+ 1 &- first) & 1) }
        }
        value.close(ring)
    }

    /// Points of one half of a row whose neighbours are zero.
    @inline(__always) private func relaxFromZero(_ row: Int, _ half: Int) {
        let (f, inverse, out) = (
            rhs[half: half, row], inverse[half: half, row], value[half: half, row]
        )
        Columns.each(value.count(half)) { k in out[k] = inverse[k] * f[k] }
    }

    private func relax(_ sweep: Sweep) {
        switch sweep {
        case .colour: preconditionFailure("colours are relaxed together")
        case .points(let rowParity, let columnParity):
            for row in stride(from: rowParity, to: rows, by: 2) { relaxPoints(row, columnParity) }
        case .rows(let parity):
            guard let lines = rowLines else { return }
            for row in stride(from: parity, to: rows, by: 2) {
                gatherForRow(row, 0)
                gatherForRow(row, 1)
            }
            lines.solveRows(parity, matrix, rhs: scratch, into: value)
        case .columns(let parity):
            guard let lines = columnLines else { return }
            for row in 0..<rows { eliminateColumns(row, parity, lines) }
            for row in (0..<rows).reversed() { substituteColumns(row, parity, lines) }
            if ring.rows { lines.closeColumns(parity, value) }
        }
        value.close(ring)
    }

    /// Points of one half of a row from their neighbours.
    @inline(__always) private func relaxPoints(_ row: Int, _ half: Int) {
        let near = Neighbours(matrix, value, row, half)
        let (f, inverse, out) = (
            rhs[half: half, row], inverse[half: half, row], value[half: half, row]
        )
        let count = value.count(half)
        if matrix.hasDiagonals {
            Columns.each(count) { k in
                out[k] =
                    inverse[k]
                    * ((f[k] + near.corners(k)) + (near.vertical(k) + near.horizontal(k)))
            }
        } else {
            Columns.each(count) { k in
                out[k] = inverse[k] * (f[k] + (near.vertical(k) + near.horizontal(k)))
            }
        }
    }

    /// scratch = rhs and what the rows above and below give.
    @inline(__always) private func gatherForRow(_ row: Int, _ half: Int) {
        let near = Neighbours(matrix, value, row, half)
        let (f, out) = (rhs[half: half, row], scratch[half: half, row])
        let count = value.count(half)
        if matrix.hasDiagonals {
            Columns.each(count) { k in out[k] = f[k] + (near.vertical(k) + near.corners(k)) }
        } else {
            Columns.each(count) { k in out[k] = f[k] + near.vertical(k) }
        }
    }

    /// scratch = the forward elimination down every second column.
    @inline(__always) private func eliminateColumns(_ row: Int, _ half: Int, _ lines: LineFactors) {
        let near = Neighbours(matrix, value, row, half)
        let (f, out, pivot) = (
            rhs[half: half, row], scratch[half: half, row], lines.pivots[half: half, row]
        )
        let count = value.count(half)
        // A ring is cut open between the last row and the first.
        let previous = row == 0 ? lines.zeros[0] : scratch[half: half, row &- 1]
        if matrix.hasDiagonals {
            Columns.each(count) { k in
                out[k] =
                    pivot[k]
                    * ((f[k] + near.corners(k))
                        + (near.horizontal(k) + near.toNorth[k] * previous[k]))
            }
        } else {
            Columns.each(count) { k in
                out[k] = pivot[k] * (f[k] + (near.horizontal(k) + near.toNorth[k] * previous[k]))
            }
        }
    }

    /// value = the back substitution.
    @inline(__always) private func substituteColumns(_ row: Int, _ half: Int, _ lines: LineFactors)
    {
        let (y, out, pivot) = (
            scratch[half: half, row], value[half: half, row], lines.pivots[half: half, row]
        )
        let coupling = matrix.south[half: half, row]
        let next = row == rows &- 1 ? lines.zeros[0] : value[half: half, row &+ 1]
        Columns.each(value.count(half)) { k in out[k] = y[k] + pivot[k] * (coupling[k] * next[k]) }
    }

    /// scratch = rhs − A value, closed.
    package func residual() {
        for row in 0..<rows {
            for half in 0...1 {
                let near = Neighbours(matrix, value, row, half)
                let (f, u) = (rhs[half: half, row], value[half: half, row])
                let (diagonal, out) = (matrix.diagonal[half: half, row], scratch[half: half, row])
                let count = value.count(half)
                if matrix.hasDiagonals {
                    Columns.each(count) { k in
                        let sum = near.corners(k) + (near.vertical(k) + near.horizontal(k))
                        out[k] = f[k] + (sum - diagonal[k] * u[k])
                    }
                } else {
                    Columns.each(count) { k in
                        out[k] =
                            f[k] + ((near.vertical(k) + near.horizontal(k)) - diagonal[k] * u[k])
                    }
                }
                out.clearTail(from: count)
            }
        }
        scratch.close(ring)
    }

    /// Rounds the operator to Float.
    package func convert(_ double: SymmetricOperator<Double>) {
        for row in -1...rows {
            for half in 0...1 {
                copy(double.diagonal[half: half, row], matrix.diagonal[half: half, row])
                copy(double.east[half: half, row], matrix.east[half: half, row])
                copy(double.south[half: half, row], matrix.south[half: half, row])
                guard matrix.hasDiagonals else { continue }
                copy(double.southEast[half: half, row], matrix.southEast[half: half, row])
                copy(double.southWest[half: half, row], matrix.southWest[half: half, row])
            }
        }
        for row in 0..<rows {
            for half in 0...1 {
                let (d, out) = (double.diagonal[half: half, row], inverse[half: half, row])
                for k in 0..<value.count(half) { out[k] = Float(1 / d[k]) }
            }
        }
    }

    @inline(__always) private func copy(_ from: Line<Double>, _ to: Line<Float>) {
        for k in -1...columns / 2 { to[k] = Float(from[k]) }
    }
}
