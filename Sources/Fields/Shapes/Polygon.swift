package import Documents

/// A polygon through corners in order, closed, by the even-odd rule.
///
/// A site belongs to it where an odd number of edges cross its row at a column that is not to the
/// right of it. An edge from an upper corner (r, c) to a lower one (r′, c′) crosses row i where r ≤
/// i < r′, at c + (i − r)/(r′ − r)·(c′ − c). Rows of corners and crossings within e of a whole
/// number count as that. So of a square with whole corners the upper and left edges belong to it
/// and the lower and right ones do not, and polygons that share an edge share no site.
package struct Polygon: ShapeForm {
    /// A corner, as an offset from the centre in sites.
    package struct Corner: Hashable, Sendable {
        /// Rows below the centre.
        package let down: Double
        /// Columns to the right of the centre.
        package let across: Double

        /// Creates a corner.
        package init(down: Double, across: Double) {
            self.down = down
            self.across = across
        }
    }

    /// The corners, in order.
    package let corners: [Corner]

    /// Creates a polygon.
    package init(_ corners: [Corner]) { self.corners = corners }

    /// The numbers of corners that a polygon may have.
    package static let cornerCounts = 3...16

    package static let name = "polygon"
    package static let code = 4

    /// Down and across of each corner.
    package var parameters: [Double] { corners.flatMap { [$0.down, $0.across] } }

    package init?(parameters: [Double]) {
        let count = parameters.count
        guard count % 2 == 0, Polygon.cornerCounts.contains(count / 2) else { return nil }
        self.init(
            stride(from: 0, to: count, by: 2).map {
                Corner(down: parameters[$0], across: parameters[$0 + 1])
            })
    }

    package var json: JSON {
        .array(corners.map { .array([.number($0.down), .number($0.across)]) })
    }

    package init(json: JSON, of context: String) throws(ConfigurationError) {
        let corners = (json.array ?? []).map { ($0.array ?? []).compactMap(\.double) }
        guard json.array != nil, corners.allSatisfy({ $0.count == 2 }) else {
            throw ConfigurationError(
                .document, "\(context) is not a list of [row, column] offsets")
        }
        self.init(corners.map { Corner(down: $0[0], across: $0[1]) })
    }

    package var refusal: String? {
        guard Polygon.cornerCounts.contains(corners.count) else {
            return "\(corners.count) corners are not possible: from "
                + "\(Polygon.cornerCounts.lowerBound) to \(Polygon.cornerCounts.upperBound) are"
        }
        let offsets = -ShapeLimits.maximumExtent...ShapeLimits.maximumExtent
        return corners.first { !offsets.contains($0.down) || !offsets.contains($0.across) }.map {
            "the corner at \($0.down), \($0.across) is further than \(ShapeLimits.maximumExtent) "
                + "sites away"
        }
    }

    /// Upper and left edges become lower and right ones, so sites on an edge may differ.
    package func copy(isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool) -> Polygon {
        Polygon(
            corners.map { corner in
                let (down, across) =
                    isTransposed ? (corner.across, corner.down) : (corner.down, corner.across)
                return Corner(
                    down: flipsRows ? 0 - down : down, across: flipsColumns ? 0 - across : across)
            })
    }

    /// The whole number within `ShapeLimits.edge`, or the number itself.
    private static func settled(_ value: Double) -> Double {
        let whole = value.rounded()
        return abs(value - whole) <= ShapeLimits.edge ? whole : value
    }

    /// The even-odd rule, row by row.
    package var footprint: Footprint {
        let corners = self.corners.map { Corner(down: Polygon.settled($0.down), across: $0.across) }
        let top = corners.reduce(corners[0].down) { min($0, $1.down) }
        let bottom = corners.reduce(corners[0].down) { max($0, $1.down) }
        let rows = Int(top.rounded(.up))...max(Int(top.rounded(.up)), Int(bottom.rounded(.down)))
        var runs: [Footprint.Run] = []
        for row in rows {
            let level = Double(row)
            var crossings: [Double] = []
            for (index, one) in corners.enumerated() {
                let other = corners[(index + 1) % corners.count]
                let (upper, lower) = one.down <= other.down ? (one, other) : (other, one)
                guard upper.down <= level, level < lower.down else { continue }
                let share = (level - upper.down) / (lower.down - upper.down)
                crossings.append(
                    Polygon.settled(upper.across + share * (lower.across - upper.across)))
            }
            crossings.sort()
            for index in stride(from: 0, to: crossings.count - 1, by: 2) {
                let first = Int(crossings[index].rounded(.up))
                let end = Int(crossings[index + 1].rounded(.up))
                guard first < end else { continue }
                if let last = runs.last, last.row == row, Int(last.last) + 1 == first {
                    runs[runs.count - 1] = Footprint.Run(
                        row: row, first: Int(last.first), last: end - 1)
                } else {
                    runs.append(Footprint.Run(row: row, first: first, last: end - 1))
                }
            }
        }
        return Footprint(runs: runs)
    }
}
