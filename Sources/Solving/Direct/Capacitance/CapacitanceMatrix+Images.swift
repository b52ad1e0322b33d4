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
        let (height, breadth) = (green.rows + 1, green.columns + 1)
        var rows: [(Term, Int)] = []
        rows.append(
            (
                Term(
                    sign: 1, row: a.rows[0], rowSign: -1, column: 0, columnSign: 0, isFlipped: false
                ), CapacitanceMatrix.gap(rowsA, rowsB)
            ))
        let nearTop = rowsA.lowerBound + rowsB.lowerBound + 2 <= height
        rows.append(
            nearTop
                ? (
                    Term(
                        sign: -1, row: a.rows[0] + 2, rowSign: 1, column: 0, columnSign: 0,
                        isFlipped: false), rowsA.lowerBound + rowsB.lowerBound + 2
                )
                : (
                    Term(
                        sign: -1, row: 2 * height - a.rows[0] - 2, rowSign: -1, column: 0,
                        columnSign: 0, isFlipped: true),
                    2 * height - rowsA.upperBound - rowsB.upperBound - 2
                ))
        let nearLeft = columnsA.lowerBound + columnsB.lowerBound + 2 <= breadth
        let columns: [(sign: Float, column: Int, columnSign: Int, gap: Int)] = [
            (1, a.columns[0], -1, CapacitanceMatrix.gap(columnsA, columnsB)),
            (
                -1, a.columns[0] + 2 - (nearLeft ? 0 : 2 * breadth), 1,
                nearLeft
                    ? columnsA.lowerBound + columnsB.lowerBound + 2
                    : 2 * breadth - columnsA.upperBound - columnsB.upperBound - 2
            ),
        ]
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

    /// Least distance between two ranges.
    static func gap(_ a: ClosedRange<Int>, _ b: ClosedRange<Int>) -> Int {
        max(0, a.lowerBound - b.upperBound, b.lowerBound - a.upperBound)
    }
}
