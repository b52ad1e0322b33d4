internal import Fields

/// A model with its numbers: predicts, and gives gradients to an optimiser.
///
/// Images are flat, (samples, rows, columns). Every result has the same bits whatever the number of
/// threads, and the prediction for an image whatever images come with it. A network is used by one
/// thread at a time, the caller of its workers.
public final class Network {
    /// What is computed.
    public let model: ModelDescription
    /// The weights and biases, flat, in the order of the model's tensors.
    public var parameters: [Float] { didSet { packed = .nothing } }
    /// The running means, then the running variances, of batch norm.
    public var statistics: [Float]
    /// The gradient by the parameters, in their order, of the latest backward pass.
    public private(set) var gradient: [Float]
    /// The output of the latest forward pass, (samples, rows, columns).
    public private(set) var output: [Float] = []

    /// Which weights the layers have taken over.
    private enum Packed { case nothing, forInference, forTraining }

    private var packed = Packed.nothing
    private let layers: Layers
    private let seed: UInt32
    private let largestBatch: Int
    private let workers: Workers
    private var samples = 0
    private var step: UInt32 = 0

    /// Creates a network with the initial values of `seed`, which dropout draws from as well.
    ///
    /// - Parameters:
    ///   - largestBatch: The most samples of a training pass, at least 1; memory is proportional to
    ///     it.
    ///   - workers: Who does the arithmetic.
    public init(_ model: ModelDescription, seed: UInt32, largestBatch: Int, workers: Workers) {
        self.model = model
        self.seed = seed
        self.largestBatch = max(1, largestBatch)
        self.workers = workers
        parameters = model.initialParameters(seed: seed)
        statistics = model.initialStatistics()
        gradient = [Float](repeating: 0, count: parameters.count)
        layers = Layers(model, capacity: max(1, largestBatch))
    }

    /// Writes the output for any number of images `x` into `y`, with the running statistics of
    /// batch norm. The latest forward pass is forgotten.
    ///
    /// - Parameter dropoutPass: Which of the random masks of dropout to apply; none by default, as
    ///   usual in inference.
    public func predict(_ x: [Float], into y: inout [Float], dropoutPass: UInt32? = nil) {
        infer(x, into: &y, dropoutPass: dropoutPass) { _, _ in }
    }

    /// Does the same, and writes what the network makes of each image: `model.featureCount` numbers
    /// an image into `features`, (samples, features).
    ///
    /// They are the means over sites of the channels of encoder.5, the bottleneck, before any
    /// dropout. Everything that the network knows of an image as a whole passes there, in 2048
    /// channels of the paper's width; the last hidden layer, whose 32 channels are close to the
    /// field itself, has too few to tell images apart, and its mean says little but how much field
    /// there is.
    public func predict(_ x: [Float], into y: inout [Float], features: inout [Float]) {
        let width = model.featureCount
        var found = [Float](repeating: 0, count: x.count / model.lattice.count * width)
        infer(x, into: &y, dropoutPass: nil) { first, count in
            found.withMutableFloats { found in
                layers.bottleneck.channelMeans(
                    to: found.advanced(by: first * width), channels: width, samples: count,
                    workers: workers)
            }
        }
        features = found
    }

    /// Computes the output of `x`; calls `body` after each batch of images with the number of its
    /// first one and of all.
    private func infer(
        _ x: [Float], into y: inout [Float], dropoutPass: UInt32?, _ body: (Int, Int) -> Void
    ) {
        let sites = model.lattice.count
        let images = x.count / sites
        precondition(x.count == images * sites, "images of another size than the model's")
        samples = 0
        if y.count != x.count { y = [Float](repeating: 0, count: x.count) }
        guard images > 0 else { return }
        if packed == .nothing {
            parameters.withFloats { layers.pack($0, isTraining: false, workers: workers) }
            packed = .forInference
        }
        x.withFloats { x in
            y.withMutableFloats { y in
                for first in stride(from: 0, to: images, by: largestBatch) {
                    let count = min(largestBatch, images - first)
                    layers.input.copyIn(
                        x.advanced(by: first * sites), samples: count, workers: workers)
                    var pass = LayerPass(
                        samples: count, isTraining: false,
                        dropout: dropoutPass.map { (seed, $0) }, firstSample: first,
                        statistics: statistics, workers: workers)
                    layers.forward(&pass)
                    layers.output.copyOut(
                        to: y.advanced(by: first * sites), samples: count, workers: workers)
                    body(first, count)
                }
            }
        }
    }

    /// Computes `output` for at most `largestBatch` images `x` in training: batch norm by the
    /// batch's own statistics, which also move the running ones, and dropout by the masks of
    /// `step`.
    public func forward(_ x: [Float], step: UInt32) {
        samples = x.count / model.lattice.count
        precondition(
            samples > 0 && samples <= largestBatch && x.count == samples * model.lattice.count,
            "a batch that is empty, too large, or of another size than the model's")
        self.step = step
        if output.count != x.count { output = [Float](repeating: 0, count: x.count) }
        parameters.withFloats { parameters in
            if packed != .forTraining {
                layers.pack(parameters, isTraining: true, workers: workers)
            }
        }
        packed = .forTraining
        x.withFloats { layers.input.copyIn($0, samples: samples, workers: workers) }
        var pass = trainingPass
        layers.forward(&pass)
        statistics = pass.statistics
        output.withMutableFloats {
            layers.output.copyOut(to: $0, samples: samples, workers: workers)
        }
    }

    /// Computes `gradient` from the gradient by `output`, of as many numbers, after `forward`, once
    /// for each.
    public func backward(_ outputGradient: [Float]) {
        precondition(
            samples > 0 && outputGradient.count == output.count, "no forward pass of this size"
        )
        var pass = trainingPass
        outputGradient.withFloats { outputGradient in
            pass.outputGradient = outputGradient
            gradient.withMutableFloats { layers.backward(pass, into: $0) }
        }
        samples = 0
    }

    private var trainingPass: LayerPass {
        LayerPass(
            samples: samples, isTraining: true, dropout: (seed, step), statistics: statistics,
            workers: workers)
    }
}
