/// Batch norm (Ioffe and Szegedy 2015, arXiv:1502.03167, §3), leaky ReLU and average pooling in one
/// pass.
final class Normalisation {
    /// What is normalised; after `backward`, the gradient by it.
    let input: Images
    /// The averages of the activation; before `backward`, the gradient by them.
    let pooled: Images
    /// The activation, where it is wanted as well.
    let activation: Images?
    /// Factor and summand of each channel of the input, and what the backward pass needs.
    let scale: FloatArray
    let shift: FloatArray
    let mean: FloatArray
    let inverseDeviation: FloatArray
    /// In the backward pass: the means of the gradient by the norm's output, alone and times the
    /// standardised input.
    let meanGradient: FloatArray
    let meanProduct: FloatArray
    /// The channels that there are; those stored beyond stay zero.
    private let channels: Int

    init(_ input: Images, channels: Int, pooled: Images, activation: Images?) {
        self.input = input
        self.pooled = pooled
        self.activation = activation
        self.channels = channels
        func array() -> FloatArray { FloatArray(input.channels) }
        (scale, shift, mean, inverseDeviation) = (array(), array(), array(), array())
        (meanGradient, meanProduct) = (array(), array())
    }

    /// Computes the activation by given statistics: `statistics` holds the means, then the
    /// variances.
    func infer(
        _ weight: Floats, _ bias: Floats, _ statistics: [Float], samples: Int, workers: Workers
    ) {
        for channel in 0..<channels {
            setFactors(
                channel, weight, bias, mean: Double(statistics[channel]),
                variance: Double(statistics[channels + channel]))
        }
        activate(samples: samples, workers: workers)
    }

    /// Computes the activation by the batch's own mean and biased variance, and moves the running
    /// `statistics`, whose variance is the unbiased one.
    func forward(
        _ weight: Floats, _ bias: Floats, _ statistics: inout [Float], samples: Int,
        workers: Workers
    ) {
        let count = Double(samples * input.rows * input.columns)
        let means = input.channelSums(samples: samples, workers: workers).map { $0 / count }
        for channel in 0..<channels { mean.start[channel] = Float(means[channel]) }
        let squares = squaredDeviations(samples: samples, workers: workers)
        let momentum = Double(ModelDescription.normMomentum)
        for channel in 0..<channels {
            // The squares are about the rounded mean.
            let offset = means[channel] - Double(mean.start[channel])
            let variance = max(0, squares[channel] / count - offset * offset)
            setFactors(channel, weight, bias, mean: means[channel], variance: variance)
            func move(_ index: Int, _ value: Double) {
                let old = Double(statistics[index])
                statistics[index] = Float(old + momentum * (value - old))
            }
            move(channel, means[channel])
            move(channels + channel, variance * count / (count - 1))
        }
        activate(samples: samples, workers: workers)
    }

    private func setFactors(
        _ channel: Int, _ weight: Floats, _ bias: Floats, mean: Double, variance: Double
    ) {
        let inverse = 1 / (variance + Double(ModelDescription.normEpsilon)).squareRoot()
        inverseDeviation.start[channel] = Float(inverse)
        scale.start[channel] = Float(Double(weight[channel]) * inverse)
        shift.start[channel] = Float(
            Double(bias[channel]) - mean * Double(weight[channel]) * inverse)
    }

    /// Replaces the input by the gradient by it, and writes those by weight and bias.
    ///
    /// - Parameter other: A gradient by the activation that came another way than by the averages.
    func backward(
        other: Images?, weightGradient: Floats, biasGradient: Floats, samples: Int, workers: Workers
    ) {
        let sums = gradientSums(other: other, samples: samples, workers: workers)
        let count = Double(samples * input.rows * input.columns)
        for channel in 0..<channels {
            let (gradient, product) = (sums[channel], sums[input.channels + channel])
            biasGradient[channel] = Float(gradient)
            weightGradient[channel] = Float(product)
            meanGradient.start[channel] = Float(gradient / count)
            meanProduct.start[channel] = Float(product / count)
        }
        replaceInput(other: other, samples: samples, workers: workers)
    }
}
