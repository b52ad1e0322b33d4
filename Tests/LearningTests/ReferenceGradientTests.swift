import Fields
import Learning
import Testing

/// The plain layers' gradients against central differences, in Double: each layer alone, then whole
/// networks.
@Suite struct ReferenceGradientTests {
    typealias Layers = ReferenceLayers<Double>
    typealias Batch = Images<Double>

    static let seed: UInt32 = 20

    /// Numbers in ±1, none of them near the kink of leaky ReLU.
    static func numbers(_ count: Int, _ stream: UInt32) -> [Double] {
        let philox = Philox(seed: seed, stream: stream)
        return (0..<count).map { index in
            let words = philox([UInt32(index), 0, 0, 0])
            let magnitude = 0.05 + 0.95 * Double(words.x) * 0x1p-32
            return words.y & 1 == 0 ? magnitude : -magnitude
        }
    }

    static func batch(
        _ samples: Int, _ channels: Int, _ rows: Int, _ columns: Int, _ stream: UInt32
    ) -> Batch {
        Batch(
            samples, channels, rows, columns,
            values: numbers(samples * channels * rows * columns, stream))
    }

    /// Expects that `gradient` is that of Σ weightₖ·outputₖ by `values`.
    static func expect(
        _ gradient: [Double], of values: [Double], weights: Batch, step: Double = 1e-5,
        sourceLocation: SourceLocation = #_sourceLocation, _ output: ([Double]) -> Batch
    ) {
        func sum(_ values: [Double]) -> Double {
            zip(output(values).values, weights.values).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(gradient.count == values.count, sourceLocation: sourceLocation)
        for index in values.indices {
            var (above, below) = (values, values)
            above[index] += step
            below[index] -= step
            let difference = (sum(above) - sum(below)) / (2 * step)
            #expect(
                abs(gradient[index] - difference) <= 1e-8 * max(1, abs(difference)),
                "number \(index), seed \(seed)", sourceLocation: sourceLocation)
        }
    }

    private func with(_ batch: Batch, _ values: [Double]) -> Batch {
        var copy = batch
        copy.values = values
        return copy
    }

    @Test func convolution() {
        let x = Self.batch(2, 3, 4, 5, 1)
        let (weight, bias) = (Self.numbers(2 * 3 * 9, 2), Self.numbers(2, 3))
        let d = Self.batch(2, 2, 4, 5, 4)
        let (dx, dWeight, dBias) = Layers.convolveBackward(x, weight, d)
        Self.expect(dx.values, of: x.values, weights: d) {
            Layers.convolve(with(x, $0), weight, bias)
        }
        Self.expect(dWeight, of: weight, weights: d) { Layers.convolve(x, $0, bias) }
        Self.expect(dBias, of: bias, weights: d) { Layers.convolve(x, weight, $0) }
    }

    /// The transposed convolution is the transpose: ⟨T(x), y⟩ = ⟨x, C(y)⟩ where C convolves with
    /// the same kernels.
    @Test func transposedConvolutionIsTheTranspose() {
        let (x, y) = (Self.batch(2, 3, 4, 5, 5), Self.batch(2, 2, 4, 5, 6))
        let weight = Self.numbers(3 * 2 * 9, 7)  // (in, out, 3, 3) of T, (out, in, 3, 3) of C
        let image = Layers.convolve(x, Layers.transposed(weight, 3, 2), [0, 0])
        let back = Layers.convolve(y, weight, [0, 0, 0])
        let left = zip(image.values, y.values).reduce(0) { $0 + $1.0 * $1.1 }
        let right = zip(x.values, back.values).reduce(0) { $0 + $1.0 * $1.1 }
        #expect(abs(left - right) < 1e-12)
        #expect(Layers.transposed(Layers.transposed(weight, 3, 2), 2, 3) == weight)
    }

    @Test func batchNorm() {
        let x = Self.batch(3, 2, 2, 3, 8)
        let (weight, bias, epsilon) = (Self.numbers(2, 9), Self.numbers(2, 10), 1e-5)
        let d = Self.batch(3, 2, 2, 3, 11)
        let (_, mean, variance) = Layers.normalise(x, weight, bias, epsilon: epsilon)
        let (dx, dWeight, dBias) = Layers.normaliseBackward(
            x, weight, d, mean: mean, variance: variance, epsilon: epsilon)
        Self.expect(dx.values, of: x.values, weights: d) {
            Layers.normalise(with(x, $0), weight, bias, epsilon: epsilon).0
        }
        Self.expect(dWeight, of: weight, weights: d) {
            Layers.normalise(x, $0, bias, epsilon: epsilon).0
        }
        Self.expect(dBias, of: bias, weights: d) {
            Layers.normalise(x, weight, $0, epsilon: epsilon).0
        }
        // A batch of its own mean 0 and variance 1 comes back, by given statistics as well.
        let y = Layers.normalise(x, [1, 1], [0, 0], epsilon: epsilon).0
        let again = Layers.normalise(y, [1, 1], [0, 0], [0, 0], [1, 1], epsilon: 0)
        #expect(again.values == y.values)
    }

