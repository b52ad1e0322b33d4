/// Sums of sines or of cosines over a whole turn: yⱼ = Σₘ xₘ sin(2π j m / L) or Σₘ xₘ cos(2π j m /
/// L) for odd L. Of m and −m one suffices, and so it does of j and −j: m runs over
/// `FourierSums.terms`, j over `FourierSums.sums`, and for cosines 0 follows as the last of either.
///
/// Numbers are vectors of eight, one for each of eight sums that are taken at once. Products with
/// dense matrices suit machines of fused multiplications best, up to what three rules save:
///
/// - L = A B, coprime: sums for A of sums for B (`ComposedSums`).
/// - L = p K with p | K: a j that p divides sees m modulo K only, so terms are added up first; an m
///   that p divides shows each j modulo K only. What is left is the matrix of those that p does not
///   divide.
/// - L prime: with a generator g of the residues, m = gᵇ and j = gᵃ, the wave depends on a + b
///   only: `HankelProduct` (Rader 1968, Discrete Fourier transforms when the number of data samples
///   is prime, Proc. IEEE 56).
package final class FourierSums {
    /// The waves that are summed.
    package enum Wave {
        case sine
        case cosine
    }

    /// Terms, and sums: half of L, and one more for cosines.
    package let count: Int
    private let parts: Parts
    /// Sums over the groups of `Folded`, and its shared results.
    private let scratch: Plane<Double>

    private enum Parts {
        case hankel(HankelProduct, hasConstant: Bool)
        case dense(DenseProduct)
        case skew(SkewHankelProduct)
        case folded(Folded)
        case composed(ComposedSums)
    }

    /// The sums for L = p K.
    private struct Folded {
        /// For each residue modulo K, from 0 or 1 to (K − 1)/2, where its terms stand:
        /// `multiplicity` places, −1 where there are fewer.
        let members: Offsets
        let multiplicity: Int
        /// From the sums over groups to those j that p divides.
        let coarse: DenseProduct
        /// From the terms that p divides to one result for each residue of the other j modulo K.
        let shared: DenseProduct
        /// From the terms that p does not divide to the other j.
        let rest: DenseProduct
        /// Where each of `rest` finds its shared result.
        let starts: Offsets
    }

    /// The largest K of L = p K with p | K, or nil where there is none.
    private static func fold(of length: Int) -> Int? {
        for p in stride(from: 3, through: length, by: 2)
        where p * p <= length && length % (p * p) == 0 { return length / p }
        return nil
    }

    private static func isPrime(_ number: Int) -> Bool {
        number > 2
            && !stride(from: 3, to: number, by: 2).contains {
                $0 * $0 <= number && number % $0 == 0
            }
    }

    /// A way to take the sums.
    private enum Rule {
        case dense
        case hankel(generator: Int)
        case folded(period: Int)
        case composed(Int, Int)
    }

    /// The way with the fewest operations.
    private static func rule(of length: Int) -> Rule {
        if isPrime(length) {
            guard HankelProduct.splits(length / 2), let generator = generator(of: length) else {
                return .dense
            }
            return .hankel(generator: generator)
        }
        if let (first, second) = ComposedSums.factors(of: length) {
            return .composed(first, second)
        }
        return fold(of: length).map { .folded(period: $0) } ?? .dense
    }

    /// One m of each pair ±m of residues other than 0 modulo the odd `length`, in the order in
    /// which terms are given.
    package static func terms(of length: Int) -> [Int] {
        if case .composed(let first, let second) = rule(of: length) {
            return ComposedSums.pairs(terms(of: first), terms(of: second)) { a, b in
                (second * a + first * (b + second)) % length
            }
        }
        return representatives(of: length)
    }

    /// One j of each pair ±j, in the order of the sums.
    package static func sums(of length: Int) -> [Int] {
        if case .composed(let first, let second) = rule(of: length) {
            var residues = [Int](repeating: 0, count: length)
            for j in 0..<length { residues[j % first * second + j % second] = j }
            return ComposedSums.pairs(sums(of: first), sums(of: second)) { a, b in
                residues[a * second + (b + second) % second]
            }
        }
        return representatives(of: length)
    }

    /// What is both `terms` and `sums`.
    private static func representatives(of length: Int) -> [Int] {
        let half = length / 2
        switch rule(of: length) {
        case .folded(let period):
            // Of ±m the one whose residue modulo K is at most (K − 1)/2; those that p divides come
            // last.
            let all = (1...half).map { $0 % period <= period / 2 ? $0 : length - $0 }
            let factor = length / period
            let units = all.filter { $0 % factor != 0 }.sorted {
                ($0 % period, $0) < ($1 % period, $1)
            }
            return units + all.filter { $0 % factor == 0 }
        case .hankel(let generator):
            return (1..<half).reduce(into: [1]) { powers, _ in
                powers.append(powers[powers.count - 1] * generator % length)
            }
        case .dense, .composed: return half > 0 ? Array(1...half) : []
        }
    }

    /// The smallest g whose powers are all residues of the prime `length`.
    private static func generator(of length: Int) -> Int? {
        (2..<length).first { candidate in
            var (power, order) = (candidate, 1)
            while power != 1 { (power, order) = (power * candidate % length, order + 1) }
            return order == length - 1
        }
    }

    /// Fused multiplications of vectors that would take as long as the sums.
    static func operations(_ wave: Wave, length: Int) -> Int {
        let half = length / 2
        switch rule(of: length) {
        case .composed(let first, let second): return ComposedSums.operations(wave, first, second)
        case .folded(let period):
            let coarse = wave == .sine ? period / 2 : period / 2 + 1
            let divided = half / (length / period)
            let rest = half - divided
            return 2 * half + DenseProduct.operations(rows: coarse, terms: coarse)
                + DenseProduct.operations(
                    rows: period / 2 - period / 2 / (length / period), terms: coarse)
                + DenseProduct.operations(rows: rest, terms: rest)
        case .hankel where wave == .sine && SkewHankelProduct.suits(half):
            return SkewHankelProduct.operations(half)
        case .hankel: return HankelProduct.operations(half) + (wave == .sine ? 0 : 2 * half)
        case .dense:
            let count = wave == .sine ? half : half + 1
            return DenseProduct.operations(rows: count, terms: count)
        }
    }

    /// The sums of L = `length`, odd, for up to `columns` sets of terms at once.
    package init(_ wave: Wave, length: Int, columns: Int) {
        precondition(length & 1 == 1)
        let terms = FourierSums.representatives(of: length) + (wave == .cosine ? [0] : [])
        count = terms.count
        scratch = Plane(rows: 2, columns: 8 * (length / 2 + 1) * columns)
        func value(_ j: Int, _ m: Int, _ period: Int) -> Double {
            wave == .sine ? Twiddle.sine(j * m, of: period) : Twiddle.cosine(j * m, of: period)
        }
        switch FourierSums.rule(of: length) {
        case .composed(let first, let second): parts = .composed(ComposedSums(wave, first, second))
        case .folded(let period):
            let factor = length / period
            let (divided, units) = (
                terms.filter { $0 % factor == 0 }, terms.filter { $0 % factor != 0 }
            )
            let residues = wave == .sine ? Array(1...period / 2) : Array(0...period / 2)
            let shown = residues.filter { $0 % factor != 0 }  // p divides K too
            let starts = Offsets(count: units.count)
            for (index, unit) in units.enumerated() {
                starts.line[index] = 8 * (shown.firstIndex(of: unit % period) ?? 0)
            }
            precondition(terms == units + divided, "units come first")
            let groups = residues.map { residue in
                terms.indices.filter { terms[$0] % period == residue }
            }
            let multiplicity = groups.map(\.count).max() ?? 0
            let members = Offsets(count: groups.count * multiplicity)
            for (index, group) in groups.enumerated() {
                for place in 0..<multiplicity {
                    members.line[index * multiplicity + place] =
                        place < group.count ? 8 * group[place] : -1
                }
            }
            parts = .folded(
                Folded(
                    members: members, multiplicity: multiplicity,
                    coarse: DenseProduct(
                        divided.map { j in residues.map { value(j / factor, $0, period) } }),
                    shared: DenseProduct(
                        shown.map { j in divided.map { value(j, $0 / factor, period) } }),
                    rest: DenseProduct(units.map { j in units.map { value(j, $0, length) } }),
                    starts: starts))
        case .hankel(let generator):
            var power = 1
            let entries = (0..<2 * (length / 2) - 1).map { _ in
                defer { power = power * generator % length }
                return value(1, power, length)
            }
            if wave == .sine && SkewHankelProduct.suits(length / 2) {
                // A generator's power (L − 1)/2 is −1, so sines change their sign.
                parts = .skew(SkewHankelProduct(Array(entries[..<(length / 2)])))
            } else {
                parts = .hankel(
                    HankelProduct(entries, columns: columns), hasConstant: wave == .cosine)
            }
        case .dense:
            parts = .dense(DenseProduct(terms.map { j in terms.map { value(j, $0, length) } }))
        }
    }

    /// Writes the sums of several sets of terms, which follow one another, at most as many as
    /// `columns`.
    package func apply(_ x: Line<Double>, into out: Line<Double>, _ steps: DenseProduct.Steps) {
        switch parts {
        case .dense(let product): product.apply(x, into: out, steps)
        case .skew(let product): product.apply(x, into: out, steps)
        case .composed(let sums): sums.apply(x, into: out, steps)
        case .hankel(let product, let hasConstant):
            product.apply(x, into: out, steps)
            if hasConstant { addConstants(x, to: out, steps) }
        case .folded(let parts):
            let (sums, shared) = (scratch[0], scratch[1])
            let (units, groups) = (parts.rest.rows, parts.coarse.terms)
            var inner = steps
            add(parts.members.line, groups, parts.multiplicity, x, into: sums, steps)
            inner.input = 8 &* groups
            parts.coarse.apply(sums, into: out.advanced(by: steps.stride &* units), inner)
            inner = steps
            (inner.output, inner.stride) = (8 &* parts.shared.rows, 8)
            parts.shared.apply(x.advanced(by: 8 &* units), into: shared, inner)
            parts.rest.apply(
                x, into: out, steps, from: shared, at: parts.starts.line, step: inner.output)
        }
    }

    /// Writes the sum over each group of terms.
    private func add(
        _ members: OffsetLine, _ groups: Int, _ multiplicity: Int, _ x: Line<Double>,
        into sums: Line<Double>, _ steps: DenseProduct.Steps
    ) {
        for index in 0..<steps.count {
            let x = x.advanced(by: index &* steps.input)
            let sums = sums.advanced(by: 8 &* groups &* index)
            for group in 0..<groups {
                var sum = x.load8(members[multiplicity &* group])
                for place in multiplicity &* group &+ 1..<multiplicity &* (group &+ 1)
                where members[place] >= 0 { sum += x.load8(members[place]) }
                sums.store8(sum, 8 &* group)
            }
        }
    }

    /// Adds the term of 0 to every sum, and writes the sum of j = 0.
    private func addConstants(_ x: Line<Double>, to out: Line<Double>, _ steps: DenseProduct.Steps)
    {
        for index in 0..<steps.count {
            let (x, out) = (
                x.advanced(by: index &* steps.input), out.advanced(by: index &* steps.output)
            )
            let constant = x.load8(8 &* (count &- 1))
            var sum = constant
            for term in 0..<count &- 1 {
                sum += x.load8(8 &* term)
                out.store8(out.load8(steps.stride &* term) + constant, steps.stride &* term)
            }
            out.store8(sum, steps.stride &* (count &- 1))
        }
    }
}
