/// A rectangle of sites with unit spacing, ringed by one line of ghost sites, the boundary.
///
/// Sites are numbered row by row: site (row, column) has index `row * columns + column`, both
/// 0-based.
public struct Lattice: Hashable, Sendable {
    /// Sides that the solver is proven on.
    public static let sides = 32...4096

    /// Number of rows, in `sides`.
    public let rows: Int
    /// Number of columns, in `sides`.
    public let columns: Int

    /// Creates a lattice of `rows` × `columns` sites.
    ///
    /// - Throws: `ConfigurationError` with code `.lattice` where a side is outside `sides`.
    public init(rows: Int, columns: Int) throws(ConfigurationError) {
        guard Lattice.sides.contains(rows), Lattice.sides.contains(columns) else {
            throw ConfigurationError(
                .lattice,
                "a lattice of \(rows)×\(columns) sites is not supported: each side must be from "
                    + "\(Lattice.sides.lowerBound) to \(Lattice.sides.upperBound)")
        }
        self.rows = rows
        self.columns = columns
    }

    /// Number of sites.
    public var count: Int { rows * columns }
}
