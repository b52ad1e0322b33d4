extension ModelDescription {
    /// What encoder.5 makes of an image.
    var bottleneck: ImagesPlan {
        ImagesPlan("encoder.5", halvings: 5, channels: encoderChannels[5])
    }

    /// The layers in the order of the forward pass: what the network is.
    var layers: [any LayerPlan] {
        Self.layers(kind, encoderChannels, decoderChannels, dropout: dropout)
    }

    /// Every tensor of these layers: the parameters, then the statistics.
    static func tensors(_ layers: [any LayerPlan]) -> [ModelTensor] {
        let tensors = layers.flatMap(\.tensors)
        return tensors.filter(\.isParameter) + tensors.filter { !$0.isParameter }
    }

    static func layers(_ kind: Kind, _ encoder: [Int], _ decoder: [Int], dropout: Double)
        -> [any LayerPlan]
    {
        let isUNet = kind == .uNet
        func images(_ name: String, _ halvings: Int, _ channels: Int) -> ImagesPlan {
            ImagesPlan(name, halvings: halvings, channels: channels)
        }
        let sums = images("encoder.0.sums", 0, encoder[0])
        var pooled = images("encoder.0.pooled", 1, encoder[0])
        var activations = [isUNet ? images("encoder.0", 0, encoder[0]) : sums]
        // Gradients by activations of encoder.0 … encoder.4 that came through a skip connection.
        let skips =
            isUNet ? (0..<5).map { images("encoder.\($0).gradient", $0, encoder[$0]) } : []
        var layers: [any LayerPlan] = [
            FirstConvolution.Plan(name: "encoder.0", input: .input, output: sums),
            Normalisation.Plan(
                name: "encoder.0.norm", input: sums, pooled: pooled,
                activation: isUNet ? activations[0] : nil, skipGradient: skips.first),
        ]
        for block in 1..<6 {
            let activation = images("encoder.\(block)", min(block, 5), encoder[block])
            layers.append(
                Convolution.Plan(
                    name: "encoder.\(block)", inputs: [.init(images: pooled, gradient: pooled)],
                    output: activation, isTransposed: false))
            activations.append(activation)
            guard block < 5 else { break }
            pooled = images("encoder.\(block).pooled", block + 1, encoder[block])
            layers.append(
                Pooling.Plan(
                    input: activation, output: pooled, skipGradient: isUNet ? skips[block] : nil))
        }

        func inputs(_ block: Int, _ before: ImagesPlan) -> [ConvolutionInput] {
            var inputs = [
                ConvolutionInput(
                    images: before, isUpsampled: block >= 2, gradient: before,
                    gradientFinish: .gradient)
            ]
            if isUNet && block >= 2 {
                inputs.append(
                    ConvolutionInput(images: activations[6 - block], gradient: skips[6 - block]))
            }
            return inputs
        }
        var before = activations[5]
        for block in 0..<6 {
            let activation = images("decoder.\(block)", block < 2 ? 5 : 6 - block, decoder[block])
            layers.append(
                Convolution.Plan(
                    name: "decoder.\(block)", inputs: inputs(block, before), output: activation,
                    isTransposed: true))
            if block < 2, dropout > 0 {
                layers.append(
                    Dropout.Plan(images: activation, block: block, probability: dropout))
            }
            before = activation
        }
        layers.append(
            LastConvolution.Plan(name: "decoder.6", inputs: inputs(6, before), output: .output))
        return layers
    }
}
