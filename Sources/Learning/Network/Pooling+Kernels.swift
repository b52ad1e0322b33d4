/// 2×2 average pooling of an activation, and the way back.
struct Pooling {
    /// The activation.
    let input: Images
    /// The averages; in the backward pass the gradient by them.
    let output: Images

    /// Sets the averages of the first `samples` samples.
    func forward(samples: Int, workers: Workers) {
        eachRow(samples, workers) { sample, row in
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
    /// averages and, where there is one, `other`: a gradient by the activation that came another
    /// way.
    func backward(samples: Int, other: Images?, workers: Workers) {
        eachRow(samples, workers) { sample, row in
            for column in 0..<output.columns {
                let dy = output.at(sample, row, column)
                for corner in 0..<4 {
                    let (i, j) = (2 * row + corner / 2, 2 * column + corner % 2)
                    let x = input.at(sample, i, j)
                    let more = other?.at(sample, i, j)
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
