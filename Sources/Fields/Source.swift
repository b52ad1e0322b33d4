/// A shape of sites that holds or feeds the field.
public struct Source: Hashable, Sendable {
    /// Row of the centre, 0-based.
    public let row: Int
    /// Column of the centre, 0-based.
    public let column: Int
    /// Which sites around the centre belong to the source.
    public let shape: Shape
    /// Value that a pinned source holds, or the strength of an emitting one; from `leastValue` to
    /// 1.
    public let value: Double

    /// The least value that x, in binary32, holds to all its bits: 2⁻¹²⁶, its least normal number.
    public static let leastValue = Double(Float.leastNormalMagnitude)

    /// Creates a source; `Configuration` checks that it fits its lattice.
    public init(row: Int, column: Int, shape: Shape, value: Double) {
        self.row = row
        self.column = column
        self.shape = shape
        self.value = value
    }

    /// Creates a disk: site (i, j) belongs to it where (i − row)² + (j − column)² ≤ radius².
    public init(row: Int, column: Int, radius: Double, value: Double) {
        self.init(row: row, column: column, shape: .disk(radius: radius), value: value)
    }

    /// Radius of a disk in sites, at least 0; NaN for any other shape.
    public var radius: Double { shape.disk?.radius ?? .nan }

    /// Checks value and shape, and that the whole shape lies on `lattice` and covers a site.
    func check(on lattice: Lattice) throws(ConfigurationError) {
        guard value.isFinite, value > 0, value <= 1 else {
            throw ConfigurationError(
                .source,
                "source at row \(row), column \(column) has value \(value): values must be above "
                    + "0 and at most 1 (the problem is linear: scale the values by their largest)")
        }
        guard value >= Source.leastValue else {
            throw ConfigurationError(
                .source,
                "source at row \(row), column \(column) has value \(value): x holds numbers of 32 "
                    + "bits, in which values below \(Source.leastValue) are not what they are, or "
                    + "0 (scale the values by their largest)")
        }
        if let disk = shape.disk { return try check(diskOfRadius: disk.radius, on: lattice) }
        do { try shape.check() } catch {
            throw ConfigurationError(
                .source, "source at row \(row), column \(column): \(error.message)")
        }
        guard let box = shape.footprint.box else {
            throw ConfigurationError(
                .source,
                "the \(shape.name) at row \(row), column \(column) covers no site: make it larger")
        }
        guard (0..<lattice.rows).contains(row), (0..<lattice.columns).contains(column),
            row + box.rows.lowerBound >= 0, row + box.rows.upperBound < lattice.rows,
            column + box.columns.lowerBound >= 0, column + box.columns.upperBound < lattice.columns
        else {
            throw ConfigurationError(
                .source,
                "the \(shape.name) at row \(row), column \(column) does not fit the lattice of "
                    + "\(lattice.rows)×\(lattice.columns) sites: it reaches from row "
                    + "\(box.rows.lowerBound) to \(box.rows.upperBound) and from column "
                    + "\(box.columns.lowerBound) to \(box.columns.upperBound) around its centre, "
                    + "which must be on the lattice")
        }
    }

    private func check(diskOfRadius radius: Double, on lattice: Lattice) throws(ConfigurationError)
    {
        // The least whole radius whose disk is wider than the lattice; also bounds what an integer
        // is made of below.
        let tooWide = (min(lattice.rows, lattice.columns) + 1) / 2
        guard radius >= 0, radius < Double(tooWide) else {
            throw ConfigurationError(
                .source,
                "source at row \(row), column \(column) has radius \(radius): on "
                    + "\(lattice.rows)×\(lattice.columns) sites a radius must be at least 0 and "
                    + "below \(tooWide)")
        }
        let reach = Int(radius)
        let rows = reach..<lattice.rows - reach
        let columns = reach..<lattice.columns - reach
        guard rows.contains(row), columns.contains(column) else {
            throw ConfigurationError(
                .source,
                "the disk at row \(row), column \(column) with radius \(radius) does not fit the "
                    + "lattice of \(lattice.rows)×\(lattice.columns) sites: its centre must be in "
                    + "rows \(reach)...\(lattice.rows - 1 - reach), columns "
                    + "\(reach)...\(lattice.columns - 1 - reach)")
        }
    }

    /// Calls `body` with the index of each site of the source, row by row; the source must lie on
    /// `lattice`.
    public func forEachSite(on lattice: Lattice, _ body: (Int) -> Void) {
        for run in shape.footprint.runs {
            let start = (row + Int(run.row)) * lattice.columns + column
            for offset in run.first...run.last { body(start + Int(offset)) }
        }
    }
}
