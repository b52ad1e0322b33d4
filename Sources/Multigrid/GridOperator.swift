/// The operator of one level: one constant stencil, and the rows that differ from it near walls and obstacles.
///
/// Rows are looked up by site: `slot` is 0 for the interior stencil, 1 to 3 for the last row, the last column and their
/// corner, and above that for rows that belong to the obstacles of the current configuration. `reset` forgets the latter
/// in time proportional to their number, so that nothing of the size of the lattice is touched between configurations.
struct GridOperator {
    let rows: Int
    let columns: Int
    let rowAxis: Axis
    let columnAxis: Axis
    /// The stencil of every row that is not special.
    let interior: Stencil
    /// Stencils by slot.
    private(set) var stencils: [Stencil]
    /// Sites with rows of their own, in the order in which they were set.
    private(set) var sites: [Int32] = []
    /// Interpolation weights of `weightSites`, by weight slot − 1, to the coarse points (r, c), (r, c+1), (r+1, c),
    /// (r+1, c+1) with r = (row + 1)/2 − 1 and c = (column + 1)/2 − 1.
    private(set) var weights: [SIMD4<Float>] = []
    /// Sites with interpolation weights of their own.
    private(set) var weightSites: [Int32] = []
    private var slot: [Int32]
    private var weightSlot: [Int32]
    private let rowWeights: [SIMD2<Float>]
    private let columnWeights: [SIMD2<Float>]

    static let wallSlots = 4

    init(rowAxis: Axis, columnAxis: Axis, decay: Double) {
        rows = rowAxis.count
        columns = columnAxis.count
        self.rowAxis = rowAxis
        self.columnAxis = columnAxis
        stencils = (0..<4).map {
            Stencil(rows: rowAxis, columns: columnAxis, decay: decay, lastRow: $0 & 1 != 0, lastColumn: $0 & 2 != 0)
        }
        interior = stencils[0]
        slot = [Int32](repeating: 0, count: rows * columns)
        weightSlot = [Int32](repeating: 0, count: rows * columns)
        rowWeights = (0..<rows).map { SIMD2<Float>(rowAxis.weights(at: $0)) }
        columnWeights = (0..<columns).map { SIMD2<Float>(columnAxis.weights(at: $0)) }
        for column in 0..<columns { slot[(rows - 1) * columns + column] = 1 }
        for row in 0..<rows { slot[row * columns + columns - 1] |= 2 }
    }

    /// Forgets the obstacles of the last configuration.
    mutating func reset() {
        for site in sites { slot[Int(site)] = wallSlot(Int(site)) }
        for site in weightSites { weightSlot[Int(site)] = 0 }
        sites.removeAll(keepingCapacity: true)
        weightSites.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
        stencils.removeSubrange(GridOperator.wallSlots...)
    }

    private func wallSlot(_ site: Int) -> Int32 {
        (site >= (rows - 1) * columns ? 1 : 0) | (site % columns == columns - 1 ? 2 : 0)
    }

    /// The stencil of the operator's row at (row, column).
    @inline(__always)
    func stencil(_ row: Int, _ column: Int) -> Stencil { stencils[Int(slot[row * columns + column])] }

    /// Whether (row, column) has a stencil of its own.
    @inline(__always)
    func isSpecial(_ row: Int, _ column: Int) -> Bool { slot[row * columns + column] >= GridOperator.wallSlots }

    /// Whether (row, column) has interpolation weights of its own.
    @inline(__always)
    func hasOwnWeights(_ row: Int, _ column: Int) -> Bool { weightSlot[row * columns + column] != 0 }

    /// Gives (row, column) a stencil of its own.
    mutating func set(_ stencil: Stencil, _ row: Int, _ column: Int) {
        let site = row * columns + column
        if slot[site] >= GridOperator.wallSlots {
            stencils[Int(slot[site])] = stencil
        } else {
            slot[site] = Int32(stencils.count)
            stencils.append(stencil)
            sites.append(Int32(site))
        }
    }

    /// Gives (row, column) interpolation weights of its own.
    mutating func setWeights(_ value: SIMD4<Float>, _ row: Int, _ column: Int) {
        let site = row * columns + column
        if weightSlot[site] > 0 {
            weights[Int(weightSlot[site]) - 1] = value
        } else {
            weights.append(value)
            weightSites.append(Int32(site))
            weightSlot[site] = Int32(weights.count)
        }
    }

    /// The weights with which (row, column) takes its value from the four coarse points around it.
    @inline(__always)
    func interpolation(_ row: Int, _ column: Int) -> SIMD4<Float> {
        let own = weightSlot[row * columns + column]
        return own > 0 ? weights[Int(own) - 1] : regularInterpolation(row, column)
    }

    /// The weights of a level without obstacles: bilinear.
    @inline(__always)
    func regularInterpolation(_ row: Int, _ column: Int) -> SIMD4<Float> {
        let r = rowWeights[row]
        let c = columnWeights[column]
        return SIMD4(r.x * c.x, r.x * c.y, r.y * c.x, r.y * c.y)
    }

    /// The weight with which the fine site (row, column) takes its value from the coarse point (r, c).
    @inline(__always)
    func interpolation(_ row: Int, _ column: Int, from r: Int, _ c: Int) -> Float {
        let down = r - ((row + 1) / 2 - 1)
        let right = c - ((column + 1) / 2 - 1)
        guard down | right == 0 || (down >= 0 && down <= 1 && right >= 0 && right <= 1) else { return 0 }
        return interpolation(row, column)[2 * down + right]
    }
}
