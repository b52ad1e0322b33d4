import Learning

/// A batch of images in the plainest form: (samples, channels, rows, columns).
struct Images<Scalar: BinaryFloatingPoint> {
    var samples: Int
    var channels: Int
    var rows: Int
    var columns: Int
    var values: [Scalar]

    init(_ samples: Int, _ channels: Int, _ rows: Int, _ columns: Int, values: [Scalar]? = nil) {
        (self.samples, self.channels, self.rows, self.columns) = (samples, channels, rows, columns)
        self.values = values ?? [Scalar](repeating: 0, count: samples * channels * rows * columns)
    }

    /// The index of a value.
    func index(_ sample: Int, _ channel: Int, _ row: Int, _ column: Int) -> Int {
        ((sample * channels + channel) * rows + row) * columns + column
    }

    /// A value; 0 outside the image.
    func at(_ sample: Int, _ channel: Int, _ row: Int, _ column: Int) -> Scalar {
        guard row >= 0, row < rows, column >= 0, column < columns else { return 0 }
        return values[index(sample, channel, row, column)]
    }

    /// Calls `body` with every (sample, channel, row, column).
    func each(_ body: (Int, Int, Int, Int) -> Void) {
        for n in 0..<samples {
            for c in 0..<channels {
                for i in 0..<rows { for j in 0..<columns { body(n, c, i, j) } }
            }
        }
    }
}

/// The layers as their definitions say, one number at a time, and their gradients.
enum ReferenceLayers<Scalar: BinaryFloatingPoint> {
    typealias Batch = Images<Scalar>

    /// 3×3 convolution with padding 1; `weight` is (out, in, 3, 3).
    static func convolve(_ x: Batch, _ weight: [Scalar], _ bias: [Scalar]) -> Batch {
        var y = Batch(x.samples, bias.count, x.rows, x.columns)
        for n in 0..<x.samples {
            for out in 0..<bias.count {
                for i in 0..<x.rows {
                    for j in 0..<x.columns {
                        var sum = bias[out]
                        for c in 0..<x.channels {
                            for tap in 0..<9 {
                                sum +=
                                    weight[(out * x.channels + c) * 9 + tap]
                                    * x.at(n, c, i + tap / 3 - 1, j + tap % 3 - 1)
                            }
                        }
                        y.values[y.index(n, out, i, j)] = sum
                    }
                }
            }
        }
        return y
    }

    /// Gradients of `convolve` by its input, its weight and its bias, from the gradient by its
    /// output.
    static func convolveBackward(_ x: Batch, _ weight: [Scalar], _ dy: Batch) -> (
        Batch, [Scalar], [Scalar]
    ) {
        var dx = Batch(x.samples, x.channels, x.rows, x.columns)
        var dWeight = [Scalar](repeating: 0, count: weight.count)
        var dBias = [Scalar](repeating: 0, count: dy.channels)
        dy.each { n, out, i, j in
            let d = dy.values[dy.index(n, out, i, j)]
            dBias[out] += d
            for c in 0..<x.channels {
                for tap in 0..<9 {
                    let (row, column) = (i + tap / 3 - 1, j + tap % 3 - 1)
                    guard row >= 0, row < x.rows, column >= 0, column < x.columns else { continue }
                    let (w, at) = ((out * x.channels + c) * 9 + tap, x.index(n, c, row, column))
                    dWeight[w] += d * x.values[at]
                    dx.values[at] += d * weight[w]
                }
            }
        }
        return (dx, dWeight, dBias)
    }

    /// The convolution's weight (out, in, 3, 3) of a transposed convolution's (in, out, 3, 3) with
    /// stride 1 and padding 1, and the other way round.
    static func transposed(_ weight: [Scalar], _ first: Int, _ second: Int) -> [Scalar] {
        var result = weight
        for a in 0..<first {
            for b in 0..<second {
                for tap in 0..<9 {
                    result[(b * first + a) * 9 + 8 - tap] = weight[(a * second + b) * 9 + tap]
                }
            }
        }
        return result
    }

    /// Batch norm by the batch's own mean and biased variance; also those, for each channel.
    static func normalise(_ x: Batch, _ weight: [Scalar], _ bias: [Scalar], epsilon: Scalar) -> (
        Batch, mean: [Scalar], variance: [Scalar]
    ) {
        var mean = [Scalar](repeating: 0, count: x.channels)
        var variance = mean
        let count = Scalar(x.samples * x.rows * x.columns)
        x.each { n, c, i, j in mean[c] += x.values[x.index(n, c, i, j)] / count }
        x.each { n, c, i, j in
            let e = x.values[x.index(n, c, i, j)] - mean[c]
            variance[c] += e * e / count
        }
        return (normalise(x, weight, bias, mean, variance, epsilon: epsilon), mean, variance)
    }

