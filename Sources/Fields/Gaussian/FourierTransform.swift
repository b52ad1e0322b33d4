/// The discrete Fourier transform of eight complex sequences of one length at a time:
/// X(k) = Σ x(j)·e^(2πijk/n), not scaled.
///
/// Lengths without a prime factor above 5 take the Stockham algorithm with radices 4, 2, 3 and 5
/// (Van Loan 1992, "Computational frameworks for the fast Fourier transform", §1.7 and §2.1); any
/// other length is a convolution of such a length (Bluestein 1970, "A linear filtering approach to
/// the computation of discrete Fourier transform"). Made of +, − and × in a fixed order, so the
/// bits are the same on every machine. O(n log n) time.
struct FourierTransform {
    /// Number of elements of a sequence.
    let length: Int
    /// The radices in the order of the passes; empty where the transform is a convolution.
    private let radices: [Int]
    /// Real and imaginary part of e^(2πij/n).
    private let roots: [SIMD2<Double>]  // (length)
    private let chirp: Chirp?

    /// Creates the transform of sequences of `length` elements.
    init(length: Int) {
        self.length = length
        var rest = length
        var radices: [Int] = []
        for radix in [4, 2, 3, 5] {
            while rest % radix == 0 {
                radices.append(radix)
                rest /= radix
            }
        }
        self.radices = rest == 1 ? radices : []
        roots =
            rest == 1 ? (0..<length).map { FourierTransform.root(2 * $0, of: 2 * length) } : []
        chirp = rest == 1 ? nil : Chirp(length: length)
    }

    /// The least even number that is at least `length` and has no prime factor above 5.
    static func convenientLength(atLeast length: Int) -> Int {
        var candidate = length + length % 2
        while true {
            var rest = candidate
            for prime in [2, 3, 5] { while rest % prime == 0 { rest /= prime } }
            if rest == 1 { return candidate }
            candidate += 2
        }
    }

    /// e^(2πi·part/whole).
    static func root(_ part: Int, of whole: Int) -> SIMD2<Double> {
        let (sine, cosine) = Elementary.sineAndCosine(
            degrees: 360 * Double(part) / Double(whole))
        return SIMD2(cosine, sine)
    }

    /// Transforms the sequences in place.
    func callAsFunction(_ x: Sequences) {
        precondition(x.count == length, "the sequences have another length")
        if let chirp { return chirp.convolve(x) }
        var (size, stride) = (length, 1)
        for radix in radices {
            size /= radix
            switch radix {
            case 2: x.two(size, stride, roots)
            case 3: x.three(size, stride, roots)
            case 4: x.four(size, stride, roots)
            default: x.five(size, stride, roots)
            }
            stride *= radix
        }
    }

    /// The transform as a convolution with c(j) = e^(πij²/n): jk = (j² + k² − (k − j)²)/2.
    private final class Chirp {
        /// c.
        private let roots: [SIMD2<Double>]  // (length)
        private let transform: FourierTransform
        /// The transform of the conjugates of c, divided by its length.
        private let filter: Sequences

        init(length: Int) {
            roots = (0..<length).map {
                FourierTransform.root($0 * $0 % (2 * length), of: 2 * length)
            }
            let size = FourierTransform.convenientLength(atLeast: 2 * length - 1)
            transform = FourierTransform(length: size)
            filter = Sequences(count: size)
            let scale = 1 / Double(size)
            for (j, root) in roots.enumerated() {
                for place in [j, (size - j) % size] {
                    filter.put(
                        place, SIMD8(repeating: scale * root.x),
                        SIMD8(repeating: -scale * root.y))
                }
            }
            transform(filter)
        }

        func convolve(_ x: Sequences) {
            let y = Sequences(count: transform.length)
            for (j, root) in roots.enumerated() {
                let (re, im) = x[j]
                y.put(j, re, im, times: root)
            }
            transform(y)
            for place in 0..<y.count {
                let ((ar, ai), (br, bi)) = (y[place], filter[place])
                y.put(place, ar * br - ai * bi, ar * bi + ai * br)
            }
            // With real and imaginary parts exchanged before and after it is the inverse.
            y.exchangeParts()
            transform(y)
            y.exchangeParts()
            for (k, root) in roots.enumerated() {
                let (re, im) = y[k]
                x.put(k, re, im, times: root)
            }
        }
    }
}
