package import Documents

/// i² + j² ≤ radius².
package struct Disk: MeasuredForm {
    /// In sites.
    package let radius: Double

    /// Creates a disk.
    package init(radius: Double) { self.radius = radius }

    package static let name = "disk"
    package static let code = 0
    package static let key = "radius"
    package static let members = [ShapeMember.length("radius")]

    package var parameters: [Double] { [radius] }

    package init?(parameters: [Double]) {
        guard parameters.count == 1 else { return nil }
        self.init(radius: parameters[0])
    }

    package var json: JSON { .number(radius) }

    package init(json: JSON, of context: String) throws(ConfigurationError) {
        guard let radius = json.double else {
            throw ConfigurationError(.document, "\(context) is not a number")
        }
        self.init(radius: radius)
    }

    package var refusal: String? {
        ShapeLimits.isLength(radius)
            ? nil : "the radius \(radius) must be from 0 to \(ShapeLimits.maximumExtent)"
    }

    package static func reach(upTo most: [Double], isTurned: Bool) -> (down: Double, across: Double)
    { (most[0], most[0]) }

    package func copy(isTransposed: Bool, flipsRows: Bool, flipsColumns: Bool) -> Disk { self }

    package var footprint: Footprint { Footprint(runs: Disk.runs(outer: radius, inner: nil)) }

    /// The runs of a disk, less the disk of radius `inner` where there is one.
    static func runs(outer: Double, inner: Double?) -> [Footprint.Run] {
        let reach = Int(outer)
        var runs: [Footprint.Run] = []
        runs.reserveCapacity(2 * reach + 1)
        for row in -reach...reach {
            let half = halfWidth(ofRadius: outer, atRow: row)
            guard let inner, abs(row) <= Int(inner) else {
                runs.append(Footprint.Run(row: row, first: -half, last: half))
                continue
            }
            let hole = halfWidth(ofRadius: inner, atRow: row)
            guard hole < half else { continue }
            runs.append(Footprint.Run(row: row, first: -half, last: -hole - 1))
            runs.append(Footprint.Run(row: row, first: hole + 1, last: half))
        }
        return runs
    }

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
