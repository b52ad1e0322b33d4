internal import Fields

/// The layers of a model and the images between them.
final class Layers {
    /// The images of sources.
    let input: Images
    let normalisation: Normalisation
    /// encoder.0, which batch norm follows.
    let first: FirstConvolution
    /// encoder.1 … encoder.5.
    let encoder: [Convolution]
    let decoder: [Convolution]
    let last: LastConvolution
    /// Index of the norm's weight in the flat parameters; its bias follows.
    let normStart: Int
    private let model: ModelDescription
    /// Of encoder.1 … encoder.4.
    private let poolings: [Pooling]
    /// Gradients by activations of encoder.0 … encoder.4 that came through a skip connection.
    private let skipGradients: [Images]

    init(_ model: ModelDescription, capacity: Int) {
        self.model = model
        let starts = model.parameterStarts
        normStart = starts["encoder.0.norm.weight", default: 0]
        func images(_ halvings: Int, _ channels: Int?) -> Images {
            Images(
                capacity: capacity, rows: model.lattice.rows >> halvings,
                columns: model.lattice.columns >> halvings, channels: channels)
        }
        func start(_ name: String) -> Int { starts[name, default: 0] }

        let channels = model.encoderChannels
        let isUNet = model.kind == .uNet
        input = images(0, nil)
        let sums = images(0, channels[0])
        var pooled = images(1, channels[0])
        var activations = [isUNet ? images(0, channels[0]) : sums]
        normalisation = Normalisation(
            sums, channels: channels[0], pooled: pooled, activation: isUNet ? activations[0] : nil)
        first = FirstConvolution(
            input, channels: channels[0], start: start("encoder.0.weight"), into: sums)
        var encoder: [Convolution] = []
        var poolings: [Pooling] = []
        for block in 1..<6 {
            let activation = images(min(block, 5), channels[block])
            encoder.append(
                Convolution(
                    [Convolution.Input(images: pooled, gradient: pooled)],
                    [model.encoderLayout(block, start("encoder.\(block).weight"))],
                    biasStart: start("encoder.\(block).bias"), into: activation))
            activations.append(activation)
            guard block < 5 else { break }
            pooled = images(block + 1, channels[block])
            poolings.append(Pooling(input: activation, output: pooled))
        }
        self.encoder = encoder
        self.poolings = poolings
        let skipGradients = isUNet ? (0..<5).map { images($0, channels[$0]) } : []
        self.skipGradients = skipGradients

        func inputs(_ block: Int, _ before: Images) -> [Convolution.Input] {
            var inputs = [
                Convolution.Input(
                    images: before, isUpsampled: block >= 2, gradient: before,
                    gradientFinish: .gradient)
            ]
            if isUNet && block >= 2 {
                inputs.append(
                    Convolution.Input(
                        images: activations[6 - block], gradient: skipGradients[6 - block]))
            }
            return inputs
        }
        var decoder: [Convolution] = []
        var before = activations[5]
        for block in 0..<6 {
            let activation = images(block < 2 ? 5 : 6 - block, model.decoderChannels[block])
            decoder.append(
                Convolution(
                    inputs(block, before),
                    model.decoderLayouts(block, start("decoder.\(block).weight")),
                    biasStart: start("decoder.\(block).bias"), into: activation))
            before = activation
        }
        self.decoder = decoder
        last = LastConvolution(
            inputs(6, before),
            channels: [model.precedingChannels(6)] + (isUNet ? [model.skippedChannels(6)] : []),
            start: start("decoder.6.weight"), into: images(0, nil))
    }

    /// Lets every layer take over the parameters.
    func pack(_ parameters: Floats, isTraining: Bool, workers: Workers) {
        first.pack(parameters)
        for layer in encoder + decoder {
            layer.pack(parameters, isTraining: isTraining, workers: workers)
        }
        last.pack(parameters)
    }

    /// Computes all that follows the norm; `masks` are those of decoder.0 and decoder.1, or none.
    func forward(samples: Int, masks: [DropoutMask], workers: Workers) {
        for block in 1..<6 {
            encoder[block - 1].forward(samples: samples, workers: workers)
            if block < 5 { poolings[block - 1].forward(samples: samples, workers: workers) }
        }
        for block in 0..<6 {
            decoder[block].forward(samples: samples, workers: workers)
            drop(block, masks, samples, workers)
        }
        last.forward(samples: samples, workers: workers)
    }

    /// Writes the gradient by all parameters.
    func backward(
        _ outputGradient: Floats, into gradient: Floats, samples: Int, masks: [DropoutMask],
        workers: Workers
    ) {
        last.backward(outputGradient, samples: samples, into: gradient, workers: workers)
        for block in (0..<6).reversed() {
            drop(block, masks, samples, workers)
            decoder[block].backward(samples: samples, into: gradient, workers: workers)
        }
        for block in (1..<6).reversed() {
            if block < 5 {
                poolings[block - 1].backward(
                    samples: samples, other: skipGradients.isEmpty ? nil : skipGradients[block],
                    workers: workers)
            }
            encoder[block - 1].backward(samples: samples, into: gradient, workers: workers)
        }
        normalisation.backward(
            other: skipGradients.first, weightGradient: gradient.advanced(by: normStart),
            biasGradient: gradient.advanced(by: normStart + model.encoderChannels[0]),
            samples: samples, workers: workers)
        first.backward(samples: samples, into: gradient, workers: workers)
    }

    /// The mask's gradient is the mask.
    private func drop(_ block: Int, _ masks: [DropoutMask], _ samples: Int, _ workers: Workers) {
        guard block < masks.count else { return }
        masks[block].apply(
            to: decoder[block].output, channels: model.decoderChannels[block], samples: samples,
            workers: workers)
    }
}

extension ModelDescription {
    /// Where each parameter starts in the flat array.
    var parameterStarts: [String: Int] {
        var starts: [String: Int] = [:]
        var next = 0
        for tensor in tensors where tensor.isParameter {
            starts[tensor.name] = next
            next += tensor.count
        }
        return starts
    }

    /// The kernels of an encoder block, which start at `start`: (out, in, 3, 3).
    func encoderLayout(_ block: Int, _ start: Int) -> KernelLayout {
        let inputs = block == 0 ? 1 : encoderChannels[block - 1]
        return KernelLayout(
            start: start, inputs: inputs, outputs: encoderChannels[block], inputStride: 9,
            outputStride: 9 * inputs, isFlipped: false)
    }

    /// The kernels of a decoder block, which start at `start`: (in, out, 3, 3), those of the
    /// upsampled channels first.
    func decoderLayouts(_ block: Int, _ start: Int) -> [KernelLayout] {
        let outputs = decoderChannels[block]
        let counts = [precedingChannels(block), skippedChannels(block)].filter { $0 > 0 }
        return counts.indices.map { index in
            KernelLayout(
                start: start + (index == 0 ? 0 : counts[0] * outputs * 9), inputs: counts[index],
                outputs: outputs, inputStride: 9 * outputs, outputStride: 9, isFlipped: true)
        }
    }
}
