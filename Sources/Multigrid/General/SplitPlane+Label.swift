extension SplitPlane where Element == Double {
    /// The largest number.
    package var largest: Double {
        var largest = -Double.infinity
        for row in 0..<rows {
            for half in 0...1 {
                let line = self[half: half, row]
                for k in 0..<count(half) where !(line[k] <= largest) { largest = line[k] }
            }
        }
        return largest
    }

    /// Writes u / `scale`, rounded to the nearest multiple of `step` (or to Float32 where it is nil), row by row.
    package func writeLabel(scale: Double, step: Double?, into label: inout [Float]) {
        // Adding and taking away 1.5 · 2⁵² rounds to an integer, ties to even, and is exact below 2⁵¹. Without a grid,
        // 0 in its place changes nothing. Steps are powers of two, so the products with them are exact.
        let shift = step == nil ? 0 : 0x1.8p52
        let (step, inverseStep) = (step ?? 1, 1 / (step ?? 1))
        let factor = inverseStep / scale
        // The field is nowhere below 0, but for what the solution lacks.
        for row in 0..<rows {
            for half in 0...1 {
                let line = self[half: half, row]
                for k in 0..<count(half) {
                    label[row * columns + 2 * k + half] = Float(
                        ((factor * (line[k] < 0 ? 0 : line[k]) + shift) - shift) * step)
                }
            }
        }
    }
}
