/// Makes sums of cosines, x(i) = Σ c(k)·cos(πk(i + ½)/n), a discrete Fourier transform of the same
/// length (Makhoul 1980, "A fast cosine transform in one and two dimensions").
///
/// With V(k) = ½·e^(πik/2n)·(c(k) − i·c(n − k)) and V(0) = c(0), the sum of k and n − k of
/// V(k)·e^(2πijk/n) is c(k)·cos(πk(2j + ½)/n), so the transform of V is x(2j); beyond the end it
/// comes back by the odd ones, as x(i) = x(2n − 1 − i). It is real, so two sums c and d are the
/// parts of one complex transform, that of V of c + i·V of d.
struct CosineFolding {
    /// The element of the transform that each element of x is.
    let places: [Int]
    /// ½·e^(πik/2n).
    private let roots: [SIMD2<Double>]  // (length)

    /// Prepares for sums of `count` cosines.
    init(count: Int) {
        places = (0..<count).map { $0 % 2 == 0 ? $0 / 2 : count - 1 - $0 / 2 }
        roots = (0..<count).map { 0.5 * FourierTransform.root($0, of: 4 * count) }
    }

    /// Replaces coefficients c, the real parts, and d, the imaginary ones, by V of c + i·V of d.
    func callAsFunction(_ x: Sequences) {
        let count = places.count
        for k in stride(from: 1, through: count / 2, by: 1) {
            let ((a, f), (b, g)) = (x[k], x[count - k])
            x.put(k, a + g, f - b, times: roots[k])
            x.put(count - k, b + f, g - a, times: roots[count - k])
        }
    }
}
