/// What a source does to the field.
public enum SourceModel: String, Hashable, Sendable, CaseIterable {
    /// The field equals the source's value on its sites (Toledo-Marín et al. 2023, §1).
    case pinned
    /// The source adds decay rate × value to its sites, and the field is divided by its maximum (the paper's
    /// released generator).
    case emitting
}

/// What holds at a site that more than one disk covers.
public enum OverlapPolicy: String, Hashable, Sendable, CaseIterable {
    /// The largest of the values.
    case max
    /// The sum of the values.
    case sum
    /// The value of the source that comes last.
    case last
    /// Not allowed: sampling draws again, an import is refused.
    case forbid
}

/// The equation −∇·(D∇u) + γu = s on a lattice with unit spacing, and what its sources mean.
///
/// Discretised by 5-point finite volumes; u vanishes on the ghost sites (absorbing boundary).
public struct Physics: Hashable, Sendable {
    /// The lattice.
    public let lattice: Lattice
    /// Diffusivity D, in sites² per unit of time; positive.
    public let diffusivity: Double
    /// Decay rate γ, per unit of time; positive.
    public let decayRate: Double
    /// What sources do.
    public let sources: SourceModel
    /// What holds where disks overlap.
    public let overlap: OverlapPolicy

    /// The range of γ/D that is supported: diffusion lengths from a third of a site to a thousand sites.
    public static let decayPerDiffusivity = 1e-6...10.0

    /// Creates a problem's physics.
    ///
    /// - Throws: `ConfigurationError` with code `.physics` where a constant is not positive and finite, or γ/D is
    ///   outside `decayPerDiffusivity`.
    public init(
        lattice: Lattice, diffusivity: Double = 1, decayRate: Double = 1.0 / 400, sources: SourceModel = .pinned,
        overlap: OverlapPolicy? = nil
    ) throws(ConfigurationError) {
        let ratio = decayRate / diffusivity
        guard diffusivity.isFinite, diffusivity > 0, decayRate.isFinite, decayRate > 0,
            Physics.decayPerDiffusivity.contains(ratio)
        else {
            throw ConfigurationError(
                .physics,
                "diffusivity \(diffusivity) with decay rate \(decayRate) is not supported: both must be positive and "
                    + "decay rate / diffusivity from \(Physics.decayPerDiffusivity.lowerBound) to "
                    + "\(Physics.decayPerDiffusivity.upperBound)")
        }
        self.lattice = lattice
        self.diffusivity = diffusivity
        self.decayRate = decayRate
        self.sources = sources
        self.overlap = overlap ?? (sources == .pinned ? .max : .sum)
    }

    /// Distance over which a free field falls by a factor of e, √(D/γ), in sites.
    public var diffusionLength: Double { (diffusivity / decayRate).squareRoot() }

    /// The members that manifests and ids are made from.
    public var json: JSON {
        .object([
            "lattice": .array([.number(Double(lattice.rows)), .number(Double(lattice.columns))]),
            "diffusivity": .number(diffusivity),
            "decay_rate": .number(decayRate),
            "boundary": .string("absorbing"),
            "sources": .string(sources.rawValue),
            "overlap": .string(overlap.rawValue),
        ])
    }
}

extension Physics {
    /// Reads what `json` writes; members that it does not know are the schema's business.
    ///
    /// - Throws: `ConfigurationError` with code `.physics` where a member is missing or not possible.
    public init(json: JSON) throws(ConfigurationError) {
        guard let sides = json["lattice"]?.array?.compactMap(\.int), sides.count == 2,
            let diffusivity = json["diffusivity"]?.double, let decayRate = json["decay_rate"]?.double,
            json["boundary"] == .string("absorbing"),
            let sources = json["sources"]?.string.flatMap(SourceModel.init),
            let overlap = json["overlap"]?.string.flatMap(OverlapPolicy.init)
        else { throw ConfigurationError(.physics, "the physics in a manifest is incomplete or not of this version") }
        try self.init(
            lattice: try Lattice(rows: sides[0], columns: sides[1]), diffusivity: diffusivity, decayRate: decayRate,
            sources: sources, overlap: overlap)
    }
}
