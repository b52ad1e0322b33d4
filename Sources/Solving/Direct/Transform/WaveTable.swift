/// The sines that turn charges into amplitudes: sin(2π s m / M) for sites s = 1 … H and the m of
/// every slot.
final class WaveTable: ChargeWaves {
    private let transform: SineTransform
    /// One row a site, one column a wave.
    private let waves: Plane<Double>
    /// Sums over the sites with odd s, and with even s.
    private let sums: Plane<Double>
    private var isFilled: [Bool]
    /// sin(2π m / M).
    private let sines: [Double]
    /// m of each wave, 0 where it is idle.
    private let orders: [Int]
    /// Two rows for each h below `spreadCount`, one column a wave.
    private let spreads: Plane<Double>
    private var spreadCount = 0
    /// Sites on either side of the middle of the longest run that is done at once.
    private static let reach = 32

    init(transform: SineTransform) {
        self.transform = transform
        waves = Plane(rows: transform.intervals / 2, columns: transform.waveCount)
        sums = Plane(rows: 2, columns: transform.waveCount)
        isFilled = [Bool](repeating: false, count: transform.intervals / 2)
        orders = (0..<transform.waveCount).map { transform.order(wave: $0) ?? 0 }
        spreads = Plane(rows: 2 * (WaveTable.reach + 1), columns: transform.waveCount)
        sines = (0..<transform.intervals).map { Twiddle.sine($0, of: transform.intervals) }
    }

    /// Writes the amplitudes Σ qₛ sin(π s k / M) of charges in one row, s = column + 1, times
    /// `weights`.
    ///
    /// E takes q sin(2π s m / M); for O, whose k is M − 2m, the same with the sign (−1)ˢ⁺¹.
    func expand(_ runs: [ChargeRun], times weights: Line<Double>, into amplitudes: Line<Double>) {
        let width = transform.waveCount
        let (odd, even) = (sums[0], sums[1])
        Columns.eights(width) { k in
            odd.store8(.zero, k)
            even.store8(.zero, k)
        }
        for run in runs {
            var (first, count) = (run.columns.lowerBound + 1, run.columns.count)
            while count > 0 {
                // An odd number of sites has one in the middle.
                let taken = min(2 * WaveTable.reach + 1, count - 1 + count & 1)
                let s = first + taken / 2
                let mirrored = 2 * s > transform.intervals
                let wave = row(mirrored ? transform.intervals - s : s)
                let amount = SIMD8(repeating: mirrored ? -run.amount : run.amount)
                let (own, other) = s & 1 == 1 ? (odd, even) : (even, odd)
                if taken == 1 {
                    Columns.eights(width) {
                        own.store8(own.load8($0).addingProduct(amount, wave.load8($0)), $0)
                    }
                } else {
                    let (near, far) = spread(taken / 2)
                    Columns.eights(width) { k in
                        let height = amount * wave.load8(k)
                        own.store8(own.load8(k).addingProduct(height, near.load8(k)), k)
                        other.store8(other.load8(k).addingProduct(height, far.load8(k)), k)
                    }
                }
                first += taken
                count -= taken
            }
        }
        Columns.eights(width) { k in
            let (a, b) = (odd.load8(k), even.load8(k))
            let both = SIMD16(interleaving: a + b, a - b)
            amplitudes.store8(weights.load8(2 &* k) * both.lowHalf, 2 &* k)
            amplitudes.store8(weights.load8(2 &* k &+ 8) * both.highHalf, 2 &* k &+ 8)
        }
    }

    /// Σ cos(2π t m / M) over the even t from −h to h, and over the odd ones, h ≤ `reach`: by what
    /// a wave is multiplied for a run of 2h + 1 sites around its own, those of its parity and the
    /// others.
    private func spread(_ h: Int) -> (even: Line<Double>, odd: Line<Double>) {
        while spreadCount <= h {
            let next = spreadCount
            let (even, odd) = (spreads[2 * next], spreads[2 * next + 1])
            for wave in 0..<transform.waveCount {
                if next == 0 {
                    (even[wave], odd[wave]) = (1, 0)
                } else {
                    even[wave] = spreads[2 * next - 2][wave]
                    odd[wave] = spreads[2 * next - 1][wave]
                    let pair = 2 * Twiddle.cosine(next * orders[wave], of: transform.intervals)
                    if next & 1 == 0 { even[wave] += pair } else { odd[wave] += pair }
                }
            }
            spreadCount += 1
        }
        return (spreads[2 * h], spreads[2 * h + 1])
    }

    /// The waves at site s, from 1 to H; made when first asked for.
    private func row(_ s: Int) -> Line<Double> {
        let line = waves[s - 1]
        guard !isFilled[s - 1] else { return line }
        isFilled[s - 1] = true
        for wave in 0..<transform.waveCount {
            line[wave] = sines[s * orders[wave] % transform.intervals]
        }
        return line
    }
}
