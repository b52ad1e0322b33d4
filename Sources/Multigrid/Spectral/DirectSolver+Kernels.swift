internal import Fields

/// What is done with each row of a field: residual and label.
extension DirectSolver {
    /// Largest magnitude of the residual in a row: of free sites where sources are pinned, of all where they emit. NaN where
    /// one of them is.
    func largestMagnitude(
        _ row: Int, _ above: Line<Double>, _ line: Line<Double>, _ below: Line<Double>, _ known: SitesInRows,
        isPinned: Bool
    ) -> Double {
        let out = residuals[0]
        let columns = lattice.columns
        let (a, b) = (SIMD8(repeating: coefficients.down), SIMD8(repeating: coefficients.across))
        let decay = SIMD8(repeating: coefficients.decay)
        let sources = known.row(row)
        if sources.isEmpty {
            var largest = SIMD8<Double>.zero
            var sum = SIMD8<Double>.zero
            var k = 0
            while k &+ 8 <= columns {
                let u = line.load8(k)
                let down = (u - above.load8(k)) + (u - below.load8(k))
                let across = (u - line.load8(k &- 1)) + (u - line.load8(k &+ 1))
                let r = (a * down + b * across) + decay * u
                let magnitude = r.replacing(with: -r, where: r .< 0)
                largest.replace(with: magnitude, where: magnitude .> largest)
                sum += r
                k &+= 8
            }
            var result = largest.max()
            if !sum.sum().isFinite { result = .nan }
            while k < columns {
                let r = residual(k, above, line, below)
                result = r.isNaN ? .nan : max(result, abs(r))
                k &+= 1
            }
            return result
        }
        for k in 0..<columns { out[k] = residual(k, above, line, below) }
        for index in sources { out[known.column(index)] = isPinned ? 0 : out[known.column(index)] - known.value(index) }
        var result = 0.0
        for k in 0..<columns { result = out[k].isNaN || result.isNaN ? .nan : max(result, abs(out[k])) }
        return result
    }

    /// A u at one site, in the same order of operations as above.
    @inline(__always)
    private func residual(_ k: Int, _ above: Line<Double>, _ line: Line<Double>, _ below: Line<Double>) -> Double {
        let u = line[k]
        let down = (u - above[k]) + (u - below[k])
        let across = (u - line[k &- 1]) + (u - line[k &+ 1])
        return (coefficients.down * down + coefficients.across * across) + coefficients.decay * u
    }

    /// Writes the label of a row in which pinned sites have their values.
    func write(_ line: Line<Double>, _ row: Int, _ known: SitesInRows, step: Double?, into label: inout [Float]) {
        write(line, row, factor: 1, step: step, into: &label)
        let first = row &* lattice.columns
        for index in known.row(row) {
            label[first + known.column(index)] = DirectSolver.rounded(known.value(index), step)
        }
    }

    /// Writes `factor` times a row, rounded to multiples of `step` or to Float.
    func write(_ line: Line<Double>, _ row: Int, factor: Double, step: Double?, into label: inout [Float]) {
        let columns = lattice.columns
        // Adding and taking away 1.5 · 2⁵² rounds to an integer, ties to even, and is exact below 2⁵¹. Without a grid,
        // 0 in its place changes nothing. Steps are powers of two, so the products with them are exact.
        let shift = step == nil ? 0 : 0x1.8p52
        let unit = step ?? 1
        let scaled = factor * (1 / unit)
        unsafe label.withUnsafeMutableBufferPointer { buffer in
            precondition(buffer.count >= (row + 1) * columns, "the label has another lattice's size")
            let out = unsafe Line(start: buffer.baseAddress.unsafelyUnwrapped + row &* columns)
            var k = 0
            while k < columns {
                out[k] = Float(((scaled * line[k] + shift) - shift) * unit)
                k &+= 1
            }
        }
    }

    private static func rounded(_ value: Double, _ step: Double?) -> Float {
        guard let step else { return Float(value) }
        return Float((value / step).rounded(.toNearestOrEven) * step)
    }
}
