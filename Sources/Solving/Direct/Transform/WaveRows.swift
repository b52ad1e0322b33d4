/// What turns the charges in a row into amplitudes.
protocol ChargeWaves {
    /// Writes the amplitudes Σ qⱼ φ(j) of charges in one row, times `weights`, φ the wave of each
    /// slot.
    func expand(_ runs: [ChargeRun], times weights: Line<Double>, into amplitudes: Line<Double>)
}

/// The waves of a `WaveTransform`: φ(j) for every site and slot, 8 bytes each.
final class WaveRows: ChargeWaves {
    private let transform: WaveTransform
    /// One row a site, one column a slot.
    private let waves: Plane<Double>
    private var isFilled: [Bool]
    /// One row for each h below `spreadCount`.
    private let spreads: Plane<Double>
    private var spreadCount = 0
    /// The values that waves take: cos(2π k / W).
    private let cosines: [Double]
    /// Sites on either side of the middle of the longest run that is done at once.
    private static let reach = 32

    init(transform: WaveTransform) {
        self.transform = transform
        waves = Plane(rows: transform.columns, columns: transform.slotCount)
        isFilled = [Bool](repeating: false, count: transform.columns)
        spreads = Plane(rows: WaveRows.reach + 1, columns: transform.slotCount)
        cosines = (0..<transform.whole).map { Twiddle.cosine($0, of: transform.whole) }
    }

    func expand(_ runs: [ChargeRun], times weights: Line<Double>, into amplitudes: Line<Double>) {
        let width = transform.slotCount
        Columns.eights(width) { amplitudes.store8(.zero, $0) }
        for run in runs {
            var (first, count) = (run.columns.lowerBound, run.columns.count)
            while count > 0 {
                // An odd number of sites has one in the middle.
                let taken = min(2 * WaveRows.reach + 1, count - 1 + count & 1)
                let wave = row(first + taken / 2)
                let amount = SIMD8(repeating: run.amount)
                if taken == 1 {
                    Columns.eights(width) { k in
                        amplitudes.store8(
                            amplitudes.load8(k).addingProduct(amount, wave.load8(k)), k)
                    }
                } else {
                    let spread = spread(taken / 2)
                    Columns.eights(width) { k in
                        amplitudes.store8(
                            amplitudes.load8(k).addingProduct(
                                amount * wave.load8(k), spread.load8(k)), k)
                    }
                }
                first += taken
                count -= taken
            }
        }
        Columns.eights(width) { amplitudes.store8(weights.load8($0) * amplitudes.load8($0), $0) }
    }

    /// 1 + 2 Σ cos(t θ) over t from 1 to h ≤ `reach`, θ the angle from site to site: by what a wave
    /// is multiplied for a run of 2h + 1 sites around its own.
    private func spread(_ h: Int) -> Line<Double> {
        while spreadCount <= h {
            let line = spreads[spreadCount]
            for (slot, wave) in transform.waves.enumerated() {
                line[slot] =
                    spreadCount == 0
                    ? 1
                    : spreads[spreadCount - 1][slot] + 2 * cosine(2 * spreadCount * wave.order)
            }
            spreadCount += 1
        }
        return spreads[h]
    }

    private func cosine(_ part: Int) -> Double { cosines[abs(part) % transform.whole] }

    /// The waves at a column; made when first asked for.
    private func row(_ column: Int) -> Line<Double> {
        let line = waves[column]
        guard !isFilled[column] else { return line }
        isFilled[column] = true
        for slot in transform.waves.indices {
            line[slot] = transform.value(slot, at: column)
        }
        return line
    }
}
