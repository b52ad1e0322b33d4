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
        let isGrid = step != nil
        precondition(label.count == lattice.rows * lattice.columns, "the label has another lattice's size")
        let inverseScale = 1 / scale
        let (step, inverseStep) = (step ?? 1, 1 / (step ?? 1))
        // Adding and taking away 1.5 · 2⁵² rounds to an integer, ties to even, and is exact below 2⁵¹. Without a grid,
        // 0 in its place changes nothing: steps are powers of two, so the products are exact.
        let shift = isGrid ? 0x1.8p52 : 0
        var worst: Int64 = 0
        unsafe label.withUnsafeMutableBufferPointer { buffer in
            for row in 0..<lattice.rows {
                // The colour that stands at even columns comes first. `buffer`, whose size was checked, outlives the line.
                let (even, odd) = (field[row & 1, row], field[1 - row & 1, row])
                let output = unsafe Line(start: buffer.baseAddress.unsafelyUnwrapped + row * lattice.columns)
                func write(_ value: Double, _ column: Int) {
                    let scaled = value * inverseScale
                    let result = Float(((inverseStep * scaled + shift) - shift) * step)
                    output[column] = result
                    worst = max(worst, (Double(result) - scaled).magnitudeBits)
                }
                var k = 0
                while k < lattice.columns / 2 {
                    write(even[k], 2 &* k)
                    write(odd[k], 2 &* k &+ 1)
                    k &+= 1
                }
                if lattice.columns & 1 == 1 { write(even[k], 2 &* k) }
            }
        }
        return Double(bitPattern: UInt64(bitPattern: worst))
    }
}
