import Fields
import Solving
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
                #expect(abs(Twiddle.sine(part, of: whole) - sin(angle)) < 1e-15, "\(part)/\(whole)")
                #expect(
                    abs(Twiddle.cosine(part, of: whole) - cos(angle)) < 1e-15, "\(part)/\(whole)")
            }
        }
        #expect(
            Twiddle.sine(1, of: 4) == 1 && Twiddle.cosine(1, of: 2) == -1
                && Twiddle.sine(7, of: 7) == 0)
    }

    /// Every matrix product, entry by entry in the same order: the same bits; all heights, so
    /// fives, fours and what is left.
    @Test(arguments: 1...21) func denseProductsHaveTheBitsOfPlainSums(_ rows: Int) {
        var random = TestRandom(seed: UInt32(rows))
        let terms = random.next(in: 1...12)
        let entries = (0..<rows).map { _ in (0..<terms).map { _ in random.next() - 0.5 } }
        let x = line(of: 3 * 8 * terms, &random)
        let start = line(of: 3 * 8 * rows, &random)
        let out = Plane<Double>(rows: 1, columns: 3 * 8 * rows)
        // Two vectors of terms; results of the first and the second in turn.
        let steps = DenseProduct.Steps(count: 2, input: 8 * terms, output: 8, stride: 16)
        DenseProduct(entries).apply(x[0], into: out[0], steps, adding: start[0])
        for index in 0..<2 {
            for row in 0..<rows {
                for lane in 0..<8 {
                    var sum = start[0][8 * (index * rows + row) + lane]
                    for k in 0..<terms {
                        sum = sum.addingProduct(
                            x[0][8 * (index * terms + k) + lane], entries[row][k])
                    }
                    #expect(out[0][16 * row + 8 * index + lane] == sum)
                }
            }
        }
    }

    private func line(of count: Int, _ random: inout TestRandom) -> Plane<Double> {
        let line = Plane<Double>(rows: 1, columns: count)
        for index in 0..<count { line[0][index] = random.next() - 0.5 }
        return line
    }

    /// Against the definition: primes that are taken in halves once and twice, prime powers, and
    /// others.
    @Test(arguments: [
        1, 3, 5, 9, 15, 21, 25, 27, 41, 43, 45, 49, 75, 81, 97, 105, 125, 175, 257, 315,
    ]) func turnSumsAreThoseOfTheDefinition(_ length: Int) {
        var random = TestRandom(seed: UInt32(length))
        for wave in [FourierSums.Wave.sine, .cosine] where length > 1 || wave == .cosine {
            let sums = FourierSums(wave, length: length, columns: 2)
            let terms = FourierSums.terms(of: length) + (wave == .cosine ? [0] : [])
            let places = FourierSums.sums(of: length) + (wave == .cosine ? [0] : [])
            for list in [terms, places] {
                #expect(
                    Set(list.map { min($0, length - $0) }).count == sums.count
                        && list.count == sums.count)
            }
            let x = line(of: 2 * 8 * sums.count, &random)
            let out = Plane<Double>(rows: 1, columns: 2 * 8 * sums.count)
            sums.apply(
                x[0], into: out[0],
                .init(count: 2, input: 8 * sums.count, output: 8 * sums.count, stride: 8))
            for index in 0..<2 {
                for (place, j) in places.enumerated() {
                    for lane in [0, 5] {
                        var expected = 0.0
                        for (term, m) in terms.enumerated() {
                            let amplitude = x[0][8 * (index * sums.count + term) + lane]
                            expected +=
                                amplitude
                                * (wave == .sine
                                    ? Twiddle.sine(j * m, of: length)
                                    : Twiddle.cosine(j * m, of: length))
                        }
                        let found = out[0][8 * (index * sums.count + place) + lane]
                        #expect(
                            abs(found - expected) < 1e-14 * Double(length),
                            "\(wave), j = \(j) of \(length)")
                    }
                }
            }
        }
    }

    /// Random amplitudes of four rows.
    private struct Rows: AmplitudeRows {
        let lines: [Line<Double>]

        func load(_ slot: Int) -> Square {
            let rows = lines.map { line in SIMD4<Double>((0..<4).map { line[slot + $0] }) }
            return (rows[0], rows[1], rows[2], rows[3])
        }
    }

    private func amplitudes(_ transform: SineTransform, _ random: inout TestRandom) -> Plane<Double>
    {
        let plane = Plane<Double>(rows: 4, columns: transform.slotCount)
        for row in 0..<4 {
            for wave in 0..<transform.waveCount where transform.order(wave: wave) != nil {
                plane[row][2 * wave] = random.next() - 0.5
                plane[row][2 * wave + 1] = random.next() - 0.5
            }
        }
        return plane
    }

    private func sites(_ transform: SineTransform, _ rows: [Line<Double>]) -> Plane<Double> {
        let out = Plane<Double>(rows: 4, columns: transform.intervals)
        transform.setAmplitudes(Rows(lines: rows))
        transform.synthesise()
        transform.write(sites: transform.intervals - 1, (out[0], out[1], out[2], out[3]))
        return out
    }

    /// Against the sums as they are defined: prime, composite and prime-power lengths.
    @Test(arguments: [3, 5, 9, 15, 33, 35, 63, 97, 129, 225, 257, 285, 513, 1025, 1155])
    func sumsAreThoseOfTheDefinition(_ intervals: Int) {
        let transform = SineTransform(intervals: intervals)
        var random = TestRandom(seed: UInt32(intervals))
        let v = amplitudes(transform, &random)
        let out = sites(transform, (0..<4).map { v[$0] })
        for row in 0..<4 {
            // Amplitude of wave k = 2m in E and k = M − 2m in O, where m may stand for −m with the
            // opposite sign.
            var waves = [Double](repeating: 0, count: intervals)
            for wave in 0..<transform.waveCount {
                guard let m = transform.order(wave: wave) else { continue }
                let (order, sign) = 2 * m > intervals ? (intervals - m, -1.0) : (m, 1.0)
                waves[2 * order] += sign * v[row][2 * wave]
                waves[intervals - 2 * order] += sign * v[row][2 * wave + 1]
            }
            for site in stride(from: 1, to: intervals, by: 1 + intervals / 300) {
                var sum = 0.0
                for k in 1..<intervals {
                    sum += waves[k] * Twiddle.sine(site * k, of: 2 * intervals)
                }
                #expect(
                    abs(out[row][site - 1] - sum) < 2e-14 * Double(intervals),
                    "site \(site) of \(intervals)")
            }
        }
    }

    /// A row's bits are the same whatever its place in a batch, and whatever the other rows hold.
    @Test(arguments: [9, 35, 129, 257, 513, 561]) func rowsAreIndependent(_ intervals: Int) {
        let transform = SineTransform(intervals: intervals)
        var random = TestRandom(seed: UInt32(intervals + 1))
        let v = amplitudes(transform, &random)
        let other = amplitudes(transform, &random)
        let together = sites(transform, (0..<4).map { v[$0] })
        for row in 0..<4 {
            let alone = sites(transform, [other[1], other[2], v[row], other[3]])
            for site in 0..<intervals - 1 {
                #expect(alone[2][site].bitPattern == together[row][site].bitPattern)
            }
        }
    }
}
