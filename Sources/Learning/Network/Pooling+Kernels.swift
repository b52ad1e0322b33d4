/// 2×2 average pooling of an activation, and the way back.
final class Pooling: Layer {
    /// Where it stands.
    struct Plan: LayerPlan {
        let input: ImagesPlan
        let output: ImagesPlan
        /// A gradient by the activation that comes another way.
        let skipGradient: ImagesPlan?

        func make(in memory: LayerMemory) -> any Layer {
            Pooling(
                memory[input], into: memory[output], skipGradient: skipGradient.map { memory[$0] })
        }
    }

    /// The activation.
    let input: Images
    /// The averages; in the backward pass the gradient by them.
    let output: Images
    private let skipGradient: Images?

    private init(_ input: Images, into output: Images, skipGradient: Images?) {
        (self.input, self.output, self.skipGradient) = (input, output, skipGradient)
    }

    /// Sets the averages of the first `samples` samples.
    func forward(_ pass: inout LayerPass) {
        eachRow(pass.samples, pass.workers) { sample, row in
            let (right, below) = (input.columnStride, input.rowStride)
            for column in 0..<output.columns {
                let (x, y) = (input.at(sample, 2 * row, 2 * column), output.at(sample, row, column))
                var channel = 0
                while channel < input.channels {
                    let above: SIMD8<Float> = x.load(channel) + x.load(channel &+ right)
                    let under: SIMD8<Float> =
                        x.load(channel &+ below) + x.load(channel &+ below &+ right)
                    y.store((above + under) * 0.25, channel)
                    channel &+= 8
                }
            }
        }
    }

    /// Replaces the activation by the gradient by its pre-activation, from the gradient by the
    /// averages and, where there is one, that which came another way.
    func backward(_ pass: LayerPass, into _: Floats) {
        eachRow(pass.samples, pass.workers) { sample, row in
            for column in 0..<output.columns {
                let dy = output.at(sample, row, column)
                for corner in 0..<4 {
                    let (i, j) = (2 * row + corner / 2, 2 * column + corner % 2)
                    let x = input.at(sample, i, j)
                    let more = skipGradient?.at(sample, i, j)
                    var channel = 0
                    while channel < input.channels {
                        var d: SIMD8<Float> = dy.load(channel) * 0.25
                        if let more { d += more.load(channel) }
                        let activation: SIMD8<Float> = x.load(channel)
                        x.store(d * activation.leakySlope, channel)
                        channel &+= 8
                    }
                }
            }
        }
    }

    private func eachRow(_ samples: Int, _ workers: Workers, _ body: (Int, Int) -> Void) {
        let bands = samples >= 8 ? 1 : min(output.rows, 16)
        workers.each(samples * bands) { task in
            let band = task % bands
            for row in band * output.rows / bands..<(band + 1) * output.rows / bands {
                body(task / bands, row)
            }
        }
    }
}
