internal import Documents
internal import Fields
internal import Shards
internal import Solving

/// Solves samples of one equation and puts their fields into the shared memory.
final class LabelSource {
    /// The equation, which may have open keys.
    let physics: Physics
    let accuracy: Accuracy
    /// The coefficients that are not constant: those that each sample has, then those that all
    /// share.
    let coefficients: [ShardCoefficient.Dataset]
    private let solver: Solver
    private var label: [Float]

    init(physics: Physics, accuracy: Accuracy) {
        self.physics = physics
        self.accuracy = accuracy
        coefficients =
            ShardCoefficient.drawn(under: physics) + ShardCoefficient.fixed(under: physics)
        solver = Solver(physics: physics, accuracy: accuracy)
        label = [Float](repeating: 0, count: physics.lattice.count)
    }

    /// What was found of a sample.
    struct Label {
        let solution: Solution
        /// SHA-256 of y, where it was asked for.
        let digest: Digest?
    }

    /// Solves `configuration` and writes what `places` asks for.
    func solve(
        _ configuration: Configuration, into places: FieldPlaces, digests: Bool,
        _ memory: SharedMemory
    ) throws -> Label {
        let image = SourceImage(configuration)
        let solution = solver.solve(image, physics: configuration.physics, into: &label)
        if let place = places.x {
            try memory.put(image.dense(on: physics.lattice), at: place)
        }
        if let place = places.y { try memory.put(label, at: place) }
        try putCoefficients(of: configuration, into: places, memory)
        return Label(solution: solution, digest: digests ? FieldBytes.digest(of: label) : nil)
    }

    /// Writes the coefficients that `places` asks for.
    func putCoefficients(
        of configuration: Configuration, into places: FieldPlaces, _ memory: SharedMemory
    ) throws {
        if places.coefficients.contains(where: { $0 != nil }) {
            let medium = solver.medium(of: configuration.physics)
            for (dataset, place) in zip(coefficients, places.coefficients) {
                if let place { try memory.put(dataset.values(medium), at: place) }
            }
        }
    }

    /// The contrast of `configuration`'s medium, where each sample has one of its own.
    func contrast(of configuration: Configuration) -> JSON? {
        ShardCoefficient.hasContrast(under: physics)
            ? .number(solver.medium(of: configuration.physics).contrast) : nil
    }

    /// Judges the prediction `field`.
    func judge(_ field: [Float], of configuration: Configuration, cycles: Int) -> FieldEstimate {
        solver.judge(
            field, image: SourceImage(configuration), physics: configuration.physics,
            cycles: cycles)
    }

    /// Brings the prediction `field` within `tolerance`.
    func repair(_ field: inout [Float], of configuration: Configuration, tolerance: Double)
        -> FieldRepair
    {
        solver.repair(
            &field, image: SourceImage(configuration), physics: configuration.physics,
            tolerance: tolerance)
    }

    /// What the client is told of the equation.
    var members: [String: JSON] {
        func list(_ datasets: [ShardCoefficient.Dataset]) -> JSON {
            .array(
                datasets.map {
                    .object([
                        "name": .string($0.coefficient.rawValue), "planes": .integer($0.planes),
                    ])
                })
        }
        return [
            "physics": physics.json, "drawn": list(ShardCoefficient.drawn(under: physics)),
            "shared": list(ShardCoefficient.fixed(under: physics)),
            "lattice": .array([
                .integer(physics.lattice.rows), .integer(physics.lattice.columns),
            ]),
        ]
    }
}

extension JSON {
    /// The number, or null where it is infinite or none.
    static func finite(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
}
