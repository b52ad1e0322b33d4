/// The charges on rim sites, and how far the field that they make is from what it shall be there.
struct RimCharges {
    /// A rim site.
    private struct Site {
        var row: Int
        var column: Int
        var value: Double
        /// Place in the order of groups.
        var place: Int
    }

    /// Ascending by row and column.
    private let sites: [Site]
    /// Index of the first site in each row that has one.
    private var starts: [Int: Range<Int>] = [:]
    private var amounts: [Double]
    /// Value less field, of each site.
    private var missing: [Double]
    private let size: Int

    init(_ groups: [RimSites.Group]) {
        size = groups.count * RimSites.width
        var sites: [Site] = []
        for (number, group) in groups.enumerated() {
            for index in 0..<group.count {
                sites.append(
                    Site(
                        row: group.rows[index], column: group.columns[index],
                        value: group.values[index], place: number * RimSites.width + index))
            }
        }
        sites.sort { ($0.row, $0.column) < ($1.row, $1.column) }
        self.sites = sites
        amounts = [Double](repeating: 0, count: sites.count)
        missing = sites.map(\.value)
        var start = 0
        while start < sites.count {
            var end = start
            while end < sites.count, sites[end].row == sites[start].row { end += 1 }
            starts[sites[start].row] = start..<end
            start = end
        }
    }

    /// Largest magnitude of value less field on a rim site, where `measure` has seen all rows.
    var mismatch: Double {
        missing.reduce(0) { $1.isNaN || $0.isNaN ? .infinity : max($0, abs($1)) }
    }

    /// The charges, ascending by row.
    var byRow: [Charge] {
        zip(sites, amounts).map { Charge(row: $0.row, column: $0.column, amount: $1) }
    }

    /// Adds the charges that make the field what it lacks, but for `tolerance`.
    mutating func correct(by matrix: CapacitanceMatrix, tolerance: Double) {
        var potential = [Double](repeating: 0, count: size)
        for (site, value) in zip(sites, missing) { potential[site.place] = value }
        let charges = matrix.charges(for: potential, tolerance: tolerance)
        for (index, site) in sites.enumerated() { amounts[index] += charges[site.place] }
    }

    /// Takes note of the field in one row.
    mutating func measure(_ row: Int, _ line: Line<Double>) {
        guard let range = starts[row] else { return }
        for index in range { missing[index] = sites[index].value - line[sites[index].column] }
    }
}
