/// A transposed 3×3 convolution with stride 1 and padding 1 to one channel, and leaky ReLU.
///
/// A tile has eight outputs at least, so one channel would waste most of it. Instead each site of
/// the input gives its nine products with the kernel's taps, before any upsampling, and a site of
/// the output adds the nine that belong to it.
final class LastConvolution: Layer {
    /// Where it stands.
    struct Plan: LayerPlan {
        let name: String
        let inputs: [ConvolutionInput]
        let output: ImagesPlan

        var tensors: [ModelTensor] {
            ModelTensor.kernels(
                name, inputs: inputs.reduce(0) { $0 + $1.channels }, outputs: 1,
                isTransposed: true)
        }

        func make(in memory: LayerMemory) -> any Layer {
            LastConvolution(
                inputs.map { Convolution.Input($0, in: memory) }, channels: inputs.map(\.channels),
                start: memory.start("\(name).weight"), into: memory[output])
        }
    }

    /// The nine products of a site, in memory.
    static let products = 16

    /// The output, of one channel; in the backward pass the gradient by its pre-activation.
    let output: Images
    private let inputs: [Convolution.Input]
    private let start: Int
    private let products: [Images]
    private let forward: [Correlation]
    private let backward: [Correlation]
    private let gradients: [WeightGradient]
    private let channels: [Int]
    private var bias: Float = 0

    /// Creates the layer with `channels` of each input; the kernels, of the one input after the
    /// other, start at `start` in the flat parameters, and the bias follows them.
    init(_ inputs: [Convolution.Input], channels: [Int], start: Int, into output: Images) {
        self.inputs = inputs
        self.channels = channels
        self.start = start
        self.output = output
        let products = inputs.map {
            Images(
                capacity: output.capacity, rows: $0.images.rows, columns: $0.images.columns,
                channels: Self.products)
        }
        self.products = products
        forward = zip(inputs, products).map { input, products in
            Correlation(
                input.images, .site,
                PackedWeights(taps: 1, inputs: input.images.channels, outputs: Self.products),
                into: products)
        }
        backward = zip(inputs, products).map { input, products in
            let gradient = input.gradient ?? input.images
            return Correlation(
                products, .site, PackedWeights(taps: 1, inputs: 9, outputs: gradient.channels),
                into: gradient)
        }
        gradients = zip(inputs, products).map {
            WeightGradient($0.images, .site, inputs: $0.images.channels, $1)
        }
    }

    private var biasIndex: Int { start + 9 * channels.reduce(0, +) }

    /// Takes over the weights from the flat parameters.
    func pack(_ parameters: Floats, isTraining _: Bool, workers _: Workers) {
        bias = parameters[biasIndex]
        var first = start
        for (index, count) in channels.enumerated() {
            for channel in 0..<count {
                for tap in 0..<9 {
                    let value = parameters[first + 9 * channel + tap]
                    forward[index].weights.numbers.start[Self.products * channel + tap] = value
                    let weights = backward[index].weights
                    let (block, lane) = (
                        channel / PackedWeights.width, channel % PackedWeights.width
                    )
                    weights.block(block)[tap * weights.width(block) + lane] = value
                }
            }
            first += 9 * count
        }
    }

    /// Computes the output.
    func forward(_ pass: inout LayerPass) {
        let (samples, workers) = (pass.samples, pass.workers)
        for correlation in forward {
            correlation.run(
                samples: samples, bias: correlation.weights.numbers.start, start: .zero,
                finish: .sums, workers: workers)
        }
        eachBand(samples, workers) { sample, row in
            for (index, input) in inputs.enumerated() {
                let base: Float? = index == 0 ? bias : nil
                if input.isUpsampled {
                    addUpsampled(products[index], sample, row, base)
                } else {
                    addAround(products[index], sample, row, base)
                }
            }
            activate(sample, row)
        }
    }

    /// Writes the gradients by weights and bias into the flat `gradient`, then those by the inputs
    /// to their places; the gradient by the output is that of the pass.
    func backward(_ pass: LayerPass, into gradient: Floats) {
        guard let outputGradient = pass.outputGradient else {
            preconditionFailure("a backward pass begins with the gradient by the output")
        }
        let (samples, workers) = (pass.samples, pass.workers)
        eachBand(samples, workers) { sample, row in
            setGradient(
                outputGradient.advanced(by: (sample * output.rows + row) * output.columns), sample,
                row)
        }
        gradient[biasIndex] = Float(output.channelSums(samples: samples, workers: workers)[0])
        var first = start
        for (index, input) in inputs.enumerated() {
            let products = products[index]
            workers.each(samples) { sample in
                for row in 0..<products.rows {
                    if input.isUpsampled {
                        gatherUpsampled(into: products, sample, row)
                    } else {
                        gatherAround(into: products, sample, row)
                    }
                }
            }
            gradients[index].run(samples: samples, workers: workers)
            let sums = gradients[index].gradient.numbers.start
            for channel in 0..<channels[index] {
                for tap in 0..<9 {
                    gradient[first + 9 * channel + tap] = sums[Self.products * channel + tap]
                }
            }
            first += 9 * channels[index]
        }
        for (index, correlation) in backward.enumerated() {
            correlation.run(
                samples: samples, bias: correlation.weights.numbers.start, start: .zero,
                finish: inputs[index].gradientFinish, workers: workers)
        }
    }

    private func eachBand(_ samples: Int, _ workers: Workers, _ body: (Int, Int) -> Void) {
        let bands = samples >= 8 ? 1 : 16
        workers.each(samples * bands) { task in
            let band = task % bands
            for row in band * output.rows / bands..<(band + 1) * output.rows / bands {
                body(task / bands, row)
            }
        }
    }
}
