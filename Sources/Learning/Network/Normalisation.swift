/// Batch norm (Ioffe and Szegedy 2015, arXiv:1502.03167, §3), leaky ReLU and average pooling in one
/// pass.
package final class Normalisation: Layer {
    /// What is added to a variance.
    package static let epsilon: Float = 1e-5
    /// Share of a new batch in the running statistics.
    package static let momentum: Float = 0.1

    /// Where it stands.
    struct Plan: LayerPlan {
        let name: String
        let input: ImagesPlan
        let pooled: ImagesPlan
        /// The activation, where it is wanted as well.
        let activation: ImagesPlan?
        /// A gradient by the activation that comes another way than by the averages.
        let skipGradient: ImagesPlan?

        private var channels: [Int] { [input.channels ?? 1] }

        var tensors: [ModelTensor] {
            [
                ModelTensor("\(name).weight", channels, .constant(1)),
                ModelTensor("\(name).bias", channels, .constant(0)),
                ModelTensor("\(name).running_mean", channels, .constant(0), isParameter: false),
                ModelTensor("\(name).running_var", channels, .constant(1), isParameter: false),
            ]
        }

        func make(in memory: LayerMemory) -> any Layer { Normalisation(self, memory) }
    }

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
    private let skipGradient: Images?
    /// The channels that there are; those stored beyond stay zero.
    private let channels: Int
    /// Where its weight, then its bias, is in the flat parameters.
    private let start: Int
    /// Where its means, then its variances, are in the flat statistics.
    private let statisticsStart: Int
    private let weight: FloatArray
    private let bias: FloatArray

    private init(_ plan: Plan, _ memory: LayerMemory) {
        let input = memory[plan.input]
        self.input = input
        pooled = memory[plan.pooled]
        activation = plan.activation.map { memory[$0] }
        skipGradient = plan.skipGradient.map { memory[$0] }
        channels = plan.input.channels ?? 1
        start = memory.start("\(plan.name).weight")
        statisticsStart = memory.start("\(plan.name).running_mean")
        func array() -> FloatArray { FloatArray(input.channels) }
        (scale, shift, mean, inverseDeviation) = (array(), array(), array(), array())
        (meanGradient, meanProduct, weight, bias) = (array(), array(), array(), array())
    }

    func pack(_ parameters: Floats, isTraining _: Bool, workers _: Workers) {
        for channel in 0..<channels {
            weight.start[channel] = parameters[start + channel]
            bias.start[channel] = parameters[start + channels + channel]
        }
    }

    func forward(_ pass: inout LayerPass) {
        if pass.isTraining {
            normalise(&pass.statistics, samples: pass.samples, workers: pass.workers)
        } else {
            for channel in 0..<channels {
                let place = statisticsStart + channel
                setFactors(
                    channel, mean: Double(pass.statistics[place]),
                    variance: Double(pass.statistics[place + channels]))
            }
        }
        activate(samples: pass.samples, workers: pass.workers)
    }

    /// Sets the factors by the batch's own mean and biased variance, and moves the running
    /// `statistics`, whose variance is the unbiased one.
    private func normalise(_ statistics: inout [Float], samples: Int, workers: Workers) {
        let count = Double(samples * input.rows * input.columns)
        let means = input.channelSums(samples: samples, workers: workers).map { $0 / count }
        for channel in 0..<channels { mean.start[channel] = Float(means[channel]) }
        let squares = squaredDeviations(samples: samples, workers: workers)
        let momentum = Double(Normalisation.momentum)
        for channel in 0..<channels {
            // The squares are about the rounded mean.
            let offset = means[channel] - Double(mean.start[channel])
            let variance = max(0, squares[channel] / count - offset * offset)
            setFactors(channel, mean: means[channel], variance: variance)
            func move(_ index: Int, _ value: Double) {
                let old = Double(statistics[index])
                statistics[index] = Float(old + momentum * (value - old))
            }
            move(statisticsStart + channel, means[channel])
            move(statisticsStart + channels + channel, variance * count / (count - 1))
        }
    }

    private func setFactors(_ channel: Int, mean: Double, variance: Double) {
        let inverse = 1 / (variance + Double(Normalisation.epsilon)).squareRoot()
        inverseDeviation.start[channel] = Float(inverse)
        scale.start[channel] = Float(Double(weight.start[channel]) * inverse)
        shift.start[channel] = Float(
            Double(bias.start[channel]) - mean * Double(weight.start[channel]) * inverse)
    }

    /// Replaces the input by the gradient by it, and writes those by weight and bias.
    func backward(_ pass: LayerPass, into gradients: Floats) {
        let (samples, workers) = (pass.samples, pass.workers)
        let sums = gradientSums(other: skipGradient, samples: samples, workers: workers)
        let count = Double(samples * input.rows * input.columns)
        for channel in 0..<channels {
            let (gradient, product) = (sums[channel], sums[input.channels + channel])
            gradients[start + channels + channel] = Float(gradient)
            gradients[start + channel] = Float(product)
            meanGradient.start[channel] = Float(gradient / count)
            meanProduct.start[channel] = Float(product / count)
        }
        replaceInput(other: skipGradient, samples: samples, workers: workers)
    }
}
