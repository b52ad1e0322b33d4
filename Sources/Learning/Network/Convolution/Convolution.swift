/// A 3×3 convolution with padding 1, or a transposed one, of one or two inputs whose channels
/// follow one another; an input may be upsampled first.
///
/// Nothing is upsampled in memory: a window of 3×3 on an upsampled image covers 2×2 different sites
/// before, so each of the four phases of the output (even and odd rows and columns) is a
/// correlation of its own with sums of the weights (4/9 of the multiplications). After `backward`,
/// activations have given way to gradients by their pre-activations.
final class Convolution: Layer {
    /// What is convolved; see `ConvolutionInput`.
    struct Input {
        let images: Images
        let isUpsampled: Bool
        let gradient: Images?
        let gradientFinish: Correlation.Finish

        init(_ plan: ConvolutionInput, in memory: LayerMemory) {
            images = memory[plan.images]
            isUpsampled = plan.isUpsampled
            gradient = plan.gradient.map { memory[$0] }
            gradientFinish = plan.gradientFinish
        }
    }

    /// Where it stands, and its kernels: (out, in, 3, 3), or (in, out, 3, 3) of a transposed one,
    /// those of the first input first.
    struct Plan: LayerPlan {
        let name: String
        let inputs: [ConvolutionInput]
        let output: ImagesPlan
        let isTransposed: Bool

        private var outputs: Int { output.channels ?? 1 }

        var tensors: [ModelTensor] {
            ModelTensor.kernels(
                name, inputs: inputs.reduce(0) { $0 + $1.channels }, outputs: outputs,
                isTransposed: isTransposed)
        }

        func make(in memory: LayerMemory) -> any Layer {
            var start = memory.start("\(name).weight")
            let layouts = inputs.map { input in
                defer { start += 9 * input.channels * outputs }
                return KernelLayout(
                    start: start, inputs: input.channels, outputs: outputs,
                    inputStride: isTransposed ? 9 * outputs : 9,
                    outputStride: isTransposed ? 9 : 9 * input.channels, isFlipped: isTransposed)
            }
            return Convolution(
                inputs.map { Input($0, in: memory) }, layouts,
                biasStart: memory.start("\(name).bias"), into: memory[output])
        }
    }

    private let output: Images
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
    func forward(_ pass: inout LayerPass) {
        let (samples, workers) = (pass.samples, pass.workers)
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
    func backward(_ pass: LayerPass, into gradient: Floats) {
        let (samples, workers) = (pass.samples, pass.workers)
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
