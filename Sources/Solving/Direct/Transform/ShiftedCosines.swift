/// Sums of cosines at half sites: yⱼ = Σₖ xₖ cos(π k (2j + 1) / (2n)) for j, k = 0 ..< n, in place.
///
/// - n even: the even k give the sums for n/2. For the odd ones, with θ = π(2j + 1)/(2n), 2 cos θ ·
///   cos (2m + 1)θ = cos 2mθ + cos (2m + 2)θ makes them the sums for n/2 of xₖ + xₖ₋₂, divided by 2
///   cos θ (Lee 1984, A new algorithm to compute the discrete cosine transform, IEEE Trans. Acoust.
///   Speech Signal Process. 32). Sites j and n − 1 − j share both parts, but for the sign of the
///   odd one.
/// - n even and small: both parts are products with dense matrices, and nothing is divided by.
/// - n odd: `OddTurn`.
///
/// Numbers are vectors of eight. Terms stand in the order of `order`, which keeps each part in one
/// piece at every level.
final class ShiftedCosines {
    /// k of each term.
    let order: [Int]
    private let levels: [Level]
    private let leaf: Leaf

    /// One halving.
    private final class Level {
        let length: Int
        /// Where the k of the half stand within it.
        let places: Offsets
        /// 1 / (2 cos θ) of each j below half.
        let scales: Plane<Double>

        init(_ length: Int) {
            self.length = length
            places = Offsets(count: length / 2)
            for (place, k) in ShiftedCosines.order(of: length / 2).enumerated() {
                places.line[k] = 8 * place
            }
            scales = Plane(rows: 1, columns: length / 2)
            for j in 0..<length / 2 {
                scales[0][j] = 1 / (2 * Twiddle.cosine(2 * j + 1, of: 4 * length))
            }
        }
    }

    private enum Leaf {
        case odd(OddTurn)
        case even(EvenLeaf)
    }

    /// Both parts by dense matrices.
    private final class EvenLeaf {
        let even: DenseProduct
        let odd: DenseProduct
        let ones: Plane<Double>
        let scratch: Plane<Double>
        let half: Int

        init(_ length: Int) {
            let half = length / 2
            self.half = half
            func matrix(_ parity: Int) -> DenseProduct {
                DenseProduct(
                    (0..<half).map { j in
                        (0..<half).map {
                            Twiddle.cosine((2 * $0 + parity) * (2 * j + 1), of: 4 * length)
                        }
                    })
            }
            (even, odd) = (matrix(0), matrix(1))
            ones = Plane(rows: 1, columns: half)
            for j in 0..<half { ones[0][j] = 1 }
            scratch = Plane(rows: 1, columns: 8 * length)
        }
    }

    /// Largest even length that is not halved.
    private static let small = 16

    private static func isHalved(_ length: Int) -> Bool { length & 1 == 0 && length > small }

    init(length: Int) {
        var levels: [Level] = []
        var n = length
        while ShiftedCosines.isHalved(n) {
            levels.append(Level(n))
            n /= 2
        }
        self.levels = levels
        order = ShiftedCosines.order(of: length)
        leaf = n & 1 == 1 ? .odd(OddTurn(halfSites: n)) : .even(EvenLeaf(n))
    }

    /// Even k before odd ones, at every level.
    private static func order(of length: Int) -> [Int] {
        guard length & 1 == 0 else { return Array(0..<length) }
        let half = isHalved(length) ? order(of: length / 2) : Array(0..<length / 2)
        return half.map { 2 * $0 } + half.map { 2 * $0 + 1 }
    }

    /// Fused multiplications of vectors that would take as long.
    static func operations(_ length: Int) -> Int {
        if isHalved(length) { return 2 * operations(length / 2) + 4 * length }
        guard length & 1 == 0 else { return OddTurn.operations(length) }
        return 2 * DenseProduct.operations(rows: length / 2, terms: length / 2) + 4 * length
    }

    /// Replaces the terms, in the order of `order`, by the sums, in the order of sites.
    func apply(_ x: Line<Double>) { apply(x, 0) }

    private func apply(_ x: Line<Double>, _ depth: Int) {
        guard depth < levels.count else {
            switch leaf {
            case .odd(let turn): turn.apply(x)
            case .even(let leaf):
                let half = leaf.half
                let steps = DenseProduct.Steps(count: 1, input: 0, output: 0, stride: 8)
                let sums = leaf.scratch[0]
                leaf.even.apply(x, into: sums, steps)
                leaf.odd.apply(x.advanced(by: 8 &* half), into: sums.advanced(by: 8 &* half), steps)
                ShiftedCosines.combine(sums, half, leaf.ones[0], into: x)
            }
            return
        }
        let half = levels[depth].length / 2
        let odd = x.advanced(by: 8 &* half)
        let places = levels[depth].places.line
        var next = odd.load8(places[half &- 1])
        var k = half &- 1
        while k > 0 {
            let before = odd.load8(places[k &- 1])
            odd.store8(next + before, places[k])
            next = before
            k &-= 1
        }
        apply(x, depth + 1)
        apply(odd, depth + 1)
        ShiftedCosines.combine(x, half, levels[depth].scales[0], into: x)
    }

    /// Writes, for every j below half, e + s o at site j and e − s o at the site as far from the
    /// end; e stands at j of `x`, o at half + j. `out` may be `x`: the four sites that are written
    /// at once are the four that were read.
    @inline(__always) static func combine(
        _ x: Line<Double>, _ half: Int, _ scales: Line<Double>, into out: Line<Double>
    ) {
        var (j, k) = (0, half &- 1)
        while j <= k {
            let (e, f) = (x.load8(8 &* j), x.load8(8 &* k))
            let (o, p) = (x.load8(8 &* (half &+ j)), x.load8(8 &* (half &+ k)))
            let (s, t) = (SIMD8(repeating: scales[j]), SIMD8(repeating: scales[k]))
            out.store8(e.addingProduct(s, o), 8 &* j)
            out.store8(e.addingProduct(-s, o), 8 &* (half &+ k))
            out.store8(f.addingProduct(t, p), 8 &* k)
            out.store8(f.addingProduct(-t, p), 8 &* (half &+ j))
            j &+= 1
            k &-= 1
        }
    }
}