    /// Batch norm by given statistics.
    static func normalise(
        _ x: Batch, _ weight: [Scalar], _ bias: [Scalar], _ mean: [Scalar], _ variance: [Scalar],
        epsilon: Scalar
    ) -> Batch {
        var y = x
        x.each { n, c, i, j in
            let k = x.index(n, c, i, j)
            y.values[k] =
                (x.values[k] - mean[c]) / (variance[c] + epsilon).squareRoot() * weight[c] + bias[c]
        }
        return y
    }

    /// Gradients of `normalise` by the batch's own statistics: by its input, weight and bias (Ioffe
    /// and Szegedy 2015, §3).
    static func normaliseBackward(
        _ x: Batch, _ weight: [Scalar], _ dy: Batch, mean: [Scalar], variance: [Scalar],
        epsilon: Scalar
    ) -> (Batch, [Scalar], [Scalar]) {
        var (dWeight, dBias) = (
            [Scalar](repeating: 0, count: x.channels), [Scalar](repeating: 0, count: x.channels)
        )
        func standard(_ k: Int, _ c: Int) -> Scalar {
            (x.values[k] - mean[c]) / (variance[c] + epsilon).squareRoot()
        }
        x.each { n, c, i, j in
            let k = x.index(n, c, i, j)
            dBias[c] += dy.values[k]
            dWeight[c] += dy.values[k] * standard(k, c)
        }
        let count = Scalar(x.samples * x.rows * x.columns)
        var dx = x
        x.each { n, c, i, j in
            let k = x.index(n, c, i, j)
            let centred = dy.values[k] - dBias[c] / count - standard(k, c) * dWeight[c] / count
            dx.values[k] = weight[c] / (variance[c] + epsilon).squareRoot() * centred
        }
        return (dx, dWeight, dBias)
    }

    /// Leaky ReLU.
    static func activate(_ x: Batch, slope: Scalar) -> Batch {
        var y = x
        y.values = x.values.map { $0 > 0 ? $0 : slope * $0 }
        return y
    }

    /// Its gradient; `y` is its output, which has the sign of its input.
    static func activateBackward(_ y: Batch, _ dy: Batch, slope: Scalar) -> Batch {
        var dx = dy
        dx.values = zip(y.values, dy.values).map { $0 > 0 ? $1 : slope * $1 }
        return dx
    }

    /// 2×2 average pooling.
    static func pool(_ x: Batch) -> Batch {
        var y = Batch(x.samples, x.channels, x.rows / 2, x.columns / 2)
        x.each { n, c, i, j in
            y.values[y.index(n, c, i / 2, j / 2)] += x.values[x.index(n, c, i, j)] / 4
        }
        return y
    }

    /// Nearest upsampling by 2: each value becomes 2×2.
    static func upsample(_ x: Batch) -> Batch {
        var y = Batch(x.samples, x.channels, x.rows * 2, x.columns * 2)
        y.each { n, c, i, j in y.values[y.index(n, c, i, j)] = x.values[x.index(n, c, i / 2, j / 2)]
        }
        return y
    }

    /// The gradient of `upsample`, and four times that of `pool`'s counterpart: sums over 2×2.
    static func upsampleBackward(_ dy: Batch) -> Batch {
        var dx = pool(dy)
        for k in dx.values.indices { dx.values[k] *= 4 }
        return dx
    }

    /// The gradient of `pool`.
    static func poolBackward(_ dy: Batch) -> Batch {
        var dx = upsample(dy)
        for k in dx.values.indices { dx.values[k] /= 4 }
        return dx
    }

    /// The channels of `x`, then those of `y`.
    static func concatenate(_ x: Batch, _ y: Batch) -> Batch {
        var z = Batch(x.samples, x.channels + y.channels, x.rows, x.columns)
        x.each { n, c, i, j in z.values[z.index(n, c, i, j)] = x.values[x.index(n, c, i, j)] }
        y.each { n, c, i, j in
            z.values[z.index(n, x.channels + c, i, j)] = y.values[y.index(n, c, i, j)]
        }
        return z
    }

    /// The first `count` channels, and the others.
    static func split(_ z: Batch, _ count: Int) -> (Batch, Batch) {
        var x = Batch(z.samples, count, z.rows, z.columns)
        var y = Batch(z.samples, z.channels - count, z.rows, z.columns)
        x.each { n, c, i, j in x.values[x.index(n, c, i, j)] = z.values[z.index(n, c, i, j)] }
        y.each { n, c, i, j in y.values[y.index(n, c, i, j)] = z.values[z.index(n, count + c, i, j)]
        }
        return (x, y)
    }

    static func multiply(_ x: Batch, _ factors: [Scalar]) -> Batch {
        var y = x
        for k in y.values.indices { y.values[k] *= factors[k] }
        return y
    }

    static func add(_ x: Batch, _ y: Batch) -> Batch {
        var z = x
        for k in z.values.indices { z.values[k] += y.values[k] }
        return z
    }
}
