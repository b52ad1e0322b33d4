/// A layer of a network with its memory.
///
/// A layer is one file, which also has its plan, and a place in `ModelDescription.layers`.
protocol Layer: AnyObject {
    /// Takes over the weights from the flat parameters; those for the backward pass only for
    /// training.
    func pack(_ parameters: Floats, isTraining: Bool, workers: Workers)

    /// Computes the output of the samples of `pass` from the input.
    func forward(_ pass: inout LayerPass)

    /// Writes the gradient by the parameters into the flat `gradient`, and puts those by the inputs
    /// in their place; the output holds the gradient by it.
    func backward(_ pass: LayerPass, into gradient: Floats)
}

extension Layer {
    func pack(_: Floats, isTraining _: Bool, workers _: Workers) {}
}

/// What a layer is before it has memory.
protocol LayerPlan {
    /// Its arrays with their shapes and initial values, in their order.
    var tensors: [ModelTensor] { get }

    /// Makes the layer.
    func make(in memory: LayerMemory) -> any Layer
}

extension LayerPlan {
    var tensors: [ModelTensor] { [] }
}

/// A forward pass through all layers, and the backward pass after it.
struct LayerPass {
    /// Samples of the batch.
    let samples: Int
    /// Whether batch norm goes by the batch's own statistics.
    let isTraining: Bool
    /// What dropout draws from: the seed and the number of the pass; nil for none.
    var dropout: (seed: UInt32, number: UInt32)?
    /// The batch's first sample among all that are inferred.
    var firstSample = 0
    /// The running statistics, flat, in the order of the model's tensors.
    var statistics: [Float] = []
    /// The gradient by the network's output, (samples, rows, columns), in the backward pass.
    var outputGradient: Floats?
    let workers: Workers
}

/// Images that layers share: what one of them writes, another one reads.
struct ImagesPlan: Hashable {
    let name: String
    /// How often the lattice is halved.
    let halvings: Int
    /// nil for one channel exactly, as the network's input and output have.
    let channels: Int?

    init(_ name: String, halvings: Int, channels: Int?) {
        (self.name, self.halvings, self.channels) = (name, halvings, channels)
    }

    /// The images of sources.
    static let input = ImagesPlan("input", halvings: 0, channels: nil)
    /// The fields.
    static let output = ImagesPlan("output", halvings: 0, channels: nil)
}
