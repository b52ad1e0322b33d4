/// A 3×3 convolution with padding 1 of images of one channel, without an activation: batch norm
/// follows.
///
/// A window has nine numbers, which is too little to sum over for a tile; here a site's sums need
/// no more than the nine weights in registers.
final class FirstConvolution: Layer {
    /// Where it stands.
    struct Plan: LayerPlan {
        let name: String
        let input: ImagesPlan
        let output: ImagesPlan

        private var outputs: Int { output.channels ?? 1 }

        var tensors: [ModelTensor] {
            ModelTensor.kernels(name, inputs: 1, outputs: outputs, isTransposed: false)
        }

        func make(in memory: LayerMemory) -> any Layer {
            FirstConvolution(
                memory[input], channels: outputs, start: memory.start("\(name).weight"),
                into: memory[output])
        }
    }

    /// Groups of samples whose gradients are summed by themselves, and then in order.
    private static let groups = 16

    /// The images, of one channel.
    let input: Images
    /// The sums; in the backward pass the gradient by them.
    let output: Images
    /// Bias, then the nine taps, of each channel in memory: (10, channels).
    let weights: FloatArray
    private let start: Int
    private let channels: Int
    private let partial: FloatArray

    /// Creates the layer with `channels` outputs; kernels start at `start` in the flat parameters,
    /// the bias follows them.
    init(_ input: Images, channels: Int, start: Int, into output: Images) {
        self.input = input
        self.output = output
        self.start = start
        self.channels = channels
        weights = FloatArray(10 * output.channels)
        partial = FloatArray(Self.groups * 9 * output.channels)
    }

    /// Takes over the weights from the flat parameters.
    func pack(_ parameters: Floats, isTraining _: Bool, workers _: Workers) {
        for channel in 0..<channels {
            weights.start[channel] = parameters[start + 9 * channels + channel]
            for tap in 0..<9 {
                weights.start[(1 + tap) * output.channels + channel] =
                    parameters[start + 9 * channel + tap]
            }
        }
    }

    /// Computes the sums.
    func forward(_ pass: inout LayerPass) {
        let (samples, workers) = (pass.samples, pass.workers)
        let bands = samples >= 8 ? 1 : 16
        workers.each(samples * bands) { task in
            let band = task % bands
            for row in band * output.rows / bands..<(band + 1) * output.rows / bands {
                for channel in stride(from: 0, to: output.channels, by: 8) {
                    sumRow(task / bands, row, channel)
                }
            }
        }
    }

    /// Writes the gradients by the weights into the flat `gradient`. That by the bias is 0: batch
    /// norm takes away what it adds.
    func backward(_ pass: LayerPass, into gradient: Floats) {
        let (samples, workers) = (pass.samples, pass.workers)
        let count = 9 * output.channels
        let groups = min(Self.groups, samples)
        workers.each(groups) { group in
            let sums = partial.start.advanced(by: group * count)
            sums.clear(count)
            for sample in group * samples / groups..<(group + 1) * samples / groups {
                for row in 0..<output.rows {
                    for channel in stride(from: 0, to: output.channels, by: 8) {
                        addGradient(sample, row, channel, to: sums)
                    }
                }
            }
        }
        let sums = FloatArray(count)
        sums.start.setToSums(of: partial.start, groups: groups, count: count)
        for channel in 0..<channels {
            gradient[start + 9 * channels + channel] = 0
            for tap in 0..<9 {
                gradient[start + 9 * channel + tap] = sums.start[tap * output.channels + channel]
            }
        }
    }
}
