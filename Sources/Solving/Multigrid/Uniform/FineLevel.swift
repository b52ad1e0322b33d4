/// The lattice itself: the field in Double (in Float at first), its residual and correction in
/// Float, all split by colour.
///
/// Site (i, j) is red where i + j is even, black where it is odd. Each colour has its own plane:
/// row i of it holds the sites j = 2k + p with p = i mod 2 for red, 1 − p for black. The neighbours
/// of a site all have the other colour, at k in the rows above and below and at k and k ± 1 in its
/// own, so that every pass is a plain vector pass. Coarse points are the sites (2r+1, 2c+1): red,
/// at k = c of the odd rows.
package final class FineLevel {
    let lattice: (rows: Int, columns: Int)
    /// γ/D.
    let decay: Double
    package let grid: GridOperator
    /// u, by colour; meaningless before the cycle that takes it over from `draft`.
    package let field: ColourPlanes<Double>
    /// u in the first cycles, by colour: while the residual is large, Float is as good and half to
    /// read and write.
    package let draft: ColourPlanes<Float>
    /// rhs − A u, rounded to Float, by colour.
    package let residual: ColourPlanes<Float>
    /// The correction to u, by colour.
    package let correction: ColourPlanes<Float>
    /// The residual after smoothing, two rows above and one row at a coarse row, of red sites.
    let window: Plane<Float>
    /// The sums over rows of the residual's squares, one row: added by column, so that their order
    /// is fixed.
    let squares: Plane<Float>

    /// Sites that sources cover; `value` is the field there (pinned) or the right-hand side
    /// (emitting).
    var sources: SitesByRow
    /// Free sites within `nearWidth` sites of a pinned one, which are smoothed more often.
    var near: SitesByRow
    var isPinned = false
    /// Rings around pinned sites that are smoothed more often, and how often: where a corner of an
    /// obstacle stands between coarse points, that is what limits the cycle.
    static let nearWidth = 2
    static let nearSweeps = 2
    /// What each site is to the current sources.
    var roles: [Role]
    /// The sites whose role is not `.free`.
    var marked: [Int] = []

    /// What a cycle works on.
    package enum Stage {
        /// Adds to `draft`, and its residual is in Float.
        case draft
        /// Adds to `draft` and makes `field` of the sum; from here on residuals are in Double.
        case conversion
        /// Adds to `field`.
        case refinement
    }

    enum Role: UInt8 { case free, pinned, near }
    /// Black sites whose interpolation differs from the mean of the coarse points on either side.
    var specialWeights: [SpecialWeights] = []
    /// Coarse points whose restriction differs from full weighting, or gathers from a pinned site.
    var specialRestrictions: [SpecialRestriction] = []

    /// What to add to the interpolated correction of black site `k` of row `row`: weights times two
    /// coarse values.
    struct SpecialWeights {
        var row: Int32
        var k: Int32
        var first: Int32
        var second: Int32
        var weights: SIMD2<Float>
    }

    /// The weights with which a coarse point gathers the residual of its own site, red `k` of row
    /// `row`, and of the red sites at its four corners (north-west, north-east, south-west,
    /// south-east).
    struct SpecialRestriction {
        var corners: SIMD4<Float>
        var center: Float
        var row: Int32
        var k: Int32
        var coarse: Int32
    }

    init(rows: Int, columns: Int, decay: Double) {
        lattice = (rows, columns)
        self.decay = decay
        grid = GridOperator(
            rowAxis: Axis(count: rows), columnAxis: Axis(count: columns), decay: decay)
        let width = (columns + 1) / 2
        field = ColourPlanes(rows: rows, columns: width)
        draft = ColourPlanes(rows: rows, columns: width)
        residual = ColourPlanes(rows: rows, columns: width)
        correction = ColourPlanes(rows: rows, columns: width)
        window = Plane(rows: 3, columns: width)
        squares = Plane(rows: 1, columns: width)
        roles = [Role](repeating: .free, count: rows * columns)
        sources = SitesByRow(rows: rows)
        near = SitesByRow(rows: rows)
    }

    /// Number of sites of `colour` in `row`.
    @inline(__always) func count(_ colour: Int, _ row: Int) -> Int {
        (lattice.columns + 1 - (row + colour) & 1) / 2
    }
}

/// A few sites of the lattice, sorted by row, with a number for each.
struct SitesByRow {
    /// A site of the lattice.
    struct Site {
        /// Position in its colour's row.
        var k: Int32
        /// 0 red, 1 black.
        var colour: Int32
        var value: Double
    }

    private(set) var sites: [Site] = []
    /// Index of the first site of each row, and the number of sites at the end.
    private var starts: [Int32]

    init(rows: Int) { starts = [Int32](repeating: 0, count: rows + 1) }

    /// The sites of one row, as indices into `sites`.
    @inline(__always) func row(_ row: Int) -> Range<Int> { Int(starts[row])..<Int(starts[row + 1]) }

    /// Replaces the sites by `indices`, which ascend, on a lattice with `columns` columns.
    mutating func replace(_ indices: [Int], values: [Double]?, columns: Int) {
        sites.removeAll(keepingCapacity: true)
        for row in starts.indices { starts[row] = 0 }
        for (position, index) in indices.enumerated() {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            starts[row + 1] += 1
            sites.append(
                Site(
                    k: Int32(column / 2), colour: Int32((row + column) & 1),
                    value: values?[position] ?? 0))
        }
        for row in 0..<starts.count - 1 { starts[row + 1] += starts[row] }
    }
}
