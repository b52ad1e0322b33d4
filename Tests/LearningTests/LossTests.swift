import Fields
import Foundation
import Learning
import Testing

/// Losses, prefactors and their product, in Double, against central differences; transforms against
/// their inverses.
@Suite struct LossTests {
    static let losses: [PointwiseLoss] = [
        .mae, .mse, .huber(delta: 0.3), .inverseHuber(delta: 0.3),
        .inverseHuberReleased(delta: 0.3),
    ]
    static let prefactors: [Prefactor] = [
        .none, .exponential(scale: 1, of: .truth), .exponential(scale: 0.3, of: .prediction),
        .step(a: 4000, b: 10), .step(a: 6, b: 1),
    ]

    @Test func lossesAtPointsByHand() {
        let table: [(PointwiseLoss, Double, Double)] = [
            (.mae, -0.5, 0.5), (.mse, -0.5, 0.25), (.huber(delta: 0.2), 0.1, 0.005),
            (.huber(delta: 0.2), -0.5, 0.08), (.inverseHuber(delta: 0.2), 0, -0.02),
            (.inverseHuber(delta: 0.2), 0.1, 0), (.inverseHuber(delta: 0.2), -0.5, 0.125),
            (.inverseHuberReleased(delta: 0.2), -0.1, 0.1),
            (.inverseHuberReleased(delta: 0.2), 0.5, 0.725),
        ]
        for (loss, error, value) in table {
            #expect(abs(loss(error).value - value) < 1e-15, "\(loss) of \(error)")
        }
        for loss in Self.losses {
            #expect(abs(loss(0.3).value - loss(0.3.nextUp).value) < 1e-15, "\(loss) has a jump")
        }
    }

