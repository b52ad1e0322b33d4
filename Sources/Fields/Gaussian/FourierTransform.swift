/// The discrete Fourier transform of eight complex sequences of one length at a time:
/// X(k) = Σ x(j)·e^(2πijk/n), not scaled.
///
/// Lengths without a prime factor above 5 take the Stockham algorithm with radices 4, 2, 3 and 5
/// (Van Loan 1992, "Computational frameworks for the fast Fourier transform", §1.7 and §2.1); any
/// other length is a convolution of such a length (Bluestein 1970, "A linear filtering approach to
/// the computation of discrete Fourier transform"). Made of +, − and × in a fixed order, so the
/// bits are the same on every machine. O(n log n) time.
struct FourierTransform {
    /// Real or imaginary parts of eight sequences, one element of each.
    typealias Lanes = SIMD8<Double>

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
    func callAsFunction(_ x: inout Sequences) {
        precondition(x.count == length, "the sequences have another length")
        if let chirp {
            chirp.transform(&x)
            return
        }
        var y = Sequences(count: length)
        var (size, stride) = (length, 1)
        for radix in radices {
            pass(radix, size, stride, x, &y)
            swap(&x, &y)
            size /= radix
            stride *= radix
        }
    }

    /// One pass: butterflies of `radix` elements, size/radix apart in each of `stride` sequences of
    /// `size` elements.
    private func pass(
        _ radix: Int, _ size: Int, _ stride: Int, _ x: Sequences, _ y: inout Sequences
    ) {
        let part = size / radix
        for place in 0..<part {
            let step = place * stride
            let w1 = roots[step]
            for offset in stride * place..<stride * place + stride {
                let apart = stride * part
                let to = offset + stride * place * (radix - 1)
                let (ar, ai) = (x.re[offset], x.im[offset])
                let (br, bi) = (x.re[offset + apart], x.im[offset + apart])
                switch radix {
                case 2:
                    y.put(to, ar + br, ai + bi)
                    y.put(to + stride, ar - br, ai - bi, times: w1)
                case 3:
                    let (cr, ci) = (x.re[offset + 2 * apart], x.im[offset + 2 * apart])
                    let (sr, si) = (br + cr, bi + ci)
                    let (mr, mi) = (ar - 0.5 * sr, ai - 0.5 * si)
                    let (dr, di) = (Self.sine60 * (br - cr), Self.sine60 * (bi - ci))
                    y.put(to, ar + sr, ai + si)
                    y.put(to + stride, mr - di, mi + dr, times: w1)
                    y.put(to + 2 * stride, mr + di, mi - dr, times: roots[2 * step])
                case 4:
                    let (cr, ci) = (x.re[offset + 2 * apart], x.im[offset + 2 * apart])
                    let (dr, di) = (x.re[offset + 3 * apart], x.im[offset + 3 * apart])
                    let (pr, pi, qr, qi) = (ar + cr, ai + ci, ar - cr, ai - ci)
                    let (rr, ri, sr, si) = (br + dr, bi + di, br - dr, bi - di)
                    y.put(to, pr + rr, pi + ri)
                    y.put(to + stride, qr - si, qi + sr, times: w1)
                    y.put(to + 2 * stride, pr - rr, pi - ri, times: roots[2 * step])
                    y.put(to + 3 * stride, qr + si, qi - sr, times: roots[3 * step])
                default:
                    let (cr, ci) = (x.re[offset + 2 * apart], x.im[offset + 2 * apart])
                    let (dr, di) = (x.re[offset + 3 * apart], x.im[offset + 3 * apart])
                    let (er, ei) = (x.re[offset + 4 * apart], x.im[offset + 4 * apart])
                    let (pr, pi, qr, qi) = (br + er, bi + ei, br - er, bi - ei)
                    let (rr, ri, sr, si) = (cr + dr, ci + di, cr - dr, ci - di)
                    let (c1, s1) = (Self.fifth.x, Self.fifth.y)
                    let (c2, s2) = (Self.twoFifths.x, Self.twoFifths.y)
                    let (ur, ui) = (ar + c1 * pr + c2 * rr, ai + c1 * pi + c2 * ri)
                    let (vr, vi) = (ar + c2 * pr + c1 * rr, ai + c2 * pi + c1 * ri)
                    let (fr, fi) = (s1 * qr + s2 * sr, s1 * qi + s2 * si)
                    let (gr, gi) = (s2 * qr - s1 * sr, s2 * qi - s1 * si)
                    y.put(to, ar + pr + rr, ai + pi + ri)
                    y.put(to + stride, ur - fi, ui + fr, times: w1)
                    y.put(to + 2 * stride, vr - gi, vi + gr, times: roots[2 * step])
                    y.put(to + 3 * stride, vr + gi, vi - gr, times: roots[3 * step])
                    y.put(to + 4 * stride, ur + fi, ui - fr, times: roots[4 * step])
                }
            }
        }
    }

    private static let sine60 = 0.8660254037844386
    private static let fifth = root(1, of: 5)
    private static let twoFifths = root(2, of: 5)

    /// Eight complex sequences.
    struct Sequences {
        /// Real parts.
        var re: [Lanes]
        /// Imaginary parts.
        var im: [Lanes]

        /// Number of elements of a sequence.
        var count: Int { re.count }

        /// Creates sequences of zeros.
        init(count: Int) {
            re = [Lanes](repeating: .zero, count: count)
            im = re
        }

        /// Writes an element of all sequences.
        @inline(__always)
        mutating func put(_ place: Int, _ re: Lanes, _ im: Lanes) {
            self.re[place] = re
            self.im[place] = im
        }

        /// Writes an element, multiplied with `root`.
        @inline(__always)
        mutating func put(_ place: Int, _ re: Lanes, _ im: Lanes, times root: SIMD2<Double>) {
            self.re[place] = re * root.x - im * root.y
            self.im[place] = re * root.y + im * root.x
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
            var filter = Sequences(count: size)
            let scale = 1 / Double(size)
            for (j, root) in roots.enumerated() {
                for place in [j, (size - j) % size] {
                    filter.put(
                        place, Lanes(repeating: scale * root.x), Lanes(repeating: -scale * root.y))
                }
            }
            transform(&filter)
            self.filter = filter
        }

        func transform(_ x: inout Sequences) {
            var y = Sequences(count: transform.length)
            for (j, root) in roots.enumerated() { y.put(j, x.re[j], x.im[j], times: root) }
            transform(&y)
            for place in 0..<y.count {
                let (ar, ai, br, bi) = (
                    y.re[place], y.im[place], filter.re[place], filter.im[place]
                )
                y.put(place, ar * br - ai * bi, ar * bi + ai * br)
            }
            // With real and imaginary parts exchanged before and after it is the inverse.
            swap(&y.re, &y.im)
            transform(&y)
            swap(&y.re, &y.im)
            for (k, root) in roots.enumerated() { x.put(k, y.re[k], y.im[k], times: root) }
        }
    }
}
