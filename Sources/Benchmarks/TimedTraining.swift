internal import Fields
package import Learning

/// A network and its optimiser on images in memory, whose steps are made to be timed: what a
/// training would do if samples cost nothing.
package final class TimedTraining {
    private let training: TrainingDescription
    private let network: Network
    private let workers: Workers
    private var adam: Adam
    private let images: [Float]  // (batch, rows, columns)
    private let sites: Int

    package init(_ training: TrainingDescription, _ model: ModelDescription, threads: Int) {
        self.training = training
        sites = model.lattice.count
        workers = Workers(threads: threads)
        network = Network(
            model, seed: training.seed, largestBatch: training.batch, workers: workers)
        adam = Adam(training.optimiser, count: network.parameters.count)
        let philox = Philox(seed: 0, stream: 0)
        images = (0..<UInt32(training.batch * sites)).map {
            Float(philox(SIMD4($0, 0, 0, 0)).x) * 0x1p-32
        }
    }

    /// Makes a step: forward pass, loss, backward pass and optimiser.
    package func step() {
        network.forward(images, step: UInt32(adam.steps))
        let gradient = training.objective(epoch: 0).gradient(
            output: network.output, labels: images, samples: training.batch, sites: sites,
            workers: workers
        ).gradient
        network.backward(gradient)
        adam.step(&network.parameters, gradient: network.gradient, rate: 1e-6, workers: workers)
    }
}
