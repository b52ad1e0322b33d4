/// Eight complex sequences of one length, and memory of the same size for their transform.
///
/// Access is not bounds-checked: places are below `count`.
@safe final class Sequences {
    /// Real or imaginary parts of eight sequences, one element of each.
    typealias Lanes = SIMD8<Double>

    /// Number of elements of a sequence.
    let count: Int
    private let memory: UnsafeMutablePointer<Lanes>  // (4, elements)
    // Parts of `memory`: the sequences, and what the next pass writes.
    private var re: UnsafeMutablePointer<Lanes>
    private var im: UnsafeMutablePointer<Lanes>
    private var nextRe: UnsafeMutablePointer<Lanes>
    private var nextIm: UnsafeMutablePointer<Lanes>

    /// Creates sequences of zeros.
    init(count: Int) {
        self.count = count
        unsafe memory = .allocate(capacity: 4 * count)
        unsafe memory.initialize(repeating: .zero, count: 4 * count)
        unsafe (re, im) = (memory, memory + count)
        unsafe (nextRe, nextIm) = (memory + 2 * count, memory + 3 * count)
    }

    deinit { unsafe memory.deallocate() }

    /// An element of all sequences.
    @inline(__always) subscript(place: Int) -> (re: Lanes, im: Lanes) {
        unsafe (re[place], im[place])
    }

    /// Writes an element of all sequences.
    @inline(__always) func put(_ place: Int, _ re: Lanes, _ im: Lanes) {
        unsafe self.re[place] = re
        unsafe self.im[place] = im
    }

    /// Writes an element, multiplied with `root`.
    @inline(__always) func put(_ place: Int, _ re: Lanes, _ im: Lanes, times root: SIMD2<Double>) {
        put(place, re * root.x - im * root.y, re * root.y + im * root.x)
    }

    /// The real part of sequence `lane` below 8, the imaginary part of sequence `lane` − 8 else.
    @inline(__always) func part(_ lane: Int, of place: Int) -> Double {
        let parts = unsafe lane < 8 ? re : im
        return unsafe UnsafeRawPointer(parts + place).load(
            fromByteOffset: 8 &* (lane & 7), as: Double.self)
    }

    /// Makes real parts imaginary ones, and the other way round.
    func exchangeParts() { unsafe swap(&re, &im) }
}

/// Passes of the Stockham algorithm: butterflies of as many elements as the name says, `stride`·
/// `part` apart in each of `stride` sequences. `roots` are e^(2πij/count).
extension Sequences {
    /// An element of the next pass.
    @inline(__always)
    private func next(_ place: Int, _ re: Lanes, _ im: Lanes) {
        unsafe nextRe[place] = re
        unsafe nextIm[place] = im
    }

    /// An element of the next pass, multiplied with `root`.
    @inline(__always)
    private func next(_ place: Int, _ re: Lanes, _ im: Lanes, times root: SIMD2<Double>) {
        next(place, re * root.x - im * root.y, re * root.y + im * root.x)
    }

    /// Calls `body` with the first element of each butterfly at a place, and where its first
    /// result goes.
    @inline(__always)
    private func each(_ place: Int, _ radix: Int, _ stride: Int, _ body: (Int, Int) -> Void) {
        var from = stride &* place
        let (end, ahead) = (from &+ stride, from &* (radix &- 1))
        while from < end {
            body(from, from &+ ahead)
            from &+= 1
        }
    }

    private func finishPass() { unsafe (re, im, nextRe, nextIm) = (nextRe, nextIm, re, im) }

    func two(_ part: Int, _ stride: Int, _ roots: [SIMD2<Double>]) {
        let apart = stride * part
        for place in 0..<part {
            let w1 = roots[place * stride]
            each(place, 2, stride) { from, to in
                let ((ar, ai), (br, bi)) = (self[from], self[from &+ apart])
                next(to, ar + br, ai + bi)
                next(to &+ stride, ar - br, ai - bi, times: w1)
            }
        }
        finishPass()
    }

