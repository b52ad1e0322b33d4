/// The sines that turn charges into amplitudes: sin(2π s m / M) for sites s = 1 … H and the m of every slot.
final class WaveTable {
    private let transform: SineTransform
    /// One row a site, one column a slot of E.
    private let waves: Plane<Double>
    /// Sums over the sites with odd s, and with even s.
    private let sums: Plane<Double>
    private var isFilled: [Bool]
    /// sin(2π m / M).
    private let sines: [Double]

    init(transform: SineTransform) {
        self.transform = transform
        let width = (2 * transform.halves.second + 1) * transform.lanes
        waves = Plane(rows: transform.intervals / 2, columns: width)
        sums = Plane(rows: 2, columns: width)
        isFilled = [Bool](repeating: false, count: transform.intervals / 2)
        sines = (0..<transform.intervals).map { Turn.sine($0, of: transform.intervals) }
    }

    /// Writes the amplitudes Σ qₛ sin(π s k / M) of charges in one row, s = column + 1, before any factor.
    ///
    /// E takes q sin(2π s m / M); for O, whose k is M − 2m, the same with the sign (−1)ˢ⁺¹.
    func expand(_ charges: ArraySlice<Charge>, into amplitudes: Line<Double>) {
        let (h2, lanes) = (transform.halves.second, transform.lanes)
        let width = (2 * h2 + 1) * lanes
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
        for m in 0..<2 * h2 + 1 {
            let out = amplitudes.advanced(by: m &* 2 &* lanes)
            let (a, b) = (odd.advanced(by: m &* lanes), even.advanced(by: m &* lanes))
            Columns.eights(lanes) { k in
                out.store8(a.load8(k) + b.load8(k), k)
                out.store8(a.load8(k) - b.load8(k), k &+ lanes)
            }
        }
    }

    /// The waves at site s, from 1 to H; made when first asked for.
    private func row(_ s: Int) -> Line<Double> {
        let line = waves[s - 1]
        guard !isFilled[s - 1] else { return line }
        isFilled[s - 1] = true
        let (h2, lanes) = (transform.halves.second, transform.lanes)
        for m2 in -h2...h2 {
            for lane in 0..<lanes {
                guard let m = transform.order(second: m2, lane: lane) else { continue }
                line[(m2 + h2) * lanes + lane] = sines[s * m % transform.intervals]
            }
        }
        return line
    }
}
