internal import COpenBLAS

/// Scalar products of rows, many at a time, by OpenBLAS in single precision.
///
/// OpenBLAS chooses its kernels, and with them the order of sums, by the processor: what
/// comes out differs in its last bits, and may only be used with its bound.
enum RowProducts {
    /// Writes the products of every row of `a` with every row of `b`, (rows of a, rows of b), to
    /// the beginning of `values`.
    ///
    /// - Parameters:
    ///   - a: The rows, one after the other; whatever is behind `rows` of them does not count.
    ///   - b: The other rows, likewise.
    ///   - columns: How many rows of `b`.
    ///
    /// Several threads may call it, each of which does its own work alone: OpenBLAS's threads wait
    /// for each other by spinning. The corresponding C functions are `openblas_set_num_threads` and
    /// `cblas_sgemm`.
    static func fill(
        _ values: inout [Float], _ a: [Float], rows: Int, _ b: [Float], columns: Int, width: Int
    ) {
        precondition(
            a.count >= rows * width && b.count >= columns * width
                && values.count >= rows * columns, "there is room")
        openblas_set_num_threads(1)
        unsafe cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns), Int32(width), 1,
            a, Int32(width), b, Int32(width), 0, &values, Int32(columns))
    }

    /// The largest error of a product of two rows, relative to the product of their lengths; not
    /// finite where there is none.
    ///
    /// It is γₙ = n u/(1 − n u), u = 2⁻²⁴, which holds for every order of the sum, with fused
    /// multiply-adds or without them (Higham, Accuracy and Stability of Numerical Algorithms, 2002,
    /// §3.1). n is a little larger than the width: kernels add several sums together.
    static func relativeError(width: Int) -> Double {
        let error = Double(width + 64) * 0x1p-24
        return error < 0.5 ? error / (1 - error) : .infinity
    }
}