    func three(_ part: Int, _ stride: Int, _ roots: [SIMD2<Double>]) {
        let (apart, sine60) = (stride * part, 0.8660254037844386)
        for place in 0..<part {
            let step = place * stride
            let (w1, w2) = (roots[step], roots[2 * step])
            each(place, 3, stride) { from, to in
                let (ar, ai) = self[from]
                let ((br, bi), (cr, ci)) = (self[from &+ apart], self[from &+ 2 &* apart])
                let (sr, si) = (br + cr, bi + ci)
                let (mr, mi) = (ar - 0.5 * sr, ai - 0.5 * si)
                let (dr, di) = (sine60 * (br - cr), sine60 * (bi - ci))
                next(to, ar + sr, ai + si)
                next(to &+ stride, mr - di, mi + dr, times: w1)
                next(to &+ 2 &* stride, mr + di, mi - dr, times: w2)
            }
        }
        finishPass()
    }

    func four(_ part: Int, _ stride: Int, _ roots: [SIMD2<Double>]) {
        let apart = stride * part
        for place in 0..<part {
            let step = place * stride
            let (w1, w2, w3) = (roots[step], roots[2 * step], roots[3 * step])
            each(place, 4, stride) { from, to in
                let ((ar, ai), (br, bi)) = (self[from], self[from &+ apart])
                let (cr, ci) = self[from &+ 2 &* apart]
                let (dr, di) = self[from &+ 3 &* apart]
                let (pr, pi, qr, qi) = (ar + cr, ai + ci, ar - cr, ai - ci)
                let (rr, ri, sr, si) = (br + dr, bi + di, br - dr, bi - di)
                next(to, pr + rr, pi + ri)
                next(to &+ stride, qr - si, qi + sr, times: w1)
                next(to &+ 2 &* stride, pr - rr, pi - ri, times: w2)
                next(to &+ 3 &* stride, qr + si, qi - sr, times: w3)
            }
        }
        finishPass()
    }

    func five(_ part: Int, _ stride: Int, _ roots: [SIMD2<Double>]) {
        let apart = stride * part
        let fifth = FourierTransform.root(1, of: 5)
        let twoFifths = FourierTransform.root(2, of: 5)
        let (c1, s1, c2, s2) = (fifth.x, fifth.y, twoFifths.x, twoFifths.y)
        for place in 0..<part {
            let step = place * stride
            let (w1, w2, w3, w4) = (
                roots[step], roots[2 * step], roots[3 * step], roots[4 * step]
            )
            each(place, 5, stride) { from, to in
                let ((ar, ai), (br, bi)) = (self[from], self[from &+ apart])
                let (cr, ci) = self[from &+ 2 &* apart]
                let (dr, di) = self[from &+ 3 &* apart]
                let (er, ei) = self[from &+ 4 &* apart]
                let (pr, pi, qr, qi) = (br + er, bi + ei, br - er, bi - ei)
                let (rr, ri, sr, si) = (cr + dr, ci + di, cr - dr, ci - di)
                let (ur, ui) = (ar + c1 * pr + c2 * rr, ai + c1 * pi + c2 * ri)
                let (vr, vi) = (ar + c2 * pr + c1 * rr, ai + c2 * pi + c1 * ri)
                let (fr, fi) = (s1 * qr + s2 * sr, s1 * qi + s2 * si)
                let (gr, gi) = (s2 * qr - s1 * sr, s2 * qi - s1 * si)
                next(to, ar + pr + rr, ai + pi + ri)
                next(to &+ stride, ur - fi, ui + fr, times: w1)
                next(to &+ 2 &* stride, vr - gi, vi + gr, times: w2)
                next(to &+ 3 &* stride, vr + gi, vi - gr, times: w3)
                next(to &+ 4 &* stride, ur + fi, ui - fr, times: w4)
            }
        }
        finishPass()
    }
}
