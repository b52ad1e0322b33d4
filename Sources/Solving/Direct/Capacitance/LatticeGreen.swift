/// Green's function of a (2u − u↑ − u↓) + b (2u − u← − u→) + γ u on a torus of 2(rows + 1) ×
/// 2(columns + 1) sites.
///
/// On the lattice itself, between absorbing sides, the field at p of a unit charge at q is the sum
/// over q and its images with their signs (method of images): T(pᵢ − qᵢ, pⱼ − qⱼ) − T(pᵢ + qᵢ + 2,
/// pⱼ − qⱼ) − T(pᵢ − qᵢ, pⱼ + qⱼ + 2) + T(pᵢ + qᵢ + 2, pⱼ + qⱼ + 2). The waves that are constant
/// along the columns cancel in that sum, and are left out where decay does not keep them small.
struct LatticeGreen: ~Copyable {
    let rows: Int
    let columns: Int
    /// Values at row distances from −`margin` to `margin` beyond the extent, and at column
    /// distances either way as far.
    private let table: Plane<Float>
    /// Column of the distance 0.
    private let origin: Int
    /// More than two groups of rim sites reach, which lie within squares of `RimSites.extent`.
    static let margin = 64
    /// Distance, in rows or in columns, beyond which values are below 10⁻⁷ of the largest, or more
    /// than any. What is left out there shows as a mismatch, at most some 10⁻⁸ of the sources'
    /// values.
    let reach: (rows: Int, columns: Int)
    /// Whether decay keeps the values themselves small at a distance, and not only sums over
    /// images.
    var isScreened: Bool { reach.rows <= rows && reach.columns <= columns }

    /// Sums the waves, those that count. Time at most in O(columns · extent of rows · extent of
    /// columns), see `operations`.
    init(rows: Int, columns: Int, down: Double, across: Double, decay: Double) {
        self.rows = rows
        self.columns = columns
        let reach = (
            rows: LatticeGreen.distance(decay: decay, diffusivity: down, most: rows + 1),
            columns: LatticeGreen.distance(decay: decay, diffusivity: across, most: columns + 1)
        )
        self.reach = reach
        let intervals = columns + 1
        let length = 2 * (rows + 1)
        // Amplitude of wave k at row distance d: its recursion on a ring of `length` rows.
        let isScreened = reach.rows <= rows && reach.columns <= columns
        let extent = LatticeGreen.extent(rows: rows, columns: columns, reach: reach)
        let waves = (isScreened ? 0 : 1)...intervals
        var ratios = [Double](repeating: 0, count: intervals + 1)
        var near = ratios  // ρᵈ times what all need
        var far = ratios  // ρ^(length − d) times the same
        for k in waves {
            let sine = Twiddle.sine(k, of: 4 * intervals)
            let ratio = FourierSolver.ratio((decay + across * (4 * sine * sine)) / down)
            let power = LatticeGreen.power(ratio, length)
            let multiplicity = k == 0 || k == intervals ? 1.0 : 2.0
            ratios[k] = ratio
            near[k] =
                multiplicity / Double(2 * intervals) * ratio / (down * ((1 - ratio) * (1 + ratio)))
                / (1 - power)
            far[k] = near[k] * power
        }
        let cosines = (0..<2 * intervals).map { Twiddle.cosine($0, of: 2 * intervals) }
        let margin = LatticeGreen.margin
        origin = extent.columns + margin
        table = Plane(rows: extent.rows + 1 + 2 * margin, columns: 2 * origin + 1)
        // (wave, column distance), so that a row of the table is a sum of rows.
        let width = extent.columns + 1
        let matrix = Plane<Double>(rows: intervals + 1, columns: width)
        for k in waves { for d in 0..<width { matrix[k][d] = cosines[k * d % (2 * intervals)] } }
        let sums = Plane<Double>(rows: 1, columns: width)
        let sum = sums[0]
        var end = waves.upperBound + 1
        for distance in 0...extent.rows {
            Columns.each(width) { sum[$0] = 0 }
            // Amplitudes fall with k: from where they are negligible, all that follow are, here and
            // farther away.
            var needed = waves.lowerBound
            let negligible = 1e-13 * (near[needed] + far[needed])
            while needed < end, near[needed] + far[needed] > negligible {
                let (amplitude, wave) = (near[needed] + far[needed], matrix[needed])
                Columns.each(width) { sum[$0] = sum[$0].addingProduct(amplitude, wave[$0]) }
                near[needed] *= ratios[needed]
                far[needed] /= ratios[needed]
                needed += 1
            }
            end = needed
            let line = table[distance + margin]
            for d in 0...extent.columns + margin {
                let value = Float(sum[d <= extent.columns ? d : 2 * extent.columns - d])
                line[origin + d] = value
                line[origin - d] = value
            }
        }
        for distance in 1...min(margin, extent.rows) {
            let mirror = extent.rows
            for (own, other) in [(-distance, distance), (mirror + distance, mirror - distance)] {
                let (from, to) = (table[other + margin], table[own + margin])
                for d in 0..<2 * origin + 1 { to[d] = from[d] }
            }
        }
    }

    /// Largest distances in the table: half a turn of the torus, or where no value is of any use.
    private static func extent(rows: Int, columns: Int, reach: (rows: Int, columns: Int)) -> (
        rows: Int, columns: Int
    ) { (min(rows + 1, reach.rows + margin), min(columns + 1, reach.columns + margin)) }

    /// Multiplications that the table takes.
    static func operations(rows: Int, columns: Int, down: Double, across: Double, decay: Double)
        -> Int
    {
        let reach = (
            rows: distance(decay: decay, diffusivity: down, most: rows + 1),
            columns: distance(decay: decay, diffusivity: across, most: columns + 1)
        )
        let extent = extent(rows: rows, columns: columns, reach: reach)
        return columns * extent.rows * extent.columns
    }

    /// The value at a distance.
    func value(_ row: Int, _ column: Int) -> Float { values(around: abs(row), column)[0] }

    /// The values around a distance, as seen from it: the value at (row + i, column + j) has index
    /// i · `stride` + j. Distances go on for `margin` beyond half a turn of the torus, and rows for
    /// as much below zero.
    @inline(__always) func values(around row: Int, _ column: Int) -> Line<Float> {
        table[row + LatticeGreen.margin].advanced(by: column + origin)
    }

    /// Distance between the rows of `values`.
    var stride: Int { table.stride }

    /// The least distance at which a wave without variation across has decayed to `share`; `most` +
    /// 1 where that is farther.
    static func distance(decay: Double, diffusivity: Double, until share: Double = 1e-7, most: Int)
        -> Int
    {
        let ratio = FourierSolver.ratio(decay / diffusivity)
        var distance = 0
        var value = 1.0
        while value > share, distance <= most {
            value *= ratio
            distance += 1
        }
        return distance
    }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
