extension FeatureDistances {
    /// Takes `mean` from the row that begins at `start`, multiplies it by `scale`, and returns its
    /// length.
    static func centre(
        _ rows: inout [Float], at start: Int, on mean: [Float], scale: Float
    ) -> Double {
        let width = mean.count
        precondition(start >= 0 && start + width <= rows.count, "the row is there")
        let whole = width / 8 * 8
        var sums = SIMD8<Double>.zero
        unsafe rows.withUnsafeMutableBytes { rows in
            unsafe mean.withUnsafeBytes { mean in
                for k in stride(from: 0, to: whole, by: 8) {
                    let old = unsafe rows.loadUnaligned(
                        fromByteOffset: 4 * (start + k), as: SIMD8<Float>.self)
                    let middle = unsafe mean.loadUnaligned(
                        fromByteOffset: 4 * k, as: SIMD8<Float>.self)
                    let new = (old - middle) * scale
                    unsafe rows.storeBytes(
                        of: new, toByteOffset: 4 * (start + k), as: SIMD8<Float>.self)
                    let wide = SIMD8<Double>(new)
                    sums += wide * wide
                }
            }
        }
        var sum = sums.sum()
        for k in whole..<width {
            let value = (rows[start + k] - mean[k]) * scale
            rows[start + k] = value
            sum += Double(value) * Double(value)
        }
        return sum.squareRoot()
    }
}
