/// The product with a matrix whose entry (a, b) is s(a + b) with s(k + n) = −s(k), for vectors of
/// eight in place of numbers, where n is twice a power of four.
///
/// With w₀ = x₀ and w_c = −x_{n−c} the product is that of the polynomials s and w modulo zⁿ + 1.
/// Half of the roots of that have zᴺ = i, N = n/2, the other half are their conjugates: numbers k
/// and k + N together make one complex number, and a Fourier transform of N of those, with a twist
/// of e^{iπk/n}, takes values at the roots (Nussbaumer 1982, Fast Fourier Transform and Convolution
/// Algorithms, chapter 3). Forth it goes by decimation in frequency, back by decimation in time, so
/// that nothing is put in order between.
final class SkewHankelProduct {
    /// N.
    private let length: Int
    /// cos and sin of 2π k / 4N, alternating, for k below 4N: roots of unity and twists.
    private let waves: Plane<Double>
    /// Values of s at the roots, divided by N: real and imaginary part alternate.
    private let values: Plane<Double>
    /// (numbers, real and imaginary) vectors of eight.
    private let numbers: Plane<Double>

    /// Whether products of this size are taken so.
    static func suits(_ size: Int) -> Bool {
        size >= 128 && size & (size - 1) == 0 && size.trailingZeroBitCount & 1 == 1
    }

    /// Fused multiplications of vectors that would take as long.
    static func operations(_ size: Int) -> Int { 2 * size * size.trailingZeroBitCount + 12 * size }

    /// The matrix with s(0), …, s(n − 1).
    init(_ entries: [Double]) {
        precondition(SkewHankelProduct.suits(entries.count))
        length = entries.count / 2
        waves = Plane(rows: 1, columns: 8 * length)
        values = Plane(rows: 1, columns: 2 * length)
        numbers = Plane(rows: 1, columns: 16 * length)
        for k in 0..<4 * length {
            waves[0][2 * k] = Twiddle.cosine(k, of: 4 * length)
            waves[0][2 * k + 1] = Twiddle.sine(k, of: 4 * length)
        }
        for k in 0..<length {
            numbers[0].store8(SIMD8(repeating: entries[k]), 16 * k)
            numbers[0].store8(SIMD8(repeating: entries[k + length]), 16 * k + 8)
        }
        transform()
        for k in 0..<2 * length { values[0][k] = numbers[0][8 * k] / Double(length) }
    }

    /// Writes the products with several `x`, whose vectors follow one another.
    func apply(_ x: Line<Double>, into out: Line<Double>, _ steps: DenseProduct.Steps) {
        let numbers = numbers[0]
        let length = length
        for index in 0..<steps.count {
            let x = x.advanced(by: index &* steps.input)
            let out = out.advanced(by: index &* steps.output)
            numbers.store8(x.load8(0), 0)
            numbers.store8(-x.load8(8 &* length), 8)
            for k in 1..<length {
                numbers.store8(-x.load8(8 &* (2 &* length &- k)), 16 &* k)
                numbers.store8(-x.load8(8 &* (length &- k)), 16 &* k &+ 8)
            }
            transform()
            multiply()
            transformBack()
            for k in 0..<length {
                out.store8(numbers.load8(16 &* k), steps.stride &* k)
                out.store8(numbers.load8(16 &* k &+ 8), steps.stride &* (k &+ length))
            }
        }
    }

    /// One complex number in each of four lanes.
    private struct Complex {
        var re: SIMD4<Double>
        var im: SIMD4<Double>

        @inline(__always) static func + (a: Complex, b: Complex) -> Complex {
            Complex(re: a.re + b.re, im: a.im + b.im)
        }

        @inline(__always) static func - (a: Complex, b: Complex) -> Complex {
            Complex(re: a.re - b.re, im: a.im - b.im)
        }

        @inline(__always) var timesI: Complex { Complex(re: -im, im: re) }

        /// The product with c + i s.
        @inline(__always) func times(_ c: Double, _ s: Double) -> Complex {
            let (c, s) = (SIMD4(repeating: c), SIMD4(repeating: s))
            return Complex(re: (c * re).addingProduct(-s, im), im: (c * im).addingProduct(s, re))
        }
    }

    @inline(__always) private func load(_ numbers: Line<Double>, _ k: Int, _ lane: Int) -> Complex {
        Complex(re: numbers.load4(16 &* k &+ lane), im: numbers.load4(16 &* k &+ 8 &+ lane))
    }

    @inline(__always) private func store(
        _ value: Complex, _ numbers: Line<Double>, _ k: Int, _ lane: Int
    ) {
        numbers.store4(value.re, 16 &* k &+ lane)
        numbers.store4(value.im, 16 &* k &+ 8 &+ lane)
    }

