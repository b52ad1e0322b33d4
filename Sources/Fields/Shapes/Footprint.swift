/// The sites of a form, as runs of columns, relative to its centre.
public struct Footprint: Hashable, Sendable {
    /// Consecutive sites of one row.
    public struct Run: Hashable, Sendable {
        /// Rows below the centre.
        public let row: Int32
        /// First column, to the right of the centre.
        public let first: Int32
        /// Last column, to the right of the centre.
        public let last: Int32

        init(row: Int, first: Int, last: Int) {
            self.row = Int32(row)
            self.first = Int32(first)
            self.last = Int32(last)
        }
    }

    /// The runs, by row and then by column; between those of one row there is a gap.
    public let runs: [Run]

    /// The number of sites.
    public var count: Int { runs.reduce(0) { $0 + Int($1.last - $1.first) + 1 } }

    /// First and last row and column, or nil where there is no site.
    public var box: (rows: ClosedRange<Int>, columns: ClosedRange<Int>)? {
        guard let top = runs.first, let bottom = runs.last else { return nil }
        let left = runs.reduce(top.first) { min($0, $1.first) }
        let right = runs.reduce(top.last) { max($0, $1.last) }
        return (Int(top.row)...Int(bottom.row), Int(left)...Int(right))
    }

    /// Creates a footprint from runs in that order.
    init(runs: [Run]) { self.runs = runs }

    /// Finds the sites of a form whose sites in a row are consecutive: from the first to the last
    /// site that its rule admits. O(rows) time.
    init(_ rule: some ConvexRule) {
        let reach = rule.reach
        var runs: [Run] = []
        for row in -reach...reach {
            // The estimate is within a rounding error, far less than two sites, of where the row
            // enters and leaves.
            guard let estimate = rule.estimate(row: Double(row)) else { continue }
            var first = Int(max(estimate.lowerBound, Double(-reach)).rounded(.down)) - 2
            var last = Int(min(estimate.upperBound, Double(reach)).rounded(.up)) + 2
            while first <= last, !rule.admits(Double(row), Double(first)) { first += 1 }
            while first <= last, !rule.admits(Double(row), Double(last)) { last -= 1 }
            if first <= last { runs.append(Run(row: row, first: first, last: last)) }
        }
        self.runs = runs
    }

    /// Whether this footprint, `down` rows below and `across` columns right of the place of the
    /// other, shares a site with it. O(runs).
    package func meets(_ other: Footprint, down: Int, across: Int) -> Bool {
        var start = 0
        for run in runs {
            let row = Int(run.row) + down
            while start < other.runs.count, Int(other.runs[start].row) < row { start += 1 }
            var index = start
            while index < other.runs.count, Int(other.runs[index].row) == row {
                let candidate = other.runs[index]
                if Int(run.first) + across <= Int(candidate.last),
                    Int(run.last) + across >= Int(candidate.first)
                {
                    return true
                }
                index += 1
            }
        }
        return false
    }
}
