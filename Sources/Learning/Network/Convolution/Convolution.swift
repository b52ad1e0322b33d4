/// A 3×3 convolution with padding 1, or a transposed one, of one or two inputs whose channels
/// follow one another; an input may be upsampled first.
///
/// Nothing is upsampled in memory: a window of 3×3 on an upsampled image covers 2×2 different sites
/// before, so each of the four phases of the output (even and odd rows and columns) is a
/// correlation of its own with sums of the weights (4/9 of the multiplications). After `backward`,
/// activations have given way to gradients by their pre-activations.
final class Convolution {
    /// What is convolved.
    struct Input {
        /// The activations.
        var images: Images
        /// Whether each site becomes 2×2 first.
        var isUpsampled = false
        /// Where the gradient by the activations goes; nil where no one needs it.
        var gradient: Images?
        /// `.sums`, or `.gradient` where `gradient` is the activations' own place and the gradient
        /// by the pre-activations is wanted.
        var gradientFinish = Correlation.Finish.sums
    }

    let output: Images
    private let inputs: [Input]
    private let layouts: [KernelLayout]
    /// For each input the correlations forward, one or four, then backward.
    private let forward: [[Correlation]]
    private let backward: [Correlation?]
    private let gradients: [[WeightGradient]]
    private let bias: FloatArray
    private let biasStart: Int
    private let biasCount: Int

    /// Creates the layer; `layouts` belong to the inputs, and the bias follows the kernels at
    /// `biasStart`.
    init(_ inputs: [Input], _ layouts: [KernelLayout], biasStart: Int, into output: Images) {
        self.inputs = inputs
        self.layouts = layouts
        self.output = output
        self.biasStart = biasStart
        biasCount = layouts[0].outputs
        bias = FloatArray(output.channels)
        forward = inputs.map { input in
            Self.windows(input).map { window, placement in
                let weights = PackedWeights(
                    taps: window.taps, inputs: input.images.channels, outputs: output.channels)
                return Correlation(input.images, window, weights, into: output, placement)
            }
        }
        gradients = inputs.map { input in
            Self.windows(input).map {
                WeightGradient(input.images, $0, inputs: input.images.channels, output, $1)
            }
        }
        backward = inputs.map { input in
            guard let gradient = input.gradient else { return nil }
            let window = input.isUpsampled ? Window.seers : .around
            let weights = PackedWeights(
                taps: window.taps, inputs: output.channels, outputs: gradient.channels)
            return Correlation(output, window, weights, into: gradient)
        }
    }

    private static func windows(_ input: Input) -> [(Window, Placement)] {
        guard input.isUpsampled else { return [(.around, .all)] }
        return (0..<4).map { (.phase($0 / 2, $0 % 2), .phase($0 / 2, $0 % 2)) }
    }

    /// Takes over the weights from the flat parameters; those for the backward pass only for
    /// training.
    func pack(_ parameters: Floats, isTraining: Bool, workers: Workers) {
        for channel in 0..<biasCount { bias.start[channel] = parameters[biasStart + channel] }
        for (index, input) in inputs.enumerated() {
            for (phase, correlation) in forward[index].enumerated() {
                let (rows, columns) = Self.tapSums(input, phase)
                correlation.weights.pack(
                    parameters, layouts[index], rows: rows, columns: columns, workers: workers)
            }
            guard isTraining, let correlation = backward[index] else { continue }
            let sums = input.isUpsampled ? TapSums.seers : .each
            correlation.weights.pack(
                parameters, layouts[index].transposed, rows: sums, columns: sums, workers: workers)
        }
    }

    private static func tapSums(_ input: Input, _ phase: Int) -> (TapSums, TapSums) {
        input.isUpsampled ? (TapSums.phase[phase / 2], TapSums.phase[phase % 2]) : (.each, .each)
    }

    /// Computes the output, activation and all.
    func forward(samples: Int, workers: Workers) {
        for index in inputs.indices {
            let isLast = index == inputs.count - 1
            for correlation in forward[index] {
                correlation.run(
                    samples: samples, bias: bias.start, start: index == 0 ? .bias : .output,
                    finish: isLast ? .leaky : .sums, workers: workers)
            }
        }
    }

    /// Writes the gradients by weights and bias into the flat `gradient`, then those by the inputs
    /// to their places; the output holds the gradient by the sums.
    func backward(samples: Int, into gradient: Floats, workers: Workers) {
        for (index, input) in inputs.enumerated() {
            for (phase, weightGradient) in gradients[index].enumerated() {
                weightGradient.run(samples: samples, workers: workers)
                let (rows, columns) = Self.tapSums(input, phase)
                weightGradient.gradient.unpackGradient(
                    into: gradient, layouts[index], rows: rows, columns: columns, adding: phase > 0,
                    workers: workers)
            }
        }
        let sums = output.channelSums(samples: samples, workers: workers)
        for channel in 0..<biasCount { gradient[biasStart + channel] = Float(sums[channel]) }
        for (index, input) in inputs.enumerated() {
            backward[index]?.run(
                samples: samples, bias: bias.start, start: .zero, finish: input.gradientFinish,
                workers: workers)
        }
    }
}
