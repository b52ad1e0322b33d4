/// All reflections, turns and shifts of a lattice that leave an equation as it is: its
/// coefficients, site by site, and what holds at its sides.
struct SymmetryGroup: Sendable {
    /// A symmetry, and the shift after it: in rows and columns, from 0, 0 along an axis that
    /// slides.
    struct Element: Hashable, Sendable {
        let symmetry: Symmetry
        let down: Int
        let across: Int
    }

    /// Those that there are, the identity first; any of them may be followed by a shift along an
    /// axis that slides.
    let elements: [Element]
    /// Whether every shift of the rows is allowed: top and bottom are periodic, and all rows are
    /// alike.
    let slidesRows: Bool
    /// The same of the columns.
    let slidesColumns: Bool

    /// More pairs of shifts than this are not tried; 256 regions on a torus make 256 of them at
    /// most where they form a grid.
    private static let maximumPairs = 4096

    /// Finds those of `physics`. A random coefficient without a key is another one for each sample,
    /// which has no symmetry, so then there is none but the identity. O(sites) for each symmetry,
    /// but for coefficients that repeat themselves along periodic sides; O(1) where all are
    /// constant.
    init(of physics: Physics) {
        let (lattice, boundary) = (physics.lattice, physics.boundary)
        let candidates = Symmetry.allCases.filter { $0.keeps(lattice, boundary) }
        let (wrapsRows, wrapsColumns) = (boundary.top == .periodic, boundary.left == .periodic)
        func plain(_ symmetries: [Symmetry]) -> [Element] {
            symmetries.map { Element(symmetry: $0, down: 0, across: 0) }
        }
        guard physics.isRealised, candidates.count > 1 || wrapsRows || wrapsColumns else {
            elements = plain([Symmetry.allCases[0]])
            (slidesRows, slidesColumns) = (false, false)
            return
        }
        if let uniform = physics.uniform {
            elements = plain(
                candidates.filter { !$0.isTransposed || uniform.down == uniform.across })
            (slidesRows, slidesColumns) = (wrapsRows, wrapsColumns)
            return
        }
        let (rows, columns) = (lattice.rows, lattice.columns)
        let medium = SitePattern(physics.medium())
        slidesRows = wrapsRows && medium.isInvariant(under: 1, 0)
        slidesColumns = wrapsColumns && medium.isInvariant(under: 0, 1)
        let downs = wrapsRows && !slidesRows ? 0..<rows : 0..<1
        let acrosses = wrapsColumns && !slidesColumns ? 0..<columns : 0..<1
        elements = candidates.flatMap { symmetry in
            let copy = medium.copy(by: symmetry)
            let down = downs.filter { SitePattern.matches(medium.rowSums, copy.rowSums, shift: $0) }
            let across = acrosses.filter {
                SitePattern.matches(medium.columnSums, copy.columnSums, shift: $0)
            }
            let pairs = down.lazy.flatMap { row in across.map { (row, $0) } }.prefix(
                SymmetryGroup.maximumPairs)
            return pairs.filter { medium.equals(copy, shiftedBy: $0.0, $0.1) }.map {
                Element(symmetry: symmetry, down: $0.0, across: $0.1)
            }
        }
    }
}

/// The coefficients of each site as one word, to compare them with a copy of them.
private struct SitePattern {
    let rows: Int
    let columns: Int
    /// What the sites are like.
    let words: [UInt64]  // (rows, columns)
    /// What they are like with rows and columns exchanged; empty where that is the same.
    private let exchanged: [UInt64]  // (rows, columns)
    /// A sum over each row that does not depend on the order in it, and the same of columns.
    let rowSums: [UInt64]
    let columnSums: [UInt64]

    init(_ medium: Medium) {
        func words(_ one: [Double], _ two: [Double]) -> [UInt64] {
            medium.decay.indices.map { site in
                // −0 and 0 are one coefficient.
                let parts = [one[site], two[site], medium.decay[site]].map { ($0 + 0).bitPattern }
                return parts.reduce(0) { UInt64(truncatingIfNeeded: Mixing.mix($0 &* 3 &+ $1)) }
            }
        }
        self.init(
            rows: medium.lattice.rows, columns: medium.lattice.columns,
            words: words(medium.down, medium.across),
            exchanged: medium.down == medium.across ? [] : words(medium.across, medium.down))
    }

    private init(rows: Int, columns: Int, words: [UInt64], exchanged: [UInt64]) {
        (self.rows, self.columns, self.words, self.exchanged) = (rows, columns, words, exchanged)
        var rowSums = [UInt64](repeating: 0, count: rows)
        var columnSums = [UInt64](repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns {
                let word = words[row * columns + column]
                rowSums[row] &+= word
                columnSums[column] &+= word
            }
        }
        (self.rowSums, self.columnSums) = (rowSums, columnSums)
    }

    /// The pattern after `symmetry`, which must keep the lattice.
    func copy(by symmetry: Symmetry) -> SitePattern {
        let source = symmetry.isTransposed && !exchanged.isEmpty ? exchanged : words
        var copy = words
        for row in 0..<rows {
            for column in 0..<columns {
                let (down, across) = symmetry.isTransposed ? (column, row) : (row, column)
                let place =
                    (symmetry.flipsRows ? rows - 1 - down : down) * columns
                    + (symmetry.flipsColumns ? columns - 1 - across : across)
                copy[place] = source[row * columns + column]
            }
        }
        return SitePattern(rows: rows, columns: columns, words: copy, exchanged: [])
    }

    /// Whether `copy` is this one after a shift.
    func equals(_ copy: SitePattern, shiftedBy down: Int, _ across: Int) -> Bool {
        for row in 0..<rows {
            let (base, other) = (row * columns, (row + down) % rows * columns)
            for column in 0..<columns {
                let place = column + across < columns ? column + across : column + across - columns
                if copy.words[base + column] != words[other + place] { return false }
            }
        }
        return true
    }

    func isInvariant(under down: Int, _ across: Int) -> Bool {
        equals(self, shiftedBy: down, across)
    }

    /// Whether the sums of a copy are those of the original after a shift.
    static func matches(_ sums: [UInt64], _ copy: [UInt64], shift: Int) -> Bool {
        for place in copy.indices where copy[place] != sums[(place + shift) % sums.count] {
            return false
        }
        return true
    }
}
