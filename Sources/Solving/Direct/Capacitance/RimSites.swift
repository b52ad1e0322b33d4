/// The pinned sites that have a free neighbour, in groups of at most `RimSites.width` that lie
/// close together.
///
/// A field's free sites see nothing of an obstacle but its rim, so charges there can stand for all
/// of it.
struct RimSites {
    /// Largest group; one disk of radius 5 has 28 rim sites.
    static let width = 32
    /// Groups of one component lie in squares of this side.
    private static let extent = 32

    /// Sites of one component, ascending by row and column; at least one.
    struct Group {
        var rows: [Int] = []
        var columns: [Int] = []
        var values: [Double] = []
        var count: Int { rows.count }
        var rowRange: ClosedRange<Int> { rows[0]...rows[rows.count - 1] }
        var columnRange: ClosedRange<Int> {
            let range = columns.reduce((Int.max, Int.min)) { (min($0.0, $1), max($0.1, $1)) }
            return range.0...range.1
        }
    }

    /// Ascending by their first site.
    private(set) var groups: [Group] = []
    private let lattice: (rows: Int, columns: Int)
    private let sides: Sides
    /// For each site of the lattice 0 where it is free, −1 where it is pinned, or the number of its
    /// component.
    private var component: [Int32]

    init(rows: Int, columns: Int, _ sides: Sides) {
        lattice = (rows, columns)
        self.sides = sides
        component = [Int32](repeating: 0, count: rows * columns)
    }

    /// Number of rim sites.
    var count: Int { groups.reduce(0) { $0 + $1.count } }

    /// Replaces the groups. O(pinned sites) time.
    mutating func replace(sites: [Int], values: [Double]) {
        groups.removeAll(keepingCapacity: true)
        for site in sites { component[site] = -1 }
        var number: Int32 = 0
        var members: [Int] = []
        for site in sites where component[site] == -1 {
            number += 1
            flood(from: site, number, &members)
            group(members, sites: sites, values: values)
        }
        for site in sites { component[site] = 0 }
        groups.sort { ($0.rows[0], $0.columns[0]) < ($1.rows[0], $1.columns[0]) }
    }

    /// Marks the component of `site`, and collects its rim.
    private mutating func flood(from site: Int, _ number: Int32, _ rim: inout [Int]) {
        rim.removeAll(keepingCapacity: true)
        var stack = [site]
        component[site] = number
        while let site = stack.popLast() {
            let (row, column) = site.quotientAndRemainder(dividingBy: lattice.columns)
            var isRim = false
            func visit(_ other: Int) {
                if component[other] == 0 { isRim = true }
                if component[other] == -1 {
                    component[other] = number
                    stack.append(other)
                }
            }
            if row > 0 {
                visit(site - lattice.columns)
            } else if sides.rows.isPeriodic {
                visit(site + (lattice.rows - 1) * lattice.columns)
            }
            if row + 1 < lattice.rows {
                visit(site + lattice.columns)
            } else if sides.rows.isPeriodic {
                visit(column)
            }
            if column > 0 {
                visit(site - 1)
            } else if sides.columns.isPeriodic {
                visit(site + lattice.columns - 1)
            }
            if column + 1 < lattice.columns {
                visit(site + 1)
            } else if sides.columns.isPeriodic {
                visit(site - lattice.columns + 1)
            }
            if isRim { rim.append(site) }
        }
        rim.sort()
    }

    /// Cuts a component's rim into squares, and those into groups of nearly equal size.
    private mutating func group(_ rim: [Int], sites: [Int], values: [Double]) {
        guard let top = rim.first.map({ $0 / lattice.columns }) else { return }
        let left = rim.reduce(lattice.columns) { min($0, $1 % lattice.columns) }
        let perRow = (lattice.columns + RimSites.extent - 1) / RimSites.extent
        func square(_ site: Int) -> Int {
            (site / lattice.columns - top) / RimSites.extent * perRow
                + (site % lattice.columns - left) / RimSites.extent
        }
        // A stable order: by square, then by site.
        let ordered = rim.map { (square($0), $0) }.sorted { $0 < $1 }
        var start = 0
        while start < ordered.count {
            var end = start
            while end < ordered.count, ordered[end].0 == ordered[start].0 { end += 1 }
            let pieces = (end - start + RimSites.width - 1) / RimSites.width
            for piece in 0..<pieces {
                let range =
                    start + (end - start) * piece / pieces..<start + (end - start) * (piece + 1)
                    / pieces
                groups.append(
                    ordered[range].reduce(into: Group()) { group, item in
                        group.rows.append(item.1 / lattice.columns)
                        group.columns.append(item.1 % lattice.columns)
                        group.values.append(RimSites.value(at: item.1, sites, values))
                    })
            }
            start = end
        }
    }

    /// The value of a pinned site, by bisection.
    private static func value(at site: Int, _ sites: [Int], _ values: [Double]) -> Double {
        var (low, high) = (0, sites.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if sites[middle] <= site { low = middle } else { high = middle }
        }
        return values[low]
    }
}
