/// One named array of a model.
public struct ModelTensor: Hashable, Sendable {
    /// Its name, as in a file: `encoder.0.weight`, ….
    public let name: String
    /// Its sides: (out, in, 3, 3) for convolutions, (in, out, 3, 3) for transposed ones, else
    /// (channels).
    public let shape: [Int]
    /// Whether the optimiser changes it; the statistics of batch norm are not parameters.
    public let isParameter: Bool
    /// Its values before any training.
    let initial: Initial

    /// What an array begins with.
    enum Initial: Hashable, Sendable {
        /// The same everywhere.
        case constant(Float)
        /// Uniform between minus and plus this.
        case uniform(Float)
    }

    init(_ name: String, _ shape: [Int], _ initial: Initial, isParameter: Bool = true) {
        (self.name, self.shape, self.initial) = (name, shape, initial)
        self.isParameter = isParameter
    }

    /// How many numbers it holds.
    public var count: Int { shape.reduce(1, *) }

    /// Weight and bias of a 3×3 convolution called `name`, or of a transposed one: uniform in
    /// ±1/√(9·channels), of the input for a convolution, of the output for a transposed one, whose
    /// axes PyTorch counts the other way round.
    static func kernels(_ name: String, inputs: Int, outputs: Int, isTransposed: Bool)
        -> [ModelTensor]
    {
        let sides = isTransposed ? [inputs, outputs] : [outputs, inputs]
        let bound = Initial.uniform(Float(1 / Double(sides[1] * 9).squareRoot()))
        return [
            ModelTensor("\(name).weight", sides + [3, 3], bound),
            ModelTensor("\(name).bias", [outputs], bound),
        ]
    }
}
