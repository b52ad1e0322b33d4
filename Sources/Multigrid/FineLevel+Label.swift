extension FineLevel {
    /// The largest field on a source's site.
    func largestSourceField() -> Double {
        var largest = 0.0
        for row in 0..<lattice.rows {
            for index in sources.row(row) {
                let site = sources.sites[index]
                largest = max(largest, field[Int(site.colour), row][Int(site.k)])
            }
        }
        return largest
    }

    /// Writes u / `scale`, rounded to the nearest multiple of `step` (or to Float32 where it is nil), row by row.
    ///
    /// - Returns: The largest rounding error that was made.
    func writeLabel(scale: Double, step: Double?, into label: inout [Float]) -> Double {
        precondition(label.count == lattice.rows * lattice.columns, "the label has another lattice's size")
        var output = label.mutableSpan
        var worst = SIMD8<Double>.zero
        let inverseScale = SIMD8<Double>(repeating: 1 / scale)
        let steps = SIMD8<Double>(repeating: step ?? 1)
        let inverseStep = SIMD8<Double>(repeating: 1 / (step ?? 1))
        for row in 0..<lattice.rows {
            // The colour that stands at even columns.
            let first = row & 1
            let (even, odd) = (field[first, row], field[1 - first, row])
            let start = row * lattice.columns
            for k in Swift.stride(from: 0, to: (lattice.columns + 1) / 2, by: 8) {
                let (left, leftError) = FineLevel.rounded(
                    even.load8(k) * inverseScale, step: step == nil ? nil : (steps, inverseStep))
                let (right, rightError) = FineLevel.rounded(
                    odd.load8(k) * inverseScale, step: step == nil ? nil : (steps, inverseStep))
                worst = worst.largerMagnitude(leftError).largerMagnitude(rightError)
                let both = SIMD16<Float>(interleaving: left, right)
                let columns = min(16, lattice.columns - 2 * k)
                for lane in 0..<columns { output[start + 2 * k + lane] = both[lane] }
            }
        }
        return worst.max()
    }

    @inline(__always)
    private static func rounded(
        _ value: SIMD8<Double>, step: (SIMD8<Double>, SIMD8<Double>)?
    ) -> (SIMD8<Float>, SIMD8<Double>) {
        // Steps are powers of two, so both products are exact. Adding and taking away 1.5 · 2⁵² rounds to an integer,
        // ties to even, and is exact below 2⁵¹.
        let shift = SIMD8<Double>(repeating: 0x1.8p52)
        let target = step.map { (($0.1 * value + shift) - shift) * $0.0 } ?? value
        let result = SIMD8<Float>(target)
        return (result, SIMD8<Double>(result) - value)
    }
}
