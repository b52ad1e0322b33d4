/// The layers of a model and the images between them.
final class Layers {
    /// The images of sources.
    let input: Images
    /// What the network makes of an image as a whole.
    let bottleneck: Images
    /// The fields.
    let output: Images
    /// In the order of the forward pass.
    private let layers: [any Layer]

    init(_ model: ModelDescription, capacity: Int) {
        let memory = LayerMemory(
            lattice: model.lattice, capacity: capacity, tensors: model.tensors)
        layers = model.layers.map { $0.make(in: memory) }
        input = memory[.input]
        bottleneck = memory[model.bottleneck]
        output = memory[.output]
    }

    /// Lets every layer take over the parameters.
    func pack(_ parameters: Floats, isTraining: Bool, workers: Workers) {
        for layer in layers { layer.pack(parameters, isTraining: isTraining, workers: workers) }
    }

    /// Computes the output of the input.
    func forward(_ pass: inout LayerPass) {
        for layer in layers { layer.forward(&pass) }
    }

    /// Writes the gradient by all parameters.
    func backward(_ pass: LayerPass, into gradient: Floats) {
        for layer in layers.reversed() { layer.backward(pass, into: gradient) }
    }
}
