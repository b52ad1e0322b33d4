internal import Fields

/// Green's function of a (2u − u↑ − u↓) + b (2u − u← − u→) + γ u on a torus of `Ends.period` sites
/// either way.
///
/// On the lattice itself the field at p of a unit charge at q is the sum over q and its images with
/// their signs (method of images). Between absorbing sides that is
///
///     T(pᵢ − qᵢ, pⱼ − qⱼ) − T(pᵢ + qᵢ + 2, pⱼ − qⱼ) − T(pᵢ − qᵢ, pⱼ + qⱼ + 2)
///         + T(pᵢ + qᵢ + 2, pⱼ + qⱼ + 2)
///
/// and `Ends` says it for others. Along an axis with one absorbing end T changes its sign after a
/// turn. Waves that are constant along an axis between absorbing ends cancel in that sum; they are
/// left out where decay does not keep them small.
struct LatticeGreen: ~Copyable {
    let rows: Int
    let columns: Int
    let sides: Sides
    /// Sites of the torus either way.
    let periods: (rows: Int, columns: Int)
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

    /// Whether all groups of rim sites of one shape have the same block, or nearly.
    var isFree: Bool {
        isScreened || sides.rows.isPeriodic && sides.columns.isPeriodic
    }

    /// Sums the waves, those that count. Time at most in O(columns · extent of rows · extent of
    /// columns), see `operations`.
    init(
        rows: Int, columns: Int, _ sides: Sides,
        _ coefficients: ConstantMedium
    ) {
        self.rows = rows
        self.columns = columns
        self.sides = sides
        let (length, period) = (sides.rows.period(rows), sides.columns.period(columns))
        periods = (length, period)
        let (down, across, decay) = (
            coefficients.down, coefficients.across, coefficients.decay
        )
        let reach = LatticeGreen.reach(rows, columns, coefficients)
        self.reach = reach
        let isScreened = reach.rows <= rows && reach.columns <= columns
        let extent = LatticeGreen.extent((length, period), reach: reach, isScreened: isScreened)
        let turn = sides.rows.turnSign
        // Wave k is cos(2π q d / 2P) for a period P: q = 2k, or 2k + 1 where a turn changes its
        // sign. That of q = 0 is apart where its amplitude is not a sum of exponentials, or too
        // large a one.
        let first = sides.columns.turnSign > 0 ? 0 : 1
        var orders: [Int] = []
        var next = first
        while next <= period {
            orders.append(next)
            next += 2
        }
        let flat = FlatWave(length: length, period: period, ends: sides.rows, coefficients)
        let isApart =
            first == 0 && !isScreened
            && (sides.columns == .absorbing || decay == 0 || sides.rows == .absorbing)
        let isAdded = isApart && sides.columns != .absorbing
        let waves = (isApart ? 1 : 0)..<orders.count
        // Amplitude of a wave at row distance d: its recursion on a ring of `length` rows.
        var ratios = [Double](repeating: 0, count: orders.count)
        var near = ratios  // ρᵈ times what all need
        var far = ratios  // ρ^(length − d) times the same
        for k in waves {
            let order = orders[k]
            let sine = Twiddle.sine(order, of: 4 * period)
            let ratio = FourierSolver.ratio((decay + across * (4 * sine * sine)) / down)
            let power = FlatWave.power(ratio, length)
            let multiplicity: Double = order == 0 || order == period ? 1 : 2
            let fall = down * ((1 - ratio) * (1 + ratio))
            ratios[k] = ratio
            near[k] = multiplicity / Double(period) * ratio / fall / (1 - turn * power)
            far[k] = near[k] * power
        }
        let cosines = (0..<2 * period).map { Twiddle.cosine($0, of: 2 * period) }
        let margin = LatticeGreen.margin
        origin = extent.columns + margin
        table = Plane(rows: extent.rows + 1 + 2 * margin, columns: 2 * origin + 1)
        // (wave, column distance), so that a row of the table is a sum of rows.
        let width = extent.columns + 1
        let matrix = Plane<Double>(rows: orders.count, columns: width)
        for k in waves {
            for d in 0..<width { matrix[k][d] = cosines[orders[k] * d % (2 * period)] }
        }
        let sums = Plane<Double>(rows: 1, columns: width)
        let sum = sums[0]
        var end = waves.upperBound
        for distance in 0...extent.rows {
            let constant = isAdded ? flat.value(distance) : 0
            Columns.each(width) { sum[$0] = constant }
            // Amplitudes fall with k: from where they are negligible, all that follow are, here and
            // farther away.
            var needed = waves.lowerBound
            let negligible = 1e-13 * (near[needed] + far[needed])
            while needed < end, near[needed] + far[needed] > negligible {
                let (amplitude, wave) = (near[needed] + turn * far[needed], matrix[needed])
                Columns.each(width) { sum[$0] = sum[$0].addingProduct(amplitude, wave[$0]) }
                near[needed] *= ratios[needed]
                far[needed] /= ratios[needed]
                needed += 1
            }
            end = needed
            let line = table[distance + margin]
            for d in 0...extent.columns + margin {
                let (place, sign) = LatticeGreen.fold(
                    d, period, sides.columns.turnSign, extent.columns)
                let value = Float(sign * sum[place])
                line[origin + d] = value
                line[origin - d] = value
            }
        }
        for distance in -margin...extent.rows + margin
        where distance < 0 || distance > extent.rows {
            let (place, sign) = LatticeGreen.fold(distance, length, turn, extent.rows)
            let (from, to) = (table[place + margin], table[distance + margin])
            let factor = Float(sign)
            for d in 0..<2 * origin + 1 { to[d] = factor * from[d] }
        }
    }

