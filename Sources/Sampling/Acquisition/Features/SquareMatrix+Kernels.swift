internal import Fields

extension SquareMatrix {
    /// C[i][j] = Σₖ a[i·steps.row + k·steps.inner]·b[k·columns + j], in the order of k.
    ///
    /// - Parameters:
    ///   - rows: How many i.
    ///   - inner: How many k.
    ///   - columns: How many j, a multiple of 32.
    static func product(
        _ a: [Double], rows: Int, steps: (row: Int, inner: Int), inner: Int, _ b: [Double],
        columns: Int
    ) -> [Double] {
        precondition(columns % 32 == 0 && b.count >= inner * columns, "rows are whole")
        precondition(
            rows == 0 || inner == 0
                || a.count > (rows - 1) * steps.row + (inner - 1) * steps.inner, "rows are there")
        var c = [Double](repeating: 0, count: rows * columns)
        unsafe c.withUnsafeMutableBytes { c in
            unsafe a.withUnsafeBufferPointer { a in
                unsafe b.withUnsafeBytes { b in
                    for start in stride(from: 0, to: columns, by: 32) {
                        for i in 0..<rows {
                            var sums = (
                                SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero,
                                SIMD8<Double>.zero
                            )
                            for k in 0..<inner {
                                let factor = unsafe a[i * steps.row + k * steps.inner]
                                let offset = 8 * (k * columns + start)
                                sums.0 +=
                                    unsafe factor
                                    * b.loadUnaligned(
                                        fromByteOffset: offset, as: SIMD8<Double>.self)
                                sums.1 +=
                                    unsafe factor
                                    * b.loadUnaligned(
                                        fromByteOffset: offset + 64, as: SIMD8<Double>.self)
                                sums.2 +=
                                    unsafe factor
                                    * b.loadUnaligned(
                                        fromByteOffset: offset + 128, as: SIMD8<Double>.self)
                                sums.3 +=
                                    unsafe factor
                                    * b.loadUnaligned(
                                        fromByteOffset: offset + 192, as: SIMD8<Double>.self)
                            }
                            let offset = 8 * (i * columns + start)
                            unsafe c.storeBytes(
                                of: sums.0, toByteOffset: offset, as: SIMD8<Double>.self)
                            unsafe c.storeBytes(
                                of: sums.1, toByteOffset: offset + 64, as: SIMD8<Double>.self)
                            unsafe c.storeBytes(
                                of: sums.2, toByteOffset: offset + 128, as: SIMD8<Double>.self)
                            unsafe c.storeBytes(
                                of: sums.3, toByteOffset: offset + 192, as: SIMD8<Double>.self)
                        }
                    }
                }
            }
        }
        return c
    }
}

extension [Double] {
    /// The scalar product with as many numbers of `rows`, from `start` on, in a fixed order; the
    /// count is a multiple of 8.
    func product(with rows: [Float], at start: Int) -> Double {
        precondition(count % 8 == 0 && start >= 0 && start + count <= rows.count, "rows are there")
        var sums = SIMD8<Double>.zero
        unsafe withUnsafeBytes { own in
            unsafe rows.withUnsafeBytes { rows in
                for k in stride(from: 0, to: count, by: 8) {
                    let one = unsafe own.loadUnaligned(
                        fromByteOffset: 8 * k, as: SIMD8<Double>.self)
                    let other = unsafe rows.loadUnaligned(
                        fromByteOffset: 4 * (start + k), as: SIMD8<Float>.self)
                    sums += one * SIMD8<Double>(other)
                }
            }
        }
        return sums.orderedSum
    }
}
