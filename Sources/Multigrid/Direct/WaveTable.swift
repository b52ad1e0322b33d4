/// The sines that turn charges into amplitudes: sin(2π s m / M) for sites s = 1 … H and the m of every slot.
final class WaveTable {
    private let transform: SineTransform
    /// One row a site, one column a wave.
    private let waves: Plane<Double>
    /// Sums over the sites with odd s, and with even s.
    private let sums: Plane<Double>
    private var isFilled: [Bool]
    /// sin(2π m / M).
    private let sines: [Double]

    init(transform: SineTransform) {
        self.transform = transform
        waves = Plane(rows: transform.intervals / 2, columns: transform.waveCount)
        sums = Plane(rows: 2, columns: transform.waveCount)
        isFilled = [Bool](repeating: false, count: transform.intervals / 2)
        sines = (0..<transform.intervals).map { Turn.sine($0, of: transform.intervals) }
    }

    /// Writes the amplitudes Σ qₛ sin(π s k / M) of charges in one row, s = column + 1, times `weights`.
    ///
    /// E takes q sin(2π s m / M); for O, whose k is M − 2m, the same with the sign (−1)ˢ⁺¹.
    func expand(_ charges: ArraySlice<Charge>, times weights: Line<Double>, into amplitudes: Line<Double>) {
        let width = transform.waveCount
        let (odd, even) = (sums[0], sums[1])
        Columns.eights(width) { k in
            odd.store8(.zero, k)
            even.store8(.zero, k)
        }
        for charge in charges {
            let s = charge.column + 1
            let mirrored = 2 * s > transform.intervals
            let wave = row(mirrored ? transform.intervals - s : s)
            let amount = SIMD8(repeating: mirrored ? -charge.amount : charge.amount)
            let sum = s & 1 == 1 ? odd : even
            Columns.eights(width) { sum.store8(sum.load8($0).addingProduct(amount, wave.load8($0)), $0) }
        }
        Columns.eights(width) { k in
            let (a, b) = (odd.load8(k), even.load8(k))
            let both = SIMD16(interleaving: a + b, a - b)
            amplitudes.store8(weights.load8(2 &* k) * both.lowHalf, 2 &* k)
            amplitudes.store8(weights.load8(2 &* k &+ 8) * both.highHalf, 2 &* k &+ 8)
        }
    }

    /// The waves at site s, from 1 to H; made when first asked for.
    private func row(_ s: Int) -> Line<Double> {
        let line = waves[s - 1]
        guard !isFilled[s - 1] else { return line }
        isFilled[s - 1] = true
        for wave in 0..<transform.waveCount {
            guard let m = transform.order(wave: wave) else { continue }
            line[wave] = sines[s * m % transform.intervals]
        }
        return line
    }
}
