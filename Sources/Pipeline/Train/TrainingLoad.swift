package import Fields
package import Learning

/// What a training takes, roughly: for a plan, before anything is measured.
package struct TrainingLoad {
    /// Memory in megabytes.
    package let megabytes: Int
    /// Seconds on two cores.
    package let seconds: Double

    /// Multiplications and additions a second.
    private static let rate = 5e10

    /// Estimates a training on `samples` samples, all of a dataset as a rule.
    package init?(_ training: TrainingDescription, _ lattice: Lattice, samples: Int) {
        guard let model = try? training.model(on: lattice) else { return nil }
        let samples = training.samplesPerEpoch ?? samples
        // The decoder mirrors the encoder: products of channels on every halved lattice, twice,
        // forward and twice back.
        let encoder = [1] + model.encoderChannels
        var (products, activations) = (0.0, 0.0)
        for (level, (into, out)) in zip(encoder, model.encoderChannels).enumerated() {
            let sites = Double(lattice.count) / Double(1 << (2 * level))
            products += 9 * sites * Double(into * out)
            activations += sites * Double(out)
        }
        // Candidates that are judged by their loss go forward alone.
        let judged = training.curation.map { $0.criterion == .loss ? $0.candidates : 0 } ?? 0
        let passes = Double(3 + judged) * Double(samples) * Double(training.epochs)
        seconds = 2 * 2 * passes * products / TrainingLoad.rate
        // Parameters, gradient, two moments, the best epoch; activations and their gradients of
        // encoder and decoder.
        let floats = 6 * Double(model.parameterCount) + 6 * activations * Double(training.batch)
        megabytes = 200 + Int(floats * 4 / 1e6)
    }
}
