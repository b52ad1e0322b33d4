import Learning
import Testing

/// Vectors of eight and what is left over give the same bits.
@Suite struct AdamVectorTests {
    @Test func everyParameterIsComputedAlone() {
        let count = (1 << 15) + 13
        let start = NetworkTests.numbers(count, seed: 6, stream: 1)
        let gradients = (0..<3).map {
            NetworkTests.numbers(count, seed: 6, stream: 10 + $0).map { $0 - 0.5 }
        }
        func steps(_ range: Range<Int>) -> [UInt32] {
            var options = AdamOptions()
            options.weightDecay = 0.01
            var adam = Adam(options, count: range.count)
            var parameters = Array(start[range])
            for gradient in gradients {
                adam.step(
                    &parameters, gradient: Array(gradient[range]), rate: 0.01,
                    workers: Workers(threads: 2))
            }
            return parameters.map(\.bitPattern)
        }
        let together = steps(0..<count)
        for length in [1, 3, 8, 9, 20] {
            let range = count - length..<count
            #expect(steps(range) == Array(together[range]), "the last \(length)")
        }
    }
}