    @Test func leakyReLU() {
        let (x, d) = (Self.batch(1, 2, 3, 3, 12), Self.batch(1, 2, 3, 3, 13))
        let y = Layers.activate(x, slope: 0.02)
        #expect(zip(x.values, y.values).allSatisfy { $0 > 0 ? $1 == $0 : $1 == 0.02 * $0 })
        Self.expect(Layers.activateBackward(y, d, slope: 0.02).values, of: x.values, weights: d) {
            Layers.activate(with(x, $0), slope: 0.02)
        }
    }

    @Test func averagePooling() {
        let (x, d) = (Self.batch(2, 2, 4, 6, 14), Self.batch(2, 2, 2, 3, 15))
        Self.expect(Layers.poolBackward(d).values, of: x.values, weights: d) {
            Layers.pool(with(x, $0))
        }
        #expect(Layers.pool(Layers.upsample(x)).values == x.values)
    }

    @Test func upsampling() {
        let (x, d) = (Self.batch(2, 2, 2, 3, 16), Self.batch(2, 2, 4, 6, 17))
        Self.expect(Layers.upsampleBackward(d).values, of: x.values, weights: d) {
            Layers.upsample(with(x, $0))
        }
    }

    @Test func concatenation() {
        let (x, y, d) = (
            Self.batch(2, 1, 2, 3, 18), Self.batch(2, 3, 2, 3, 19), Self.batch(2, 4, 2, 3, 20)
        )
        let (dx, dy) = Layers.split(d, 1)
        Self.expect(dx.values, of: x.values, weights: d) { Layers.concatenate(with(x, $0), y) }
        Self.expect(dy.values, of: y.values, weights: d) { Layers.concatenate(x, with(y, $0)) }
    }

    @Test func dropout() {
        let (x, d) = (Self.batch(2, 2, 2, 3, 21), Self.batch(2, 2, 2, 3, 22))
        let mask = (0..<x.values.count).map { $0 % 3 == 0 ? 0 : 1.5 }
        Self.expect(Layers.multiply(d, mask).values, of: x.values, weights: d) {
            Layers.multiply(with(x, $0), mask)
        }
    }

    /// Whole networks, by every 67th parameter, each of which is two passes.
    @Test(arguments: ModelDescription.Kind.allCases) func wholeNetwork(kind: ModelDescription.Kind)
        throws
    {
        let model = try ModelDescription(
            kind: kind, width: 0.016, dropout: 0.25, lattice: Lattice(rows: 32, columns: 32))
        let parameters = model.initialParameters(seed: Self.seed).map(Double.init)
        let x = Self.numbers(2 * 1024, 30).map { max(0, $0) }
        let d = Self.numbers(2 * 1024, 31)
        func network(_ parameters: [Double]) -> ReferenceNetwork<Double> {
            var network = ReferenceNetwork(
                model, parameters: parameters,
                statistics: model.initialStatistics().map(Double.init))
            network.masks = model.decoderChannels[..<2].map { channels in
                (0..<2 * channels).map { $0 % 4 == 1 ? 0 : 4.0 / 3 }
            }
            return network
        }
        func sum(_ parameters: [Double]) -> Double {
            var network = network(parameters)
            return zip(network.forward(x, isTraining: true), d).reduce(0) { $0 + $1.0 * $1.1 }
        }
        var analysed = network(parameters)
        _ = analysed.forward(x, isTraining: true)
        analysed.backward(d)
        let scale = analysed.gradient.map(abs).max() ?? 0
        for index in stride(from: 0, to: parameters.count, by: 67) {
            var (above, below) = (parameters, parameters)
            above[index] += 1e-7
            below[index] -= 1e-7
            let difference = (sum(above) - sum(below)) / 2e-7
            #expect(
                abs(analysed.gradient[index] - difference) < 1e-6 * scale,
                "parameter \(index), seed \(Self.seed)")
        }
    }
}
