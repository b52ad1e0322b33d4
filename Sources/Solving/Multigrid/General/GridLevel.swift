/// One level of the hierarchy in Float: its operator, the smoother that suits it, and the fields of
/// a cycle.
package final class GridLevel {
    /// Which axes are closed.
    package let ring: Ring
    /// The operator, rounded to Float.
    package let matrix: SymmetricOperator<Float>
    /// 1/diagonal.
    let inverse: SplitPlane<Float>
    /// Current approximation; ghosts are closed between sweeps.
    package let value: SplitPlane<Float>
    /// Right-hand side.
    package let rhs: SplitPlane<Float>
    /// The residual; what a line sweep eliminates.
    package let scratch: SplitPlane<Float>
    /// The half-sweeps of a smoothing step in order; a step after the coarse correction takes them
    /// in reverse, which makes a cycle symmetric.
    package private(set) var sweeps: [Sweep] = []
    /// Whether a smoothing step relaxes whole rows.
    package private(set) var smoothsRows = false
    /// Whether a smoothing step relaxes whole columns.
    package private(set) var smoothsColumns = false
    /// Whether a smoothing step relaxes both rows and columns.
    package var smoothsBothWays: Bool { smoothsRows && smoothsColumns }
    /// What solves whole rows and whole columns, where the smoother does.
    private(set) var rowLines: LineFactors?
    private(set) var columnLines: LineFactors?

    /// One part of a smoothing step: points or lines that hardly depend on one another are relaxed
    /// together.
    package enum Sweep: Hashable, Sendable {
        /// Sites with (row + column) of this parity (red-black); for operators without diagonal
        /// neighbours.
        case colour(Int)
        /// Points of a row parity and a column parity (four colours).
        case points(rowParity: Int, columnParity: Int)
        /// Whole rows of a parity (zebra).
        case rows(Int)
        /// Whole columns of a parity (zebra).
        case columns(Int)
    }

    /// Creates room for a level.
    package init(rows: Int, columns: Int, hasDiagonals: Bool, ring: Ring) {
        self.ring = ring
        matrix = SymmetricOperator(rows: rows, columns: columns, hasDiagonals: hasDiagonals)
        inverse = SplitPlane(rows: rows, columns: columns)
        value = SplitPlane(rows: rows, columns: columns)
        rhs = SplitPlane(rows: rows, columns: columns)
        scratch = SplitPlane(rows: rows, columns: columns)
    }

    var rows: Int { matrix.rows }
    var columns: Int { matrix.columns }

    /// Takes over the level's operator.
    package func prepare(_ operator: SymmetricOperator<Double>) {
        convert(`operator`)
        (smoothsRows, smoothsColumns) = directions(`operator`)
        if smoothsRows {
            let lines = rowLines ?? LineFactors(rows: rows, columns: columns, isRing: ring.columns)
            lines.factoriseRows(`operator`)
            rowLines = lines
        }
        if smoothsColumns {
            let lines = columnLines ?? LineFactors(rows: rows, columns: columns, isRing: ring.rows)
            lines.factoriseColumns(`operator`)
            columnLines = lines
        }
        sweeps =
            (smoothsRows ? [.rows(0), .rows(1)] : [])
            + (smoothsColumns ? [.columns(0), .columns(1)] : [])
        // Where the strong direction changes from place to place one step is too little.
        if smoothsBothWays { sweeps += [.rows(0), .rows(1)] }
        if !sweeps.isEmpty { return }
        sweeps =
            matrix.hasDiagonals
            ? [(0, 0), (1, 1), (0, 1), (1, 0)].map { .points(rowParity: $0.0, columnParity: $0.1) }
            : [.colour(0), .colour(1)]
    }
}
