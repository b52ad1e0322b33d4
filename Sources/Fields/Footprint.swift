/// The sites of a shape, as runs of columns, relative to its centre.
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

    /// Finds the sites of `shape`, whose parameters must be in range. O(rows) time, for polygons
    /// O(rows · corners).
    public init(_ shape: Shape) {
        switch shape {
        case .disk(let radius): runs = Footprint.ring(outer: radius, inner: nil)
        case .ring(let outer, let inner): runs = Footprint.ring(outer: outer, inner: inner)
        case .ellipse(let down, let across, let angle):
            runs = Footprint.convex(Ellipse(down: down, across: across, degrees: angle))
        case .rectangle(let down, let across, let angle):
            runs = Footprint.convex(Rectangle(down: down, across: across, degrees: angle))
        case .polygon(let corners): runs = Footprint.polygon(corners)
        }
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

    /// A disk, less the disk of radius `inner` where there is one.
    private static func ring(outer: Double, inner: Double?) -> [Run] {
        let reach = Int(outer)
        var runs: [Run] = []
        runs.reserveCapacity(2 * reach + 1)
        for row in -reach...reach {
            let half = Shape.halfWidth(ofRadius: outer, atRow: row)
            guard let inner, abs(row) <= Int(inner) else {
                runs.append(Run(row: row, first: -half, last: half))
                continue
            }
            let hole = Shape.halfWidth(ofRadius: inner, atRow: row)
            guard hole < half else { continue }
            runs.append(Run(row: row, first: -half, last: -hole - 1))
            runs.append(Run(row: row, first: hole + 1, last: half))
        }
        return runs
    }

    /// A shape whose sites in a row are consecutive: from the first to the last site that its rule
    /// admits.
    private static func convex(_ rule: some ConvexRule) -> [Run] {
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
        return runs
    }

    /// The whole number within `Shape.edge`, or the number itself.
    private static func settled(_ value: Double) -> Double {
        let whole = value.rounded()
        return abs(value - whole) <= Shape.edge ? whole : value
    }

    /// The even-odd rule, row by row.
    private static func polygon(_ given: [Shape.Corner]) -> [Run] {
        let corners = given.map { Shape.Corner(down: settled($0.down), across: $0.across) }
        let top = corners.reduce(corners[0].down) { min($0, $1.down) }
        let bottom = corners.reduce(corners[0].down) { max($0, $1.down) }
        let rows = Int(top.rounded(.up))...max(Int(top.rounded(.up)), Int(bottom.rounded(.down)))
        var runs: [Run] = []
        for row in rows {
            let level = Double(row)
            var crossings: [Double] = []
            for (index, one) in corners.enumerated() {
                let other = corners[(index + 1) % corners.count]
                let (upper, lower) = one.down <= other.down ? (one, other) : (other, one)
                guard upper.down <= level, level < lower.down else { continue }
                let share = (level - upper.down) / (lower.down - upper.down)
                crossings.append(settled(upper.across + share * (lower.across - upper.across)))
            }
            crossings.sort()
            for index in stride(from: 0, to: crossings.count - 1, by: 2) {
                let first = Int(crossings[index].rounded(.up))
                let end = Int(crossings[index + 1].rounded(.up))
                guard first < end else { continue }
                if let last = runs.last, last.row == row, Int(last.last) + 1 == first {
                    runs[runs.count - 1] = Run(row: row, first: Int(last.first), last: end - 1)
                } else {
                    runs.append(Run(row: row, first: first, last: end - 1))
                }
            }
        }
        return runs
    }
}

extension Shape {
    /// The largest distance along the row `offset` rows from the centre that belongs to a disk.
    /// `offset` is in `-⌊radius⌋...⌊radius⌋`, where there is one: ⌊radius⌋² ≤ radius², and rounding
    /// radius² keeps that.
    ///
    /// The root is only a first guess: for a radius² that is no integer it can round up to one
    /// (√(25 − 2⁻⁴⁸) to 5), so the rule of the disk itself decides. Its squares are below 2⁵³,
    /// hence exact.
    static func halfWidth(ofRadius radius: Double, atRow offset: Int) -> Int {
        let squared = radius * radius
        var half = Int((squared - Double(offset * offset)).squareRoot())
        while Double(offset * offset + half * half) > squared { half -= 1 }
        while Double(offset * offset + (half + 1) * (half + 1)) <= squared { half += 1 }
        return half
    }
}

/// A shape whose sites in a row are consecutive.
private protocol ConvexRule {
    /// No site is further from the centre, in rows or in columns.
    var reach: Int { get }
    /// Whether the site with these offsets belongs to the shape.
    func admits(_ i: Double, _ j: Double) -> Bool
    /// About where row `row` enters and leaves the shape, or nil where it is clear of it.
    func estimate(row: Double) -> ClosedRange<Double>?
}

private struct Ellipse: ConvexRule {
    let down: Double
    let across: Double
    let sine: Double
    let cosine: Double

    init(down: Double, across: Double, degrees: Double) {
        (self.down, self.across) = (down + Shape.edge, across + Shape.edge)
        (sine, cosine) = Elementary.sineAndCosine(degrees: degrees)
    }

    var reach: Int { Int(max(down, across)) + 1 }

    func admits(_ i: Double, _ j: Double) -> Bool {
        let p = (i * cosine + j * sine) / down
        let q = (j * cosine - i * sine) / across
        return p * p + q * q <= 1
    }

    /// The roots of the quadratic in j; where there are none, their mean, in case that rounding
    /// decides.
    func estimate(row: Double) -> ClosedRange<Double>? {
        let (s, c) = (sine, cosine)
        let a = s * s / (down * down) + c * c / (across * across)
        let b = s * c / (down * down) - s * c / (across * across)
        let centre = -b * row / a
        let height = row / (down * across)
        let half = max(0, (1 - height * height / a) / a).squareRoot()
        return centre - half...centre + half
    }
}

private struct Rectangle: ConvexRule {
    let down: Double
    let across: Double
    let sine: Double
    let cosine: Double

    init(down: Double, across: Double, degrees: Double) {
        (self.down, self.across) = (down + Shape.edge, across + Shape.edge)
        (sine, cosine) = Elementary.sineAndCosine(degrees: degrees)
    }

    var reach: Int { Int((down * down + across * across).squareRoot()) + 1 }

    func admits(_ i: Double, _ j: Double) -> Bool {
        abs(i * cosine + j * sine) <= down && abs(j * cosine - i * sine) <= across
    }

    /// The part of the row within both strips; an axis that the row runs along does not bound it.
    func estimate(row: Double) -> ClosedRange<Double>? {
        let reach = Double(reach)
        var (low, high) = (-reach, reach)
        for (slope, half, offset) in [(sine, down, row * cosine), (cosine, across, 0 - row * sine)]
        where abs(slope) > 0x1p-40 {
            let ends = ((-half - offset) / slope, (half - offset) / slope)
            low = max(low, min(ends.0, ends.1))
            high = min(high, max(ends.0, ends.1))
        }
        return low <= high + 1 ? min(low, high)...max(low, high) : nil
    }
}
