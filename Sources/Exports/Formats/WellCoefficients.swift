internal import Datasets
internal import Fields
internal import Shards

/// D and γ in The Well's format: scalars where they are constant, fields where they vary, of each
/// sample or of all.
struct WellCoefficients {
    private let reader: ShardReader
    /// Constant coefficients, by name.
    private let scalars: [(name: String, value: Double)]

    /// Looks at the coefficients of a shard under `physics`.
    init(_ reader: ShardReader, physics: Physics) throws {
        self.reader = reader
        let fields = reader.coefficients + reader.fixedCoefficients
        var scalars: [(name: String, value: Double)] = []
        func add(_ coefficient: ShardCoefficient, _ parts: [Coefficient]) {
            guard !fields.contains(where: { $0.coefficient == coefficient }) else { return }
            let names = ShardCoefficient.Dataset(coefficient, planes: parts.count).planeNames
            for (name, part) in zip(names, parts) {
                if case .constant(let value) = part { scalars.append((name, value)) }
            }
        }
        add(.diffusivity, physics.diffusivity.coefficients)
        add(.decayRate, [physics.decayRate])
        self.scalars = scalars
    }

    /// The fields beside the one that is learnt.
    var names: [String] {
        (reader.coefficients + reader.fixedCoefficients).flatMap(\.planeNames)
    }

    /// Writes the attributes of the root and the group of scalars.
    func writeRoot(_ document: HDF5Document, trajectories: Int) throws {
        try document.setAttribute("dataset_name", of: "/", to: .text("steadyset"))
        try document.setAttribute("grid_type", of: "/", to: .text("cartesian"))
        try document.setAttribute("n_spatial_dims", of: "/", to: .integer(2))
        try document.setAttribute("n_trajectories", of: "/", to: .integer(trajectories))
        try document.setAttribute("simulation_parameters", of: "/", to: .texts(scalars.map(\.name)))
        try document.makeGroup("/scalars")
        try document.setAttribute("field_names", of: "/scalars", to: .texts(scalars.map(\.name)))
        for (name, value) in scalars {
            try document.setAttribute(name, of: "/", to: .number(value))
            try document.writeArray(.number(value), shape: [], named: "/scalars/\(name)")
            try document.flag("/scalars/\(name)", sample: false, time: false)
        }
    }

    /// Creates the fields of each sample, and writes those of all.
    func writeFields(
        _ document: HDF5Document, trajectories: Int, blosc: (level: Int, shuffle: Bool)?
    ) throws {
        let (rows, columns) = (reader.lattice.rows, reader.lattice.columns)
        for dataset in reader.coefficients {
            for name in dataset.planeNames {
                try document.makeChunked(
                    "/t0_fields/\(name)", shape: [trajectories, rows, columns],
                    chunk: [1, rows, columns], blosc: dataset.planes == 1 ? blosc : nil)
                try document.flag("/t0_fields/\(name)", sample: true, time: false, dimensions: true)
            }
        }
        for dataset in reader.fixedCoefficients {
            let values = try reader.fixedCoefficient(dataset)
            for (plane, name) in dataset.planeNames.enumerated() {
                let part = Array(values[plane * rows * columns..<(plane + 1) * rows * columns])
                try document.writeArray(
                    .floats(part), shape: [rows, columns], named: "/t0_fields/\(name)")
                try document.flag(
                    "/t0_fields/\(name)", sample: false, time: false, dimensions: true)
            }
        }
    }
}

extension HDF5Document {
    /// Says what The Well's loader asks of every field and scalar.
    func flag(_ name: String, sample: Bool, time: Bool, dimensions: Bool = false) throws {
        try setAttribute("sample_varying", of: name, to: .truth(sample))
        try setAttribute("time_varying", of: name, to: .truth(time))
        if dimensions { try setAttribute("dim_varying", of: name, to: .truths([true, true])) }
    }
}
