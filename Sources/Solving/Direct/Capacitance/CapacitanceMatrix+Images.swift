/// The entries: Green's function between rim sites, by the method of images.
extension CapacitanceMatrix {
    /// Place of a pair of groups, `other` at most `group`.
    @inline(__always) static func pair(_ group: Int, _ other: Int) -> Int {
        group &* (group &+ 1) / 2 &+ other
    }

    func block(_ group: Int, _ other: Int) -> Line<Float> {
        blocks[0].advanced(by: CapacitanceMatrix.pair(group, other) &* blockSize)
    }

    /// Computes the block of two groups. The first is not above the other, so that no row distance
    /// is far below zero.
    func fill(_ index: Int, _ a: RimSites.Group, _ otherIndex: Int, _ b: RimSites.Group) {
        let width = CapacitanceMatrix.width
        let target = block(index, otherIndex)
        let terms = terms(a, b)
        isPresent[CapacitanceMatrix.pair(index, otherIndex)] = !terms.isEmpty
        guard !terms.isEmpty else { return }
        let stride = green.stride
        let (straight, flipped) = (straight.line, flipped.line)
        let count = a.count
        for p in 0..<a.count {
            let (row, column) = ((a.rows[p] - a.rows[0]) * stride, a.columns[p] - a.columns[0])
            straight[p] = column + row
            flipped[p] = column - row
        }
        for q in 0..<b.count {
            let column = target.advanced(by: q &* width)
            column.store8(.zero, 0)
            column.store8(.zero, 8)
            column.store8(.zero, 16)
            column.store8(.zero, 24)
            for term in terms {
                let values = green.values(
                    around: term.rowSign * b.rows[q] + term.row,
                    term.columnSign * b.columns[q] + term.column)
                let offsets = term.isFlipped ? flipped : straight
                let sign = term.sign
                for p in 0..<count { column[p] = column[p].addingProduct(sign, values[offsets[p]]) }
            }
        }
    }

    /// One of a charge's images: its distance from the first site of a group is (rowSign · row of
    /// the charge + `row`, …).
    struct Term {
        var sign: Float
        var row: Int
        var rowSign: Int
        var column: Int
        var columnSign: Int
        /// Whether distances fall as the row of the group's site rises.
        var isFlipped: Bool
    }

    /// The charge itself and its images, but for those that are out of reach of every site.
    func terms(_ a: RimSites.Group, _ b: RimSites.Group) -> [Term] {
        let (rowsA, rowsB) = (a.rowRange, b.rowRange)
        let (columnsA, columnsB) = (a.columnRange, b.columnRange)
        let (ends, periods) = (green.sides, green.periods)
        let (height, breadth) = (periods.rows / 2, periods.columns / 2)
        var rows: [(Term, Int)] = []
        // A distance beyond half a turn is taken the other way round.
        func addRow(_ sign: Double, _ rowSign: Int, _ offset: Int, _ distances: ClosedRange<Int>) {
            let isNear = distances.lowerBound <= height
            let turn = isNear ? 1 : ends.rows.turnSign
            let row = a.rows[0] + offset
            rows.append(
                (
                    Term(
                        sign: Float(turn * sign), row: isNear ? row : periods.rows - row,
                        rowSign: isNear ? rowSign : -rowSign, column: 0, columnSign: 0,
                        isFlipped: !isNear), green.gap(distances, periods.rows, ends.rows)
                ))
        }
        addRow(
            1, -1, 0, rowsA.lowerBound - rowsB.upperBound...rowsA.upperBound - rowsB.lowerBound)
        if let mirror = ends.rows.mirror {
            addRow(
                mirror.sign, 1, mirror.offset,
                rowsA.lowerBound + rowsB.lowerBound + mirror.offset...rowsA.upperBound
                    + rowsB.upperBound + mirror.offset)
        }
        var columns: [(sign: Float, column: Int, columnSign: Int, gap: Int)] = []
        func addColumn(
            _ sign: Double, _ columnSign: Int, _ offset: Int, _ distances: ClosedRange<Int>
        ) {
            let turns =
                distances.lowerBound > breadth ? -1 : distances.upperBound < -breadth ? 1 : 0
            columns.append(
                (
                    Float(turns == 0 ? sign : ends.columns.turnSign * sign),
                    a.columns[0] + offset + turns * periods.columns, columnSign,
                    green.gap(distances, periods.columns, ends.columns)
                ))
        }
        addColumn(
            1, -1, 0,
            columnsA.lowerBound - columnsB.upperBound...columnsA.upperBound - columnsB.lowerBound)
        if let mirror = ends.columns.mirror {
            addColumn(
                mirror.sign, 1, mirror.offset,
                columnsA.lowerBound + columnsB.lowerBound + mirror.offset...columnsA.upperBound
                    + columnsB.upperBound + mirror.offset)
        }
        var result: [Term] = []
        for (row, rowGap) in rows {
            for column in columns {
                let down = Double(rowGap) / Double(green.reach.rows)
                let across = Double(column.gap) / Double(green.reach.columns)
                guard !green.isScreened || down * down + across * across < 1 else { continue }
                var term = row
                term.sign *= column.sign
                term.column = column.column
                term.columnSign = column.columnSign
                result.append(term)
            }
        }
        return result
    }
}
