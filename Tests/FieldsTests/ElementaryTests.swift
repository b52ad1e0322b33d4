import Fields
import Foundation
import Testing

/// Against the functions of the system's library, which are themselves within an ulp or so.
@Suite struct ElementaryTests {
    static let philox = Philox(seed: 12, stream: 0)

    /// A number from `low` to `high`, drawn by its index.
    static func draw(_ index: UInt32, _ low: Double, _ high: Double) -> Double {
        low + (high - low) * Double(philox(SIMD4(index, 0, 0, 0)).x) * 0x1p-32
    }

    @Test func powersOfTwo() {
        var worst = 0.0
        for index in 0..<100_000 as Range<UInt32> {
            let x = Self.draw(index, -20, 20)
            worst = max(worst, abs(Elementary.exp2(x) / Foundation.exp2(x) - 1))
        }
        print("exp2: largest relative error \(worst)")
        #expect(worst < 1e-15)
        for whole in -1000...1000 {
            #expect(
                Elementary.exp2(Double(whole))
                    == Double(sign: .plus, exponent: whole, significand: 1))
        }
    }

    /// Halves, which are rounded away from zero, whole numbers and random ones of either sign.
    @Test func powersOfTwoEightAtATime() {
        var numbers = (-2000...1999).map { Double($0) / 2 }
        numbers += (0..<100_000 as Range<UInt32>).map { Self.draw($0, -900, 900) }
        numbers += [0.49999999999999994, -0.49999999999999994, -0.0, .leastNonzeroMagnitude]
        for start in stride(from: 0, to: numbers.count - 7, by: 4) {
            let values = Elementary.exp2(SIMD8(numbers[start..<start + 8]))
            for lane in 0..<8 {
                let expected = Elementary.exp2(numbers[start + lane])
                #expect(values[lane].bitPattern == expected.bitPattern)
            }
        }
    }

    @Test func exponentialsAndNaturalLogarithms() {
        var (worst, worstLogarithm) = (0.0, 0.0)
        for index in 0..<100_000 as Range<UInt32> {
            let x = Self.draw(index, -700, 700)
            worst = max(worst, abs(Elementary.exp(x) / Foundation.exp(x) - 1))
            let (found, expected) = (
                Elementary.log(Foundation.exp(x)), Foundation.log(Foundation.exp(x))
            )
            worstLogarithm = max(worstLogarithm, abs(found - expected) / max(1, abs(expected)))
        }
        print("exp: largest relative error \(worst), log: largest error \(worstLogarithm)")
        #expect(worst < 1e-15 && worstLogarithm < 1e-15)
        #expect(Elementary.exp(0) == 1 && Elementary.log(1) == 0)
    }

    @Test func logarithms() {
        var worst = 0.0
        for index in 0..<100_000 as Range<UInt32> {
            let x = Foundation.exp2(Self.draw(index, -12, 12))
            worst = max(
                worst,
                abs(Elementary.log2(x) - Foundation.log2(x)) / max(1, abs(Foundation.log2(x))))
        }
        print("log2: largest error \(worst)")
        #expect(worst < 1e-15)
        for whole in -1000...1000 {
            #expect(
                Elementary.log2(Double(sign: .plus, exponent: whole, significand: 1))
                    == Double(whole))
        }
    }

    @Test func sinesAndCosines() {
        var worst = 0.0
        for index in 0..<100_000 as Range<UInt32> {
            let degrees = Self.draw(index, 0, 360)
            let (sine, cosine) = Elementary.sineAndCosine(degrees: degrees)
            // Reduced first, as the library's rounding of the argument would show otherwise.
            let reduced = degrees.truncatingRemainder(dividingBy: 90) * .pi / 180
            let turned = [
                (sin(reduced), cos(reduced)), (cos(reduced), -sin(reduced)),
                (-sin(reduced), -cos(reduced)), (-cos(reduced), sin(reduced)),
            ][Int(degrees / 90)]
            worst = max(worst, abs(sine - turned.0), abs(cosine - turned.1))
        }
        print("sine and cosine: largest error \(worst)")
        #expect(worst < 5e-16)
        for (degrees, sine, cosine) in [
            (0, 0, 1), (90, 1, 0), (180, 0, -1), (270, -1, 0), (360, 0, 1),
        ] as [(Double, Double, Double)] {
            #expect(Elementary.sineAndCosine(degrees: degrees) == (sine, cosine))
        }
        let diagonal = Elementary.sineAndCosine(degrees: 45)
        #expect(diagonal.sine == diagonal.cosine)
    }
}