    /// From numbers to values at the roots, in the order that the last butterflies leave.
    private func transform() {
        let (numbers, waves) = (numbers[0], waves[0])
        var quarter = length / 4
        while quarter > 0 {
            // e^{2πi j / 4 quarter} is wave 4N j / (4 quarter).
            let step = 2 &* length / quarter
            let isFirst = 4 &* quarter == length
            for j in 0..<quarter {
                // The twist comes with the first butterflies: number k has e^{2πi k / 4N}.
                let twist = isFirst ? 2 &* j : 0
                let hop = isFirst ? 2 &* quarter : 0
                let (c1, s1) = (waves[step &* j], waves[step &* j &+ 1])
                let (c2, s2) = (waves[2 &* step &* j], waves[2 &* step &* j &+ 1])
                let (c3, s3) = (waves[3 &* step &* j], waves[3 &* step &* j &+ 1])
                var k = j
                while k < length {
                    for lane in [0, 4] {
                        var a = load(numbers, k, lane)
                        var b = load(numbers, k &+ quarter, lane)
                        var c = load(numbers, k &+ 2 &* quarter, lane)
                        var d = load(numbers, k &+ 3 &* quarter, lane)
                        if isFirst {
                            a = a.times(waves[twist], waves[twist &+ 1])
                            b = b.times(waves[twist &+ hop], waves[twist &+ hop &+ 1])
                            c = c.times(waves[twist &+ 2 &* hop], waves[twist &+ 2 &* hop &+ 1])
                            d = d.times(waves[twist &+ 3 &* hop], waves[twist &+ 3 &* hop &+ 1])
                        }
                        let (sum, difference) = (a + c, a - c)
                        let (other, turned) = (b + d, (b - d).timesI)
                        store(sum + other, numbers, k, lane)
                        store((difference + turned).times(c1, s1), numbers, k &+ quarter, lane)
                        store((sum - other).times(c2, s2), numbers, k &+ 2 &* quarter, lane)
                        store((difference - turned).times(c3, s3), numbers, k &+ 3 &* quarter, lane)
                    }
                    k &+= 4 &* quarter
                }
            }
            quarter /= 4
        }
    }

    /// Multiplies by the values of s.
    private func multiply() {
        let (numbers, values) = (numbers[0], values[0])
        for k in 0..<length {
            for lane in [0, 4] {
                store(
                    load(numbers, k, lane).times(values[2 &* k], values[2 &* k &+ 1]), numbers, k,
                    lane)
            }
        }
    }

    /// From values to numbers times N.
    private func transformBack() {
        let (numbers, waves) = (numbers[0], waves[0])
        var quarter = 1
        while quarter < length {
            let step = 2 &* length / quarter
            let isLast = 4 &* quarter == length
            for j in 0..<quarter {
                let twist = isLast ? 2 &* j : 0
                let hop = isLast ? 2 &* quarter : 0
                let (c1, s1) = (waves[step &* j], -waves[step &* j &+ 1])
                let (c2, s2) = (waves[2 &* step &* j], -waves[2 &* step &* j &+ 1])
                let (c3, s3) = (waves[3 &* step &* j], -waves[3 &* step &* j &+ 1])
                var k = j
                while k < length {
                    for lane in [0, 4] {
                        let p = load(numbers, k, lane)
                        let q = load(numbers, k &+ quarter, lane).times(c1, s1)
                        let r = load(numbers, k &+ 2 &* quarter, lane).times(c2, s2)
                        let t = load(numbers, k &+ 3 &* quarter, lane).times(c3, s3)
                        let (sum, difference) = (p + r, p - r)
                        let (other, turned) = (q + t, (q - t).timesI)
                        var (a, b, c, d) = (
                            sum + other, difference - turned, sum - other, difference + turned
                        )
                        if isLast {
                            a = a.times(waves[twist], -waves[twist &+ 1])
                            b = b.times(waves[twist &+ hop], -waves[twist &+ hop &+ 1])
                            c = c.times(waves[twist &+ 2 &* hop], -waves[twist &+ 2 &* hop &+ 1])
                            d = d.times(waves[twist &+ 3 &* hop], -waves[twist &+ 3 &* hop &+ 1])
                        }
                        store(a, numbers, k, lane)
                        store(b, numbers, k &+ quarter, lane)
                        store(c, numbers, k &+ 2 &* quarter, lane)
                        store(d, numbers, k &+ 3 &* quarter, lane)
                    }
                    k &+= 4 &* quarter
                }
            }
            quarter *= 4
        }
    }
}
