internal import Fields

/// A model with its numbers: predicts, and gives gradients to an optimiser.
///
/// Images are flat, (samples, rows, columns). Every result has the same bits whatever the number of threads. A network is
/// used by one thread at a time, which is the caller of its workers.
public final class Network {
    /// What is computed.
    public let model: ModelDescription
    /// The weights and biases, flat, in the order of the model's tensors.
    public var parameters: [Float]
    /// The running means, then the running variances, of batch norm.
    public var statistics: [Float]
    /// The gradient by the parameters, in their order, of the latest backward pass.
    public private(set) var gradient: [Float]
    /// The output of the latest forward pass, (samples, rows, columns).
    public private(set) var output: [Float] = []

    private var reference: ReferenceNetwork<Float>
    private let seed: UInt32
    private let largestBatch: Int

    /// Creates a network with the initial values of `seed`, which dropout draws from as well.
    ///
    /// - Parameters:
    ///   - largestBatch: The most samples of a training pass; memory is proportional to it.
    ///   - workers: Who does the arithmetic.
    public init(_ model: ModelDescription, seed: UInt32, largestBatch: Int, workers: Workers) {
        self.model = model
        self.seed = seed
        self.largestBatch = largestBatch
        parameters = model.initialParameters(seed: seed)
        statistics = model.initialStatistics()
        gradient = [Float](repeating: 0, count: parameters.count)
        reference = ReferenceNetwork(model, parameters: parameters, statistics: statistics)
    }

    /// Writes the output for any number of images `x` into `y`, which has the same size, with the running statistics of batch
    /// norm.
    ///
    /// - Parameter dropoutPass: Which of the random masks of dropout to apply; none by default, as usual in inference.
    public func predict(_ x: [Float], into y: inout [Float], dropoutPass: UInt32? = nil) {
        reference.parameters = parameters
        reference.statistics = statistics
        reference.masks = masks(samples: x.count / model.lattice.count, pass: dropoutPass, isInference: true)
        y = reference.forward(x, isTraining: false)
    }

    /// Computes `output` for at most `largestBatch` images `x` in training: batch norm by the batch's own statistics, which
    /// also move the running ones, and dropout by the masks of `step`.
    public func forward(_ x: [Float], step: UInt32) {
        reference.parameters = parameters
        reference.statistics = statistics
        reference.masks = masks(samples: x.count / model.lattice.count, pass: step, isInference: false)
        output = reference.forward(x, isTraining: true)
        statistics = reference.statistics
    }

    /// Computes `gradient` from the gradient by `output` of the latest `forward`.
    public func backward(_ outputGradient: [Float]) {
        reference.backward(outputGradient)
        gradient = reference.gradient
    }

    private func masks(samples: Int, pass: UInt32?, isInference: Bool) -> [[Float]] {
        guard let pass, model.dropout > 0 else { return [] }
        return (0..<2).map { block in
            let mask = DropoutMask(
                seed: seed, probability: model.dropout, pass: pass, block: block, isInference: isInference)
            let count = model.decoderChannels[block] * model.lattice.count / 1024
            var factors: [Float] = []
            for sample in 0..<samples {
                for quarter in 0..<(count + 3) / 4 {
                    let four = mask.factors(sample: sample, quarter: quarter)
                    for lane in 0..<min(4, count - 4 * quarter) { factors.append(four[lane]) }
                }
            }
            return factors
        }
    }
}