    @Test func gradientsEqualCentralDifferences() {
        let philox = Philox(seed: 4, stream: 0)
        let step = 1e-6
        for (number, loss) in Self.losses.enumerated() {
            for (other, prefactor) in Self.prefactors.enumerated() {
                let objective = Objective(loss: loss, prefactor: prefactor)
                for draw in 0..<200 as Range<UInt32> {
                    let words = philox(SIMD4(draw, UInt32(number), UInt32(other), 0))
                    let (truth, prediction) = (
                        Double(words.x) * 0x1p-32, Double(words.y) * 0x1p-31 - 0.5
                    )
                    // Not across the corners of the losses.
                    let size = abs(prediction - truth)
                    if size < 2 * step || abs(size - 0.3) < 2 * step { continue }
                    func value(_ prediction: Double) -> Double {
                        objective(prediction: prediction, truth: truth).value
                    }
                    let difference =
                        (value(prediction + step) - value(prediction - step)) / (2 * step)
                    let derivative = objective(prediction: prediction, truth: truth).derivative
                    #expect(
                        abs(derivative - difference) < 1e-7 * max(1, abs(derivative)),
                        "seed 4, \(loss), \(prefactor), truth \(truth), prediction \(prediction)")
                }
            }
        }
    }

    @Test func prefactorsAreTheFormulas() {
        for y in stride(from: 0.0, through: 1, by: 0.01) {
            let exponential = Prefactor.exponential(scale: 0.7, of: .truth)(truth: y, prediction: 5)
                .value
            #expect(abs(exponential - exp(-(1 - y) / 0.7)) < 1e-15)
            let step = Prefactor.step(a: 4000, b: 10)(truth: y, prediction: 5).value
            #expect(abs(step - (1 + 4000 * tanh(10 * y))) < 1e-11)
        }
    }

    @Test func plansAlternate() {
        let (exponential, step) = (
            Prefactor.exponential(scale: 1, of: .truth), Prefactor.step(a: 4000, b: 10)
        )
        let toggle = PrefactorPlan.toggle(every: 5, exponential: exponential, step: step)
        let names = (0..<15).map { toggle.prefactor(epoch: $0, seed: 1).name }
        #expect(
            names == Array(repeating: "exponential", count: 5) + Array(repeating: "step", count: 5)
                + names[0..<5])
        // Of a thousand draws with probability 0.8, 800 ± 5 standard deviations; the first are
        // those of Philox itself.
        let draw = PrefactorPlan.draw(stepProbability: 0.8, exponential: exponential, step: step)
        let steps = (0..<1000).count { draw.prefactor(epoch: $0, seed: 7) == step }
        #expect((737...863).contains(steps), "seed 7: \(steps)")
        for epoch in 0..<20 {
            let word = Philox(seed: 7, stream: 20)(SIMD4(UInt32(epoch), 0, 0, 0)).x
            #expect(
                (draw.prefactor(epoch: epoch, seed: 7) == step)
                    == (Double(word) < 0.8 * 4_294_967_296))
        }
        #expect(toggle.alternates && draw.alternates && !PrefactorPlan.always(step).alternates)
    }

    @Test func batchesAreMeansOverSamplesAndSites() {
        let (samples, sites) = (5, 48)
        let philox = Philox(seed: 9, stream: 0)
        func values(_ stream: UInt32) -> [Float] {
            (0..<samples * sites).map { Float(philox(SIMD4(UInt32($0), stream, 0, 0)).x) * 0x1p-32 }
        }
        let (output, labels) = (values(0), values(1))
        let objective = Objective(
            loss: .huber(delta: 0.2), prefactor: .exponential(scale: 0.5, of: .prediction))
        var results: [([Double], [Float])] = []
        for threads in [1, 2, 3] {
            let (means, gradient) = objective.gradient(
                output: output, labels: labels, samples: samples, sites: sites,
                workers: Workers(threads: threads))
            #expect(
                means
                    == objective.values(
                        output: output, labels: labels, samples: samples, sites: sites,
                        workers: Workers(threads: threads)))
            results.append((means, gradient))
        }
        #expect(results[0] == results[1] && results[1] == results[2], "threads change bits")
        for site in [0, 47, 100, 239] {
            let (_, derivative) = objective(
                prediction: Double(output[site]), truth: Double(labels[site]))
            #expect(results[0].1[site] == Float(derivative / Double(samples * sites)))
        }
        let second = (sites..<2 * sites).map {
            objective(prediction: Double(output[$0]), truth: Double(labels[$0])).value
        }
        #expect(abs(results[0].0[1] - second.reduce(0, +) / Double(sites)) < 1e-15)
    }

    @Test func transformsHaveInverses() {
        let transforms: [LabelTransform] = [
            .none, .sqrt, .log10(floor: 1e-6), .power(exponent: 0.25), .power(exponent: 3),
        ]
        for transform in transforms {
            for y in [1e-6, 1e-3, 0.05, 0.3, 0.999, 1] {
                #expect(abs(transform.inverse(transform(y)) - y) < 1e-14, "\(transform) of \(y)")
            }
            #expect(transform(1) == 1, "\(transform)")
        }
        #expect(abs(LabelTransform.log10(floor: 1e-6)(1e-3) - 0.5) < 1e-15)
        #expect(
            LabelTransform.log10(floor: 1e-6)(0) == 0 && LabelTransform.log10(floor: 1e-6)(-1) == 0)
        #expect(LabelTransform.power(exponent: 0.5)(0) == 0)
        // Negative outputs stand for 0 where the transform has no negative values.
        #expect(
            LabelTransform.sqrt.inverse(-0.1) == 0
                && LabelTransform.power(exponent: 0.5).inverse(-0.1) == 0)
        #expect(LabelTransform.none.inverse(-0.1) == -0.1)
    }

    @Test func labelsOutsideTheDomainAreFound() {
        for transform in [LabelTransform.sqrt, .power(exponent: 0.5)] {
            for bad in [-1e-6 as Float, .nan] {
                var label: [Float] = [-1, 0.25, bad, 1]
                #expect(transform.apply(to: &label, in: 1..<4) == 2, "\(transform)")
                #expect(label[1] == 0.25, "a label that cannot be transformed stays as it was")
            }
            var label: [Float] = [-1, 0.25, 0, 1]
            #expect(transform.apply(to: &label, in: 1..<4) == nil)
            #expect(label == [-1, 0.5, 0, 1])
        }
    }

    @Test func noiseIsNormalAndRepeatable() {
        let noise = LabelNoise(sigma: 0.01, seed: 3)
        func labels(_ sample: Int, _ epoch: Int, count: Int = 100_000) -> [Float] {
            var labels = [Float](repeating: 0, count: count)
            noise.add(to: &labels, in: 0..<count, sample: sample, epoch: epoch)
            return labels
        }
        let first = labels(1, 0)
        #expect(first == labels(1, 0))
        #expect(first != labels(2, 0) && first != labels(1, 1))
        #expect(
            Array(first[..<7]) == labels(1, 0, count: 7),
            "seed 3: a shorter range has other noise")
        let values = first.map(Double.init)
        let mean = values.reduce(0, +) / 1e5
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1e5
        let fourth = values.reduce(0) { $0 + pow($1 - mean, 4) } / 1e5
        // Five standard errors: 0.01/√10⁵, 10⁻⁴·√(2/10⁵), and √(96/10⁵) of the kurtosis.
        #expect(abs(mean) < 1.6e-4, "seed 3: \(mean)")
        #expect(abs(variance - 1e-4) < 2.3e-6, "seed 3: \(variance)")
        #expect(abs(fourth / (variance * variance) - 3) < 0.16, "seed 3: \(fourth)")
        // A share of 0.27% lies beyond three standard deviations.
        #expect((190...350).contains(values.count { abs($0) > 0.03 }), "seed 3")
    }

    @Test func elementaryFunctionsAreThoseOfTheLibrary() {
        let philox = Philox(seed: 6, stream: 0)
        for draw in 0..<20_000 as Range<UInt32> {
            let words = philox(SIMD4(draw, 0, 0, 0))
            let x = (Double(words.x) * 0x1p-32 - 0.5) * 1400
            #expect(abs(Exponential.exp(x) / exp(x) - 1) < 1e-15, "seed 6: exp \(x)")
            let t = (Double(words.y) * 0x1p-32 - 0.5) * 20
            #expect(abs(Exponential.tanh(t) - tanh(t)) < 4e-16, "seed 6: tanh \(t)")
            let p = exp((Double(words.z) * 0x1p-32 - 0.5) * 1400)
            #expect(
                abs(Exponential.log(p) - log(p)) < 1e-15 * max(1, abs(log(p))), "seed 6: log \(p)")
        }
        #expect(
            Exponential.exp(0) == 1 && Exponential.exp(-1000) == 0
                && Exponential.exp(1000) == .infinity)
        #expect(Exponential.exp(.nan).isNaN && Exponential.log(1) == 0)
    }
}
