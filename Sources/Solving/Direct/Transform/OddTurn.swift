/// Sums of cosines and sines over an odd number n of sites, by the two sums of `FourierSums`: of
/// sites t and −t from the middle, C ± S.
///
/// - On a ring: Σ xₖ cos(2π k j / n) and Σ xₖ sin(2π k j / n).
/// - At half sites: yⱼ = Σₖ xₖ cos(π k (2j + 1) / (2n)). With t = j − (n − 1)/2 the angle is π k/2
///   +
///   π k t/n: for k = 2m the wave is (−1)ᵐ cos(2π m t/n), and for k = n − 2m it is (−1)ᵗ sin(π k/2)
///   sin(2π m t/n) (Heideman 1992, Computation of an odd-length DCT from a real-valued DFT of the
///   same length, IEEE Trans. Signal Process. 40).
final class OddTurn {
    private let cosines: FourierSums
    private let sines: FourierSums
    /// Where each term of `cosines`, then of `sines`, stands, and its sign; none where they stand
    /// in that order.
    private let places: Offsets?
    private let signs: Plane<Double>
    /// For each sum other than that for t = 0: the sites of t and of −t.
    private let sites: Offsets
    private let siteSigns: Plane<Double>
    private let middle: Int
    private let scratch: Plane<Double>
    private let half: Int

    /// The sums on a ring. Terms are cosines in the order of `FourierSums.terms` and then that of
    /// k = 0, and sines in that order.
    convenience init(ring length: Int) { self.init(length, isRing: true) }

    /// The sums at half sites, of terms in the order of k.
    convenience init(halfSites length: Int) { self.init(length, isRing: false) }

    private init(_ length: Int, isRing: Bool) {
        let half = length / 2
        self.half = half
        cosines = FourierSums(.cosine, length: length, columns: 1)
        sines = FourierSums(.sine, length: length, columns: 1)
        signs = Plane(rows: 1, columns: length)
        siteSigns = Plane(rows: 1, columns: max(1, half))
        sites = Offsets(count: 2 * half)
        scratch = Plane(rows: 2, columns: 8 * (length + 1))
        middle = isRing ? 0 : half
        let terms = FourierSums.terms(of: length)
        if isRing {
            places = nil
        } else {
            let places = Offsets(count: length)
            for (index, term) in (terms + [0]).enumerated() {
                let m = min(term, length - term)
                places.line[index] = 8 * 2 * m
                signs[0][index] = m & 1 == 0 ? 1 : -1
            }
            for (index, term) in terms.enumerated() {
                let m = min(term, length - term)
                let k = length - 2 * m
                places.line[half + 1 + index] = 8 * k
                signs[0][half + 1 + index] = (k & 3 == 1 ? 1 : -1) * (m == term ? 1 : -1)
            }
            self.places = places
        }
        for (index, sum) in FourierSums.sums(of: length).enumerated() {
            let t = sum <= half ? sum : sum - length
            let (upper, lower) = (middle + t, middle - t)
            sites.line[2 * index] = 8 * ((upper + length) % length)
            sites.line[2 * index + 1] = 8 * ((lower + length) % length)
            siteSigns[0][index] = isRing || t & 1 == 0 ? 1 : -1
        }
    }

    static func operations(_ length: Int) -> Int {
        FourierSums.operations(.cosine, length: length)
            + FourierSums.operations(.sine, length: length) + 8 * length
    }

    /// Replaces the terms by the sums, in the order of sites.
    func apply(_ x: Line<Double>) {
        let (terms, sums) = (scratch[0], scratch[1])
        var input = x
        if let places = places?.line {
            input = terms
            for index in 0..<2 &* half &+ 1 {
                terms.store8(
                    SIMD8(repeating: signs[0][index]) * x.load8(places[index]), 8 &* index)
            }
        }
        let steps = DenseProduct.Steps(count: 1, input: 0, output: 0, stride: 8)
        let odd = sums.advanced(by: 8 &* (half &+ 1))
        cosines.apply(input, into: sums, steps)
        sines.apply(input.advanced(by: 8 &* (half &+ 1)), into: odd, steps)
        let (sites, signs) = (sites.line, siteSigns[0])
        for index in 0..<half {
            let (c, s) = (sums.load8(8 &* index), odd.load8(8 &* index))
            let sign = SIMD8(repeating: signs[index])
            x.store8(c.addingProduct(sign, s), sites[2 &* index])
            x.store8(c.addingProduct(-sign, s), sites[2 &* index &+ 1])
        }
        x.store8(sums.load8(8 &* half), 8 &* middle)
    }
}
