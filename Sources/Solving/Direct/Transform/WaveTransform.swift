internal import Fields

/// Sums of the waves between two ends of which at most one is absorbing: what turns a row's
/// amplitudes into a row of sites, as `SineTransform` does between two absorbing ends.
///
/// A wave is cos or sin(2π k (2j + s) / W) at site j, for n sites:
/// - reflecting: the cosines with s = 1, W = 4n, k = 0 ..< n (`ShiftedCosines`).
/// - joined, n even: with s = 1, W = 2n, the cosines of k = 0 ..< n/2 and the sines of k = 1 ...
///   n/2.
///   As sin(2π k (j + ½)/n) = (−1)ʲ cos(2π (n/2 − k)(j + ½)/n), both are `ShiftedCosines` for n/2.
/// - joined, n odd: with s = 0, W = 2n, cosines and sines of k = 0 ... (n − 1)/2 (`OddTurn`).
/// - absorbing and then reflecting: sines with s = 2, W = 4(2n + 1) and n odd k, one of each ±k.
///   With
///   M = 2n + 1 and k = M − 2m, sin(π k (j + 1)/M) = (−1)ʲ sin(2π m (j + 1)/M), a sum over a whole
///   turn of M sites (`FourierSums`). The other way round sites are counted from the other end.
///
/// (Strang 1999, The discrete cosine transform, SIAM Review 41, has the waves of every pair of
/// ends.)
///
/// Eight rows are done at a time, one in each lane of a vector: two batches of `FourierSolver`.
/// Amplitudes are kept in *slots*, one a wave, in the order in which sums take their terms.
package final class WaveTransform {
    package let columns: Int
    package let ends: Ends
    /// Slots of a row: one a wave, and up to three idle ones.
    package let slotCount: Int
    /// The wave of each slot that has one.
    let waves: [Wave]
    /// W and s.
    let whole: Int
    let shift: Int
    private let sums: Sums
    /// The sign of each site's sum, where some are negative.
    private let signs: Plane<Double>
    private let memory: Plane<Double>
    /// Lines for `transposed`, as in `SineTransform`.
    private let square: Plane<Double>

    struct Wave {
        var order: Int
        var isSine: Bool
    }

    private enum Sums {
        case cosines(ShiftedCosines)
        case ring(ShiftedCosines)
        case oddRing(OddTurn)
        /// Each site's sum is at its place in the second line of `memory`.
        case sines(FourierSums, places: Offsets)
    }

    /// Rows that are done together.
    package static let rowsAtOnce = 8
    /// Slots that `setAmplitudes` works on at once.
    private static let chunk = 64

    /// Creates the transform of a row of `columns` sites.
    package init(columns: Int, ends: Ends) {
        precondition(ends != .absorbing)
        self.columns = columns
        self.ends = ends
        slotCount = (columns + 3) / 4 * 4
        signs = Plane(rows: 1, columns: columns)
        memory = Plane(rows: 2, columns: 8 * (columns + 4))
        square = Plane(rows: 4, columns: WaveTransform.chunk)
        (whole, shift) = WaveTransform.angles(columns, ends)
        let half = columns / 2
        if ends.isPeriodic, columns & 1 == 0 {
            let cosines = ShiftedCosines(length: half)
            for j in 0..<half { signs[0][j] = j & 1 == 0 ? 1 : -1 }
            sums = .ring(cosines)
            waves =
                cosines.order.map { Wave(order: $0, isSine: false) }
                + cosines.order.map { Wave(order: half - $0, isSine: true) }
        } else if ends.isPeriodic {
            let terms = FourierSums.terms(of: columns)
            sums = .oddRing(OddTurn(ring: columns))
            waves =
                (terms + [0]).map { Wave(order: $0, isSine: false) }
                + terms.map { Wave(order: $0, isSine: true) }
        } else if ends.holds {
            let length = 2 * columns + 1
            let places = Offsets(count: slotCount)
            for (index, sum) in FourierSums.sums(of: length).enumerated() {
                let place = min(sum, length - sum) - 1
                let isSwapped = (sum > columns) != (place & 1 == 1)
                let site = ends.first == .absorbing ? place : columns - 1 - place
                places.line[site] = 8 * index
                signs[0][site] = isSwapped ? -1 : 1
            }
            sums = .sines(FourierSums(.sine, length: length, columns: 1), places: places)
            waves = FourierSums.terms(of: length).map { Wave(order: length - 2 * $0, isSine: true) }
        } else {
            let cosines = ShiftedCosines(length: columns)
            sums = .cosines(cosines)
            waves = cosines.order.map { Wave(order: $0, isSine: false) }
        }
    }

    /// W and s.
    private static func angles(_ columns: Int, _ ends: Ends) -> (whole: Int, shift: Int) {
        if ends.isPeriodic { return (2 * columns, columns & 1 == 0 ? 1 : 0) }
        return (ends.holds ? 4 * (2 * columns + 1) : 4 * columns, ends.holds ? 2 : 1)
    }

    /// What a row takes, in multiplications: those of the transform, and 16 a site, as measured,
    /// for what `FourierSolver` does with it besides.
    static func cost(columns: Int, ends: Ends) -> Int {
        let sums =
            if ends.isPeriodic {
                columns & 1 == 0
                    ? 2 * ShiftedCosines.operations(columns / 2) + 4 * columns
                    : OddTurn.operations(columns)
            } else if ends.holds {
                FourierSums.operations(.sine, length: 2 * columns + 1) + 4 * columns
            } else {
                ShiftedCosines.operations(columns)
            }
        return sums + 16 * columns
    }

    /// The slot of the wave that is the same on all sites.
    var constantSlot: Int? { waves.firstIndex { $0.order == 0 } }

    /// The sine of half the angle by which a slot's wave turns from site to site.
    func height(_ slot: Int) -> Double { Twiddle.sine(waves[slot].order, of: whole) }

    /// One over the sum of the squares of a slot's wave over all sites.
    func share(_ slot: Int) -> Double {
        // Constant in magnitude: the last sine of an even ring alternates.
        if 4 * waves[slot].order % whole == 0, !ends.holds { return 1 / Double(columns) }
        return ends.holds ? 4 / Double(2 * columns + 1) : 2 / Double(columns)
    }

    /// A slot's wave at a column.
    func value(_ slot: Int, at column: Int) -> Double {
        let wave = waves[slot]
        let site = ends.last == .absorbing ? columns - 1 - column : column
        let part = wave.order * (2 * site + shift)
        return wave.isSine ? Twiddle.sine(part, of: whole) : Twiddle.cosine(part, of: whole)
    }

    /// Takes over the amplitudes of a batch of four rows, as the first half of the eight or as the
    /// second.
    @inline(__always) package func setAmplitudes(_ rows: some AmplitudeRows, half: Int) {
        let terms = memory[0].advanced(by: 4 &* half)
        let lines = (square[0], square[1], square[2], square[3])
        var first = 0
        while first < slotCount {
            let count = min(WaveTransform.chunk, slotCount &- first)
            var slot = 0
            while slot < count {
                let square = rows.load(first &+ slot)
                lines.0.store4(square.0, slot)
                lines.1.store4(square.1, slot)
                lines.2.store4(square.2, slot)
                lines.3.store4(square.3, slot)
                slot &+= 4
            }
            slot = 0
            while slot < count {
                let waves = transposed(
                    (
                        lines.0.load4(slot), lines.1.load4(slot), lines.2.load4(slot),
                        lines.3.load4(slot)
                    ))
                let place = 8 &* (first &+ slot)
                terms.store4(waves.0, place)
                terms.store4(waves.1, place &+ 8)
                terms.store4(waves.2, place &+ 16)
                terms.store4(waves.3, place &+ 24)
                slot &+= 4
            }
            first &+= count
        }
    }

    /// Sets the amplitude of the constant wave in one of the eight rows.
    func setConstant(_ amplitude: Double, slot: Int, row: Int) {
        memory[0][8 &* slot &+ row] = amplitude
    }

    /// Computes the sites of the eight rows from their amplitudes.
    package func synthesise() {
        let (terms, other) = (memory[0], memory[1])
        switch sums {
        case .cosines(let cosines): cosines.apply(terms)
        case .ring(let cosines):
            let half = columns / 2
            cosines.apply(terms)
            cosines.apply(terms.advanced(by: 8 &* half))
            ShiftedCosines.combine(terms, half, signs[0], into: terms)
        case .oddRing(let turn): turn.apply(terms)
        case .sines(let sines, _):
            sines.apply(
                terms, into: other, .init(count: 1, input: 0, output: 0, stride: 8))
        }
    }

    /// Writes the sites of four rows, the first of the eight or the last, and up to three numbers
    /// more.
    @inline(__always) package func write(half: Int, _ rows: FourLines) {
        guard case .sines(_, let places) = sums else {
            return writeRows(memory[0].advanced(by: 4 &* half), stride: 8, columns, rows)
        }
        writeRows(
            memory[1].advanced(by: 4 &* half), at: places.line, times: signs[0], columns, rows)
    }
}
