/// A disk of sites that holds or feeds the field.
public struct Source: Hashable, Sendable {
    /// Row of the centre, 0-based.
    public let row: Int
    /// Column of the centre, 0-based.
    public let column: Int
    /// Radius in sites, at least 0: site (i, j) belongs to the disk where (i − row)² + (j − column)² ≤ radius².
    public let radius: Double
    /// Value that a pinned source holds, or the strength of an emitting one; in (0, 1].
    public let value: Double

    /// Creates a source; `Configuration` checks that it fits its lattice.
    public init(row: Int, column: Int, radius: Double, value: Double) {
        self.row = row
        self.column = column
        self.radius = radius
        self.value = value
    }

    /// Largest whole number of sites from the centre that the disk reaches along a row or a column. The radius must be
    /// in range, as it is in a `Configuration`.
    public var reach: Int { Int(radius) }

    /// Checks value, radius and that the whole disk lies on `lattice`.
    func check(on lattice: Lattice) throws(ConfigurationError) {
        guard value.isFinite, value > 0, value <= 1 else {
            throw ConfigurationError(
                .source,
                "source at row \(row), column \(column) has value \(value): values must be above 0 and at most 1 "
                    + "(the problem is linear: scale the values by their largest)")
        }
        // The least whole radius whose disk is wider than the lattice; also bounds what `reach` makes an integer of.
        let tooWide = (min(lattice.rows, lattice.columns) + 1) / 2
        guard radius >= 0, radius < Double(tooWide) else {
            throw ConfigurationError(
                .source,
                "source at row \(row), column \(column) has radius \(radius): on \(lattice.rows)×\(lattice.columns) sites "
                    + "a radius must be at least 0 and below \(tooWide)")
        }
        let rows = reach..<lattice.rows - reach
        let columns = reach..<lattice.columns - reach
        guard rows.contains(row), columns.contains(column) else {
            throw ConfigurationError(
                .source,
                "the disk at row \(row), column \(column) with radius \(radius) does not fit the lattice of "
                    + "\(lattice.rows)×\(lattice.columns) sites: its centre must be in rows "
                    + "\(reach)...\(lattice.rows - 1 - reach), columns \(reach)...\(lattice.columns - 1 - reach)")
        }
    }

    /// The largest distance along the row `offset` rows from the centre that belongs to the disk. `offset` is in
    /// `-reach...reach`, where there is one: reach² ≤ radius², and rounding radius² keeps that.
    ///
    /// The root is only a first guess: for a radius² that is no integer it can round up to one (√(25 − 2⁻⁴⁸) to 5), so
    /// the rule of `radius` itself decides. Its squares are below 2⁵³, hence exact.
    func halfWidth(atRow offset: Int) -> Int {
        let squared = radius * radius
        var half = Int((squared - Double(offset * offset)).squareRoot())
        while Double(offset * offset + half * half) > squared { half -= 1 }
        while Double(offset * offset + (half + 1) * (half + 1)) <= squared { half += 1 }
        return half
    }

    /// Calls `body` with the index of each site of the disk, row by row.
    public func forEachSite(on lattice: Lattice, _ body: (Int) -> Void) {
        for i in -reach...reach {
            let half = halfWidth(atRow: i)
            let start = (row + i) * lattice.columns + column
            for j in -half...half { body(start + j) }
        }
    }
}
