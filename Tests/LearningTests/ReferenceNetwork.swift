import Documents
import Fields
import Learning

/// The models as their description says, from `ReferenceLayers`: slow, and plain to read.
struct ReferenceNetwork<Scalar: BinaryFloatingPoint> {
    typealias Layers = ReferenceLayers<Scalar>
    typealias Batch = Images<Scalar>

    let model: ModelDescription
    /// Flat, in the order of the model's tensors.
    var parameters: [Scalar]
    var statistics: [Scalar]
    private(set) var gradient: [Scalar] = []
    private let slope = Scalar(ModelDescription.slope)
    private let epsilon = Scalar(Normalisation.epsilon)

    /// What backward needs of a forward pass.
    private struct Tape {
        var inputs: [String: Batch] = [:]
        var outputs: [String: Batch] = [:]
        var mean: [Scalar] = []
        var variance: [Scalar] = []
    }

    private var tape = Tape()
    private let nothing = Batch(0, 0, 0, 0)
    /// What the activations of decoder.0 and decoder.1 are multiplied by, where anything is
    /// dropped.
    var masks: [[Scalar]] = []

    init(_ model: ModelDescription, parameters: [Scalar], statistics: [Scalar]) {
        self.model = model
        self.parameters = parameters
        self.statistics = statistics
    }

    private func range(_ name: String) -> Range<Int> {
        var start = 0
        for tensor in model.tensors {
            if tensor.name == name { return start..<start + tensor.count }
            start += tensor.count
        }
        preconditionFailure("no tensor \(name)")
    }

    private func tensor(_ name: String) -> [Scalar] { Array(parameters[range(name)]) }

    /// The network's output for `x`, (samples, rows, columns); training changes the statistics.
    mutating func forward(_ x: [Scalar], isTraining: Bool) -> [Scalar] {
        let (rows, columns) = (model.lattice.rows, model.lattice.columns)
        var y = Batch(x.count / (rows * columns), 1, rows, columns, values: x)
        var tape = Tape()
        for block in 0..<6 {
            let name = "encoder.\(block)"
            tape.inputs[name] = y
            y = Layers.convolve(y, tensor("\(name).weight"), tensor("\(name).bias"))
            if block == 0 { y = normalise(y, isTraining: isTraining, &tape) }
            y = Layers.activate(y, slope: slope)
            tape.outputs[name] = y
            if block < 5 { y = Layers.pool(y) }
        }
        for block in 0..<7 {
            let name = "decoder.\(block)"
            if block >= 2 { y = Layers.upsample(y) }
            if let skipped = tape.outputs["encoder.\(6 - block)"], model.skippedChannels(block) > 0
            {
                y = Layers.concatenate(y, skipped)
            }
            tape.inputs[name] = y
            let weight = Layers.transposed(
                tensor("\(name).weight"), y.channels, model.decoderChannels[block])
            y = Layers.activate(Layers.convolve(y, weight, tensor("\(name).bias")), slope: slope)
            tape.outputs[name] = y
            if block < masks.count { y = Layers.multiply(y, masks[block]) }
        }
        self.tape = tape
        return y.values
    }

    /// The output of a block in the latest forward pass, (samples, channels, rows, columns).
    func activation(_ name: String) -> [Scalar] { tape.outputs[name]?.values ?? [] }

    private mutating func normalise(_ y: Batch, isTraining: Bool, _ tape: inout Tape) -> Batch {
        let (weight, bias) = (tensor("encoder.0.norm.weight"), tensor("encoder.0.norm.bias"))
        let channels = weight.count
        tape.inputs["norm"] = y
        guard isTraining else {
            let (mean, variance) = (Array(statistics[..<channels]), Array(statistics[channels...]))
            return Layers.normalise(y, weight, bias, mean, variance, epsilon: epsilon)
        }
        let (z, mean, variance) = Layers.normalise(y, weight, bias, epsilon: epsilon)
        (tape.mean, tape.variance) = (mean, variance)
        let count = Scalar(y.values.count / channels)
        let momentum = Scalar(Normalisation.momentum)
        for c in 0..<channels {
            statistics[c] += momentum * (mean[c] - statistics[c])
            statistics[channels + c] +=
                momentum * (variance[c] * count / (count - 1) - statistics[channels + c])
        }
        return z
    }

    /// Sets the gradient by the parameters, from the gradient by the output of the latest training
    /// pass.
    mutating func backward(_ outputGradient: [Scalar]) {
        gradient = [Scalar](repeating: 0, count: parameters.count)
        let output = tape.outputs["decoder.6", default: nothing]
        var d = Batch(output.samples, 1, output.rows, output.columns, values: outputGradient)
        var skipped: [Int: Batch] = [:]
        for block in (0..<7).reversed() {
            let name = "decoder.\(block)"
            if block < masks.count { d = Layers.multiply(d, masks[block]) }
            d = Layers.activateBackward(tape.outputs[name, default: nothing], d, slope: slope)
            let x = tape.inputs[name, default: nothing]
            let weight = Layers.transposed(tensor("\(name).weight"), x.channels, d.channels)
            let (dx, dWeight, dBias) = Layers.convolveBackward(x, weight, d)
            gradient.replaceSubrange(
                range("\(name).weight"), with: Layers.transposed(dWeight, d.channels, x.channels))
            gradient.replaceSubrange(range("\(name).bias"), with: dBias)
            d = dx
            if model.skippedChannels(block) > 0 {
                (d, skipped[6 - block]) = Layers.split(d, model.precedingChannels(block))
            }
            if block >= 2 { d = Layers.upsampleBackward(d) }
        }
        for block in (0..<6).reversed() {
            let name = "encoder.\(block)"
            if block < 5 { d = Layers.poolBackward(d) }
            if let more = skipped[block] { d = Layers.add(d, more) }
            d = Layers.activateBackward(tape.outputs[name, default: nothing], d, slope: slope)
            if block == 0 {
                let (dx, dWeight, dBias) = Layers.normaliseBackward(
                    tape.inputs["norm", default: nothing], tensor("encoder.0.norm.weight"), d,
                    mean: tape.mean, variance: tape.variance, epsilon: epsilon)
                gradient.replaceSubrange(range("encoder.0.norm.weight"), with: dWeight)
                gradient.replaceSubrange(range("encoder.0.norm.bias"), with: dBias)
                d = dx
            }
            let (dx, dWeight, dBias) = Layers.convolveBackward(
                tape.inputs[name, default: nothing], tensor("\(name).weight"), d)
            gradient.replaceSubrange(range("\(name).weight"), with: dWeight)
            gradient.replaceSubrange(range("\(name).bias"), with: dBias)
            d = dx
        }
    }
}
