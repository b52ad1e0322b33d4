/// The sums of `FourierSums` for L = A B, coprime, from sums for A and sums for B: m ≡ B a + A b
/// and j ≡ (j₁, j₂) modulo (A, B) split the angle into 2π j₁ a / A + 2π j₂ b / B (Good 1958, The
/// interaction algorithm and practical Fourier analysis, J. R. Stat. Soc. B 20). Of the terms for
/// (a, ±b) the sums and the differences go separate ways, for sines by sin cos + cos sin, for
/// cosines by cos cos − sin sin.
final class ComposedSums {
    private let wave: FourierSums.Wave
    /// (A − 1)/2 and (B − 1)/2.
    private let halves: (first: Int, second: Int)
    /// From sums of terms: what a takes part with, and j₁.
    private let evenFirst: FourierSums
    private let evenSecond: FourierSums
    /// From differences.
    private let oddFirst: FourierSums
    private let oddSecond: FourierSums
    private let evenMemory: Plane<Double>
    private let oddMemory: Plane<Double>

    /// The coprime factors of `length`, both above 1, with the fewest operations; nil where there
    /// are none.
    static func factors(of length: Int) -> (first: Int, second: Int)? {
        var best: (first: Int, second: Int, operations: Int)?
        for first in stride(from: 3, through: length / 3, by: 2) where length % first == 0 {
            let second = length / first
            guard greatestCommonDivisor(first, second) == 1 else { continue }
            let operations = operations(.sine, first, second)
            if best.map({ operations < $0.operations }) ?? true {
                best = (first, second, operations)
            }
        }
        return best.map { ($0.first, $0.second) }
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }

    /// The order of pairs: (0, b), (a, 0), (a, b), (a, −b), with b before a in running fastest.
    static func pairs(_ first: [Int], _ second: [Int], _ value: (_ a: Int, _ b: Int) -> Int)
        -> [Int]
    {
        second.map { value(0, $0) } + first.map { value($0, 0) }
            + [1, -1].flatMap { sign in first.flatMap { a in second.map { value(a, sign * $0) } } }
    }

    /// Fused multiplications of vectors; what moves and adds terms counts as four a term.
    static func operations(_ wave: FourierSums.Wave, _ first: Int, _ second: Int) -> Int {
        let (ha, hb) = (first / 2, second / 2)
        let isSine = wave == .sine
        let across =
            (isSine ? ha : ha + 1) * FourierSums.operations(.cosine, length: second)
            + (isSine ? ha + 1 : ha) * FourierSums.operations(.sine, length: second)
        let along =
            (hb + 1) * FourierSums.operations(isSine ? .sine : .cosine, length: first) + hb
            * FourierSums.operations(isSine ? .cosine : .sine, length: first)
        return across + along + 4 * (first * second / 2)
    }

    init(_ wave: FourierSums.Wave, _ first: Int, _ second: Int) {
        let (ha, hb) = (first / 2, second / 2)
        self.wave = wave
        halves = (ha, hb)
        evenSecond = FourierSums(.cosine, length: second, columns: ha + 1)
        oddSecond = FourierSums(.sine, length: second, columns: ha + 1)
        evenFirst = FourierSums(wave, length: first, columns: hb + 1)
        oddFirst = FourierSums(wave == .sine ? .cosine : .sine, length: first, columns: hb)
        evenMemory = Plane(rows: 2, columns: 8 * (ha + 1) * (hb + 1))
        oddMemory = Plane(rows: 2, columns: 8 * (ha + 1) * hb)
    }

    /// Writes the sums of several sets of terms, which follow one another.
    func apply(_ x: Line<Double>, into out: Line<Double>, _ steps: DenseProduct.Steps) {
        for index in 0..<steps.count {
            apply(
                x.advanced(by: index &* steps.input), into: out.advanced(by: index &* steps.output),
                steps.stride)
        }
    }

    private func apply(_ x: Line<Double>, into out: Line<Double>, _ stride: Int) {
        let (ha, hb) = halves
        // Rows of a, with 0 as the last, among the sums (for cosines) or the differences (for
        // sines).
        let (evenRows, oddRows) = wave == .sine ? (ha, ha &+ 1) : (ha &+ 1, ha)
        let (even, odd) = (evenMemory[0], oddMemory[0])
        let (plus, minus) = (
            x.advanced(by: 8 &* (ha &+ hb)), x.advanced(by: 8 &* (ha &+ hb &+ ha &* hb))
        )
        for a in 0..<ha {
            let (even, odd) = (
                even.advanced(by: 8 &* a &* (hb &+ 1)), odd.advanced(by: 8 &* a &* hb)
            )
            let (plus, minus) = (plus.advanced(by: 8 &* a &* hb), minus.advanced(by: 8 &* a &* hb))
            Columns.eights(8 &* hb) { k in
                let (p, m) = (plus.load8(k), minus.load8(k))
                even.store8(p + m, k)
                odd.store8(p - m, k)
            }
            even.store8(x.load8(8 &* (hb &+ a)), 8 &* hb)
        }
        let zeros =
            wave == .sine
            ? odd.advanced(by: 8 &* ha &* hb) : even.advanced(by: 8 &* ha &* (hb &+ 1))
        Columns.eights(8 &* hb) { zeros.store8(x.load8($0), $0) }
        if wave == .cosine { zeros.store8(minus.load8(8 &* ha &* hb), 8 &* hb) }

        let (evenSums, oddSums) = (evenMemory[1], oddMemory[1])
        evenSecond.apply(
            even, into: evenSums,
            .init(count: evenRows, input: 8 &* (hb &+ 1), output: 8, stride: 8 &* evenRows))
        oddSecond.apply(
            odd, into: oddSums,
            .init(count: oddRows, input: 8 &* hb, output: 8, stride: 8 &* oddRows))
        evenFirst.apply(
            evenSums, into: even,
            .init(count: hb &+ 1, input: 8 &* evenRows, output: 8 &* evenRows, stride: 8))
        oddFirst.apply(
            oddSums, into: odd,
            .init(count: hb, input: 8 &* oddRows, output: 8 &* oddRows, stride: 8))
        combine(even, evenRows, odd, oddRows, into: out, stride)
    }

    /// Adds and subtracts what comes from sums and from differences, both (j₂, j₁).
    private func combine(
        _ even: Line<Double>, _ evenRows: Int, _ odd: Line<Double>, _ oddRows: Int,
        into out: Line<Double>, _ stride: Int
    ) {
        let (ha, hb) = halves
        let isSine = wave == .sine
        let plus = out.advanced(by: stride &* (ha &+ hb))
        let minus = plus.advanced(by: stride &* ha &* hb)
        for j2 in 0..<hb {
            let (even, odd) = (
                even.advanced(by: 8 &* j2 &* evenRows), odd.advanced(by: 8 &* j2 &* oddRows)
            )
            for j1 in 0..<ha {
                let (e, o) = (even.load8(8 &* j1), odd.load8(8 &* j1))
                let place = stride &* (j1 &* hb &+ j2)
                plus.store8(isSine ? e + o : e - o, place)
                minus.store8(isSine ? e - o : e + o, place)
            }
            out.store8(isSine ? odd.load8(8 &* ha) : even.load8(8 &* ha), stride &* j2)
        }
        let last = even.advanced(by: 8 &* hb &* evenRows)
        for j1 in 0..<ha { out.store8(last.load8(8 &* j1), stride &* (hb &+ j1)) }
        if !isSine { out.store8(last.load8(8 &* ha), stride &* (ha &+ hb &+ 2 &* ha &* hb)) }
    }
}
