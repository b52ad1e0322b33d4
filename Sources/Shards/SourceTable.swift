package import Fields

/// The forms that `/sources` has: as wide as the shapes in the file need, so that disks take four
/// columns.
package enum SourceTable: CaseIterable {
    /// Disks alone.
    case disks
    /// Shapes of at most three parameters.
    case shapes
    /// All shapes.
    case polygons

    /// The columns in order. The first four are the same in every form.
    var columns: [String] {
        let disks = ["row", "column", "radius", "value"]
        let shapes = disks + ["shape", "a", "b", "angle"]
        switch self {
        case .disks: return disks
        case .shapes: return shapes
        case .polygons:
            return shapes
                + (1...Polygon.cornerCounts.upperBound).flatMap { ["row_\($0)", "column_\($0)"] }
        }
    }

    /// Number of columns: 4, 8 or 40.
    var width: Int { columns.count }

    /// The narrowest form that holds these sources.
    init(holding sources: some Sequence<Source>) {
        var form = SourceTable.disks
        for source in sources {
            if source.shape.code == Polygon.code {
                form = .polygons
                break
            }
            if source.shape.disk == nil { form = .shapes }
        }
        self = form
    }

    /// The form with `width` columns, or nil.
    init?(width: Int) {
        guard let form = SourceTable.allCases.first(where: { $0.width == width }) else {
            return nil
        }
        self = form
    }

    /// The row of a source, which must fit this form: what its shape does not have is NaN.
    func row(of source: Source) -> [Double] {
        var row = [Double(source.row), Double(source.column), source.radius, source.value]
        if self != .disks { row.append(Double(source.shape.code)) }
        if source.shape.code == Polygon.code { row += [.nan, .nan, .nan] }
        if source.shape.disk == nil { row += source.shape.parameters }
        return row + repeatElement(.nan, count: width - row.count)
    }

    /// The rows of `sources`, in the narrowest form that holds them.
    package static func rows(of sources: [Source]) -> [[Double]] {
        sources.map(SourceTable(holding: sources).row(of:))
    }

    /// The source of a row of any form; nil where there is no form of its width, or it is not one
    /// that `row(of:)` makes.
    package static func source(ofRow row: [Double], on lattice: Lattice) -> Source? {
        SourceTable(width: row.count)?.source(ofRow: row[...], on: lattice)
    }

    /// The source of a row, or nil where the row is not one that `row(of:)` makes; ranges are
    /// checked by `Configuration`.
    func source(ofRow row: ArraySlice<Double>, on lattice: Lattice) -> Source? {
        let row = Array(row)
        guard let i = Int(exactly: row[0]), (0..<lattice.rows).contains(i),
            let j = Int(exactly: row[1]), (0..<lattice.columns).contains(j), row[3].isFinite
        else { return nil }
        var shape: Shape? = .disk(radius: row[2])
        if self != .disks {
            guard let code = Int(exactly: row[4]) else { return nil }
            let used = row.lastIndex { !$0.isNaN } ?? 0
            switch code {
            case Disk.code: break
            case Polygon.code:
                shape = used < 8 ? nil : Shape(code: code, parameters: Array(row[8...used]))
            default: shape = used < 5 ? nil : Shape(code: code, parameters: Array(row[5...used]))
            }
        }
        guard let shape else { return nil }
        let source = Source(row: i, column: j, shape: shape, value: row[3])
        // What the shape does not use must be NaN, and what it uses must be a number.
        let again = self.row(of: source)
        guard zip(row, again).allSatisfy({ $0 == $1 || ($0.isNaN && $1.isNaN) }),
            shape.parameters.allSatisfy(\.isFinite)
        else { return nil }
        return source
    }
}
