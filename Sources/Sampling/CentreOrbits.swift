internal import Fields

/// The places of a single source of one shape, up to what leaves the equation and the shape as they
/// are: places of one orbit give images that are one another's reflections, turns or shifts, so a
/// stratum must not have two of them.
///
/// Known symmetries are those of equations whose coefficients are constant or layered, as the
/// design must be read in no time; what repeats itself all the same is left out when the samples
/// are listed.
struct CentreOrbits: Hashable, Sendable {
    /// Number of orbits.
    let count: Int
    /// Rows and columns that a centre may have.
    private let rows: Range<Int>
    private let columns: Range<Int>
    /// The symmetries, the identity first.
    private let symmetries: [Symmetry]
    /// Whether all rows, and all columns, are one.
    private let slidesRows: Bool
    private let slidesColumns: Bool
    /// For each row from the first one, the columns from the first one whose places are the first
    /// of their orbits, row by row; and the number of orbits before them.
    private let lines: [Line]

    private struct Line: Hashable, Sendable {
        let columns: Range<Int>
        let before: Int
    }

    /// Whether every place is an orbit of its own.
    var areSingle: Bool { count == rows.count * columns.count }

    /// The orbits of the places in `rows` and `columns`, which lie in the middle of the lattice;
    /// every place is one where `isJoining` is false. O(rows) time and memory.
    init(of physics: Physics, shape: Shape, rows: Range<Int>, columns: Range<Int>, isJoining: Bool)
    {
        (self.rows, self.columns) = (rows, columns)
        symmetries =
            isJoining
            ? Symmetry.allCases.filter { $0.keeps(physics) && $0.keeps(shape.footprint) }
            : [Symmetry.allCases[0]]
        slidesRows = isJoining && physics.slidesRows
        slidesColumns = isJoining && physics.slidesColumns
        var lines: [Line] = []
        var count = 0
        for row in 0..<(slidesRows ? min(1, rows.count) : rows.count) {
            var first = 0..<(slidesColumns ? min(1, columns.count) : columns.count)
            for symmetry in symmetries where !first.isEmpty {
                first = CentreOrbits.columns(
                    first, ofRow: row, before: symmetry, slidesRows ? 1 : rows.count,
                    slidesColumns ? 1 : columns.count)
            }
            lines.append(Line(columns: first, before: count))
            count += first.count
        }
        self.lines = lines
        self.count = count
    }

    /// The place that `word` chooses in the orbit with number `orbit`, below `count`. O(log rows).
    func place(_ orbit: Int, _ words: SIMD4<UInt32>) -> (row: Int, column: Int) {
        precondition((0..<count).contains(orbit), "orbit \(orbit) is outside 0..<\(count)")
        var (low, high) = (0, lines.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lines[middle].before <= orbit { low = middle } else { high = middle }
        }
        // Of rows without an orbit, and the one before them, the last was found that begins at or
        // before it: it has some.
        let line = lines[low]
        func element(_ count: Int, _ word: UInt32) -> Int {
            Int((UInt64(word) * UInt64(count)) >> 32)
        }
        let symmetry = symmetries[element(symmetries.count, words.x)]
        let first = (row: low, column: line.columns.lowerBound + orbit - line.before)
        var (row, column) = symmetry.isTransposed ? (first.column, first.row) : first
        if symmetry.flipsRows { row = rows.count - 1 - row }
        if symmetry.flipsColumns { column = columns.count - 1 - column }
        if slidesRows { row = element(rows.count, words.y) }
        if slidesColumns { column = element(columns.count, words.z) }
        return (rows.lowerBound + row, columns.lowerBound + column)
    }

    /// Those of `range` in a row that are not after their image by `symmetry`, on `rows` ×
    /// `columns` places.
    private static func columns(
        _ range: Range<Int>, ofRow row: Int, before symmetry: Symmetry, _ rows: Int, _ columns: Int
    ) -> Range<Int> {
        /// The part of the range up to `last`, or from `first`.
        func upTo(_ last: Int) -> Range<Int> {
            range.lowerBound..<max(range.lowerBound, min(range.upperBound, last + 1))
        }
        func from(_ first: Int) -> Range<Int> {
            max(range.lowerBound, min(range.upperBound, first))..<range.upperBound
        }
        guard symmetry.isTransposed else {
            let image = symmetry.flipsRows ? rows - 1 - row : row
            if row != image { return row < image ? range : range.prefix(0) }
            return symmetry.flipsColumns ? upTo((columns - 1) / 2) : range
        }
        // Column j goes to row j, or to the one opposite; row i to column i, or to the one
        // opposite. On the line where the row stays, the column decides.
        let column = symmetry.flipsColumns ? columns - 1 - row : row
        if symmetry.flipsRows {
            let line = rows - 1 - row
            return upTo(line <= column ? line : line - 1)
        }
        return from(row <= column ? row : row + 1)
    }
}

extension Symmetry {
    /// Whether a footprint is the same afterwards, around its centre.
    fileprivate func keeps(_ footprint: Footprint) -> Bool {
        guard self != Symmetry.allCases[0] else { return true }
        func sites(_ transform: (Int, Int) -> SIMD2<Int>) -> Set<SIMD2<Int>> {
            Set(
                footprint.runs.flatMap { run in
                    (run.first...run.last).map { transform(Int(run.row), Int($0)) }
                })
        }
        return sites { SIMD2($0, $1) }
            == sites { row, column in
                let (down, across) = isTransposed ? (column, row) : (row, column)
                return SIMD2(flipsRows ? -down : down, flipsColumns ? -across : across)
            }
    }
}

extension Physics {
    /// Whether any shift of the rows leaves the equation as it is; see `Symmetry.keeps` for what is
    /// known.
    fileprivate var slidesRows: Bool {
        boundary.top == .periodic
            && (diffusivity.coefficients + [decayRate]).allSatisfy { $0.isAlike(along: .rows) }
    }

    /// The same of the columns.
    fileprivate var slidesColumns: Bool {
        boundary.left == .periodic
            && (diffusivity.coefficients + [decayRate]).allSatisfy { $0.isAlike(along: .columns) }
    }
}

extension Coefficient {
    /// Whether all rows, or all columns, are alike: certain for constants and layers, not asked of
    /// others.
    fileprivate func isAlike(along axis: Layers.Axis) -> Bool {
        switch self {
        case .constant: true
        case .layered(let layers): layers.axis != axis
        case .regions, .random, .gaussian: false
        }
    }
}
