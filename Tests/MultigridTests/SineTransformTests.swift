import Fields
import Multigrid
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct SineTransformTests {
    @Test func turnsAreSinesAndCosines() {
        for whole in [1, 2, 3, 7, 8, 513, 2052, 16388] {
            for part in stride(from: -2 * whole, through: 2 * whole, by: max(1, whole / 97)) {
                // Reduced to one turn first: Glibc gets no other angle than we do.
                let angle = 2 * Double.pi * Double(part % whole) / Double(whole)
                #expect(abs(Turn.sine(part, of: whole) - sin(angle)) < 1e-15, "\(part)/\(whole)")
                #expect(abs(Turn.cosine(part, of: whole) - cos(angle)) < 1e-15, "\(part)/\(whole)")
            }
        }
        #expect(Turn.sine(1, of: 4) == 1 && Turn.cosine(1, of: 2) == -1 && Turn.sine(7, of: 7) == 0)
    }

    /// Random amplitudes for every slot that is in use.
    private func amplitudes(_ transform: SineTransform, _ random: inout TestRandom) -> Plane<Double> {
        let line = Plane<Double>(rows: 1, columns: transform.slotCount)
        let half = transform.factors.second / 2
        for m2 in -half...half {
            for lane in 0..<transform.lanes where transform.order(second: m2, lane: lane) != nil {
                let slot = (m2 + half) * 2 * transform.lanes + lane
                line[0][slot] = random.next() - 0.5
                line[0][slot + transform.lanes] = random.next() - 0.5
            }
        }
        return line
    }

    /// Against the sums as they are defined: prime, composite and prime-power lengths.
    @Test(arguments: [3, 5, 9, 15, 33, 35, 63, 97, 129, 225, 257, 285, 513])
    func sumsAreThoseOfTheDefinition(_ intervals: Int) {
        let transform = SineTransform(intervals: intervals)
        var random = TestRandom(seed: UInt32(intervals))
        let v = amplitudes(transform, &random)
        // Amplitude of wave k = 2m in E and k = M − 2m in O, where m may stand for −m with the opposite sign.
        var waves = [Double](repeating: 0, count: intervals)
        let half = transform.factors.second / 2
        for m2 in -half...half {
            for lane in 0..<transform.lanes {
                guard let m = transform.order(second: m2, lane: lane) else { continue }
                let slot = (m2 + half) * 2 * transform.lanes + lane
                let (order, sign) = 2 * m > intervals ? (intervals - m, -1.0) : (m, 1.0)
                waves[2 * order] += sign * v[0][slot]
                waves[intervals - 2 * order] += sign * v[0][slot + transform.lanes]
            }
        }
        let out = Plane<Double>(rows: 1, columns: intervals)
        transform.synthesise(0..<1, sites: intervals - 1, from: { _ in v[0] }, into: { _ in out[0] })
        for site in 1..<intervals {
            var sum = 0.0
            for k in 1..<intervals { sum += waves[k] * Turn.sine(site * k, of: 2 * intervals) }
            #expect(abs(out[0][site - 1] - sum) < 1e-14 * Double(intervals), "site \(site) of \(intervals)")
        }
    }

    /// The same sums one number at a time, in the same order: the same bits.
    private func plain(_ transform: SineTransform, _ v: Line<Double>) -> [Double] {
        let (first, second) = transform.factors
        let (h1, h2) = (first / 2, second / 2)
        let lanes = transform.lanes
        func amplitude(_ m1: Int, _ m2: Int, _ part: Int) -> Double { v[(m2 + h2) * 2 * lanes + part * lanes + m1] }
        var field = [Double](repeating: 0, count: intervalsOf(transform) - 1)
        for j in 1..<intervalsOf(transform) {
            let (j1, isPlus) = (j % first, j % second <= second / 2)
            guard j1 <= h1 else { continue }
            let j2 = isPlus ? j % second : second - j % second
            var parts = [0.0, 0.0]  // E, O
            for part in 0...1 {
                var (sines, cosines) = (0.0, 0.0)
                for m1 in 0...h1 {
                    var (even, odd) = (0.0, 0.0)
                    for m2 in 0...h2 {
                        let (a, b) = (amplitude(m1, m2, part), amplitude(m1, -m2, part))
                        let folded = m2 == 0 ? a : a + b
                        even = h2 == 0 ? folded : even.addingProduct(folded, Turn.cosine(j2 * m2, of: second))
                        if m2 > 0 { odd = odd.addingProduct(a - b, Turn.sine(j2 * m2, of: second)) }
                    }
                    if m1 > 0 { sines = sines.addingProduct(Turn.sine(j1 * m1, of: first), even) }
                    cosines = cosines.addingProduct(Turn.cosine(j1 * m1, of: first), odd)
                }
                if j2 == 0 {
                    parts[part] = sines
                } else {
                    parts[part] = isPlus ? sines + cosines : sines - cosines
                }
            }
            let odd = (j & 1 == 1 ? 1 : -1) * parts[1]
            field[j - 1] = parts[0] + odd
            field[intervalsOf(transform) - j - 1] = odd - parts[0]
        }
        return field
    }

    private func intervalsOf(_ transform: SineTransform) -> Int { transform.intervals }

    @Test(arguments: [9, 35, 129, 257, 513, 561])
    func vectorsGiveTheBitsOfThePlainSums(_ intervals: Int) {
        let transform = SineTransform(intervals: intervals)
        var random = TestRandom(seed: UInt32(intervals + 1))
        let rows = transform.batch
        let inputs = (0..<rows).map { _ in Box(amplitudes(transform, &random)) }
        let out = Plane<Double>(rows: rows, columns: intervals)
        transform.synthesise(0..<rows, sites: intervals - 1, from: { inputs[$0].plane[0] }, into: { out[$0] })
        for row in 0..<rows {
            let expected = plain(transform, inputs[row].plane[0])
            let found = (0..<intervals - 1).map { out[row][$0] }
            #expect(zip(found, expected).allSatisfy { $0.bitPattern == $1.bitPattern || ($0 == 0 && $1 == 0) })
        }
    }

    private final class Box {
        let plane: Plane<Double>
        init(_ plane: consuming Plane<Double>) { self.plane = plane }
    }
}