    /// The distance up to half a turn that is the same as `distance`, and its sign; some distance
    /// that the table has where that is out of reach.
    private static func fold(_ distance: Int, _ period: Int, _ turn: Double, _ extent: Int) -> (
        place: Int, sign: Double
    ) {
        var (place, sign) = (abs(distance), 1.0)
        while place > period / 2 {
            place = abs(period - place)
            sign *= turn
        }
        return (min(place, extent), sign)
    }

    /// Distances beyond which nothing counts.
    private static func reach(
        _ rows: Int, _ columns: Int, _ coefficients: ConstantMedium
    ) -> (rows: Int, columns: Int) {
        (
            distance(decay: coefficients.decay, diffusivity: coefficients.down, most: rows + 1),
            distance(decay: coefficients.decay, diffusivity: coefficients.across, most: columns + 1)
        )
    }

    /// Largest distances in the table: half a turn of the torus, or where no value is of any use.
    private static func extent(
        _ periods: (rows: Int, columns: Int), reach: (rows: Int, columns: Int), isScreened: Bool
    ) -> (rows: Int, columns: Int) {
        let half = (rows: periods.rows / 2, columns: periods.columns / 2)
        guard isScreened else { return half }
        return (min(half.rows, reach.rows + margin), min(half.columns, reach.columns + margin))
    }

    /// Multiplications that the table takes.
    static func operations(
        rows: Int, columns: Int, _ sides: Sides,
        _ coefficients: ConstantMedium
    ) -> Int {
        let reach = reach(rows, columns, coefficients)
        let extent = extent(
            (sides.rows.period(rows), sides.columns.period(columns)), reach: reach,
            isScreened: reach.rows <= rows && reach.columns <= columns)
        return columns * extent.rows * extent.columns
    }

    /// Least distance, turns apart, of sites along an axis that are at these distances.
    func gap(_ distances: ClosedRange<Int>, _ period: Int, _ ends: Ends) -> Int {
        if distances.contains(0) { return 0 }
        let least = min(abs(distances.lowerBound), abs(distances.upperBound))
        let most = max(abs(distances.lowerBound), abs(distances.upperBound))
        if ends.isPeriodic { return max(0, min(least, period - most)) }
        return least <= period / 2 ? least : period - most
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
}

/// The wave that is constant across the columns, on a ring of rows, where its recursion is of no
/// use: without decay it has none, and between absorbing ends its mean, which cancels in the sum
/// over images, is large where little decays.
private struct FlatWave {
    private let length: Double
    private let period: Double
    private let ends: Ends
    private let coefficients: ConstantMedium

    init(length: Int, period: Int, ends: Ends, _ coefficients: ConstantMedium) {
        (self.length, self.period, self.ends) = (Double(length), Double(period), ends)
        self.coefficients = coefficients
    }

    /// Its amplitude at a row distance up to half a turn.
    func value(_ distance: Int) -> Double {
        let d = Double(distance)
        let (down, decay) = (coefficients.down, coefficients.decay)
        guard decay > 0 else {
            // 2v − v↑ − v↓ = 1 at 0 and, with no mean, −1/length everywhere else. With one
            // absorbing end: a straight line from 0 to its negative a turn away.
            let height =
                ends.turnSign > 0
                ? (length * length - 1) / (12 * length) - d / 2 + d * d / (2 * length)
                : length / 4 - d / 2
            return height / (period * down)
        }
        let ratio = FourierSolver.ratio(decay / down)
        let (near, far) = (
            FlatWave.power(ratio, distance), FlatWave.power(ratio, Int(length) - distance)
        )
        let height =
            ratio / (down * ((1 - ratio) * (1 + ratio))) * (near + far)
            / (1 - FlatWave.power(ratio, Int(length)))
        return (height - 1 / (length * decay)) / period
    }

    static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
