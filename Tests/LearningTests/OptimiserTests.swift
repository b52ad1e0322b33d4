import Foundation
import Learning
import Testing

@Suite struct OptimiserTests {
    /// Three steps of two parameters, computed in Double by the formulas of the paper (Kingma and
    /// Ba 2015, algorithm 1).
    @Test func adamEqualsTheFormulas() {
        var options = AdamOptions()
        (options.learningRate, options.weightDecay) = (0.1, 0.01)
        var adam = Adam(options, count: 2)
        var parameters: [Float] = [1, -2]
        var expected = [1.0, -2.0]
        var (mean, square) = ([0.0, 0.0], [0.0, 0.0])
        let workers = Workers(threads: 1)
        for (step, gradient) in ([[0.5, -1], [0.25, 3], [-2, 1e-3]] as [[Float]]).enumerated() {
            adam.step(&parameters, gradient: gradient, rate: 0.1, workers: workers)
            for index in 0..<2 {
                let g = Double(gradient[index])
                mean[index] = 0.9 * mean[index] + 0.1 * g
                square[index] = 0.999 * square[index] + 0.001 * g * g
                let m = mean[index] / (1 - pow(0.9, Double(step + 1)))
                let v = square[index] / (1 - pow(0.999, Double(step + 1)))
                expected[index] = expected[index] * (1 - 0.1 * 0.01) - 0.1 * m / (sqrt(v) + 1e-8)
                #expect(
                    abs(Double(parameters[index]) - expected[index]) < 1e-6,
                    "step \(step), parameter \(index)")
            }
        }
        #expect(adam.steps == 3)
        // By hand: the first step moves every parameter by the rate, against the gradient.
        var first: [Float] = [0]
        var other = Adam(AdamOptions(), count: 1)
        other.step(&first, gradient: [123], rate: 0.25, workers: workers)
        #expect(abs(first[0] + 0.25) < 1e-6)
    }

    @Test func threadsAndPausesDoNotChangeBits() {
        let count = 100_000
        func gradient(_ step: Int) -> [Float] {
            (0..<count).map { Float(($0 * 37 + step * 11) % 101) / 50 - 1 }
        }
        var options = AdamOptions()
        options.clipNorm = 1
        var results: [[Float]] = []
        for threads in [1, 2] {
            var adam = Adam(options, count: count)
            var parameters = [Float](repeating: 1, count: count)
            let workers = Workers(threads: threads)
            for step in 0..<4 {
                if step == 2 {
                    adam = Adam(options, steps: adam.steps, mean: adam.mean, square: adam.square)
                }
                adam.step(&parameters, gradient: gradient(step), rate: 0.01, workers: workers)
            }
            results.append(parameters)
        }
        #expect(results[0] == results[1])
    }

    /// A gradient of norm 5 is shortened to a limit of 2, and one below the limit is left alone.
    @Test func clippingShortens() {
        var options = AdamOptions()
        options.clipNorm = 2
        let workers = Workers(threads: 1)
        var clipped = Adam(options, count: 2)
        var (parameters, plain) = ([0, 0] as [Float], [0, 0] as [Float])
        let norm = clipped.step(&parameters, gradient: [3, 4], rate: 0.1, workers: workers)
        #expect(norm == 5)
        #expect(abs(clipped.mean[0] - 0.12) < 1e-6 && abs(clipped.mean[1] - 0.16) < 1e-6)
        var loose = Adam(options, count: 2)
        loose.step(&parameters, gradient: [0.3, 0.4], rate: 0.1, workers: workers)
        var free = Adam(AdamOptions(), count: 2)
        free.step(&plain, gradient: [0.3, 0.4], rate: 0.1, workers: workers)
        #expect(loose.mean == free.mean && loose.square == free.square)
    }

    @Test func schedules() {
        let warm = LearningRate(peak: 1, shape: .constant, warmUp: 4, total: 10)
        #expect((0..<6).map { warm($0) } == [0.25, 0.5, 0.75, 1, 1, 1])
        let cosine = LearningRate(peak: 1, shape: .cosine(final: 0.1), warmUp: 2, total: 12)
        for step in 2..<12 {
            #expect(
                abs(cosine(step) - (0.1 + 0.9 * 0.5 * (1 + cos(.pi * Double(step - 2) / 10))))
                    < 1e-14)
        }
        #expect(cosine(0) == 0.5 && cosine(2) == 1 && abs(cosine(7) - 0.55) < 1e-15)
    }

    @Test func theFirstOfEqualEpochsIsBest() {
        var best = BestEpoch(patience: 3)
        let values = [5.0, 3, 4, 3, 3.5]
        let taken = values.enumerated().map { best.take($1, epoch: $0 + 1) }
        #expect(taken == [true, true, false, false, false])
        #expect(best.epoch == 2 && best.value == 3)
        #expect(!best.isOver(after: 4) && best.isOver(after: 5))
        #expect(!BestEpoch(patience: nil).isOver(after: 1000))
        let last = best.take(.nan, epoch: 6)
        #expect(!last)
    }
}
