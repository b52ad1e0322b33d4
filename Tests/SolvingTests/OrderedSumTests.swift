import Fields
import Testing

@Suite struct OrderedSumTests {
    /// The lanes are added from the first to the last.
    @Test func lanesAreAddedInOrder() {
        var random = TestRandom(seed: 1)
        var others = 0
        for _ in 0..<500 {
            var lanes = SIMD8<Double>()
            for lane in 0..<8 { lanes[lane] = (random.next() - 0.5) / (random.next() + 1e-3) }
            var sum = lanes[0]
            for lane in 1..<8 { sum += lanes[lane] }
            #expect(lanes.orderedSum == sum)
            let pairs =
                ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
                + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]))
            others += pairs == sum ? 0 : 1
        }
        // The order does decide bits.
        #expect(others > 50)
    }
}
