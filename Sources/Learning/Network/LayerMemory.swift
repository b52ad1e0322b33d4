internal import Fields

/// The images of a network, and the places of its parameters.
final class LayerMemory {
    private let lattice: Lattice
    private let capacity: Int
    private let starts: [String: Int]
    private var images: [ImagesPlan: Images] = [:]

    /// Memory for `capacity` samples of a network with `tensors`.
    init(lattice: Lattice, capacity: Int, tensors: [ModelTensor]) {
        (self.lattice, self.capacity) = (lattice, capacity)
        var starts: [String: Int] = [:]
        var (parameters, statistics) = (0, 0)
        for tensor in tensors {
            starts[tensor.name] = tensor.isParameter ? parameters : statistics
            if tensor.isParameter { parameters += tensor.count } else { statistics += tensor.count }
        }
        self.starts = starts
    }

    /// The images that are planned, the same for everyone who asks.
    subscript(plan: ImagesPlan) -> Images {
        if let images = images[plan] { return images }
        let made = Images(
            capacity: capacity, rows: lattice.rows >> plan.halvings,
            columns: lattice.columns >> plan.halvings, channels: plan.channels)
        images[plan] = made
        return made
    }

    /// Where a tensor starts in the flat array of parameters, or in that of statistics.
    func start(_ tensor: String) -> Int {
        guard let start = starts[tensor] else { preconditionFailure("there is no \(tensor)") }
        return start
    }
}
