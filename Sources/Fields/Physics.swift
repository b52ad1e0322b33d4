/// What a source does to the field.
public enum SourceModel: String, Hashable, Sendable, CaseIterable {
    /// The field equals the source's value on its sites (Toledo-Marín et al. 2023, §1).
    case pinned
    /// The source adds an amount in proportion to its value to its sites, the same factor
    /// everywhere, and the field is divided by its maximum, so the factor does not matter (the
    /// paper's released generator has the decay rate).
    case emitting
}

/// What holds at a site that more than one source covers.
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

/// The equation −∇·(D∇u) + γu = s on a lattice with unit spacing, what holds at its sides, and what
/// its sources mean.
///
/// Discretised by 5-point finite volumes. A random coefficient may be without a key: such a physics
/// stands for many, and `realised(keys:)` gives the one of a sample.
public struct Physics: Hashable, Sendable {
    /// The lattice.
    public let lattice: Lattice
    /// What holds at the four sides.
    public let boundary: Boundary
    /// Diffusivity D, in sites² per unit of time; in `diffusivities`.
    public let diffusivity: Diffusivity
    /// Decay rate γ, per unit of time; at least 0.
    public let decayRate: Coefficient
    /// What sources do.
    public let sources: SourceModel
    /// What holds where sources overlap.
    public let overlap: OverlapPolicy
    /// The number of random coefficients without a key, 0 to 3: of D, or of D down and D across,
    /// then of γ.
    public let openKeys: Int
    /// What ids begin with.
    let canonicalForm = CanonicalPhysics()

    /// D where none is given.
    public static let defaultDiffusivity = 1.0
    /// γ where none is given: a diffusion length of 20 sites.
    public static let defaultDecayRate = 1.0 / 400
    /// The range of γ/D that is supported, wherever γ is not 0: diffusion lengths from a third of a
    /// site to a thousand sites. Where both vary it holds for every value of one with every value
    /// of the other.
    public static let decayPerDiffusivity = 1e-6...10.0
    /// The range of D that is supported: the unit of time is free, as only γ/D enters a field, but
    /// shards hold coefficients in binary32.
    public static let diffusivities = 1e-30...1e30

    /// Creates a problem's physics with constant coefficients.
    ///
    /// - Throws: as the general initialiser.
    public init(
        lattice: Lattice, boundary: Boundary = .absorbing, diffusivity: Double = defaultDiffusivity,
        decayRate: Double = defaultDecayRate, sources: SourceModel = .pinned,
        overlap: OverlapPolicy? = nil
    ) throws(ConfigurationError) {
        try self.init(
            lattice: lattice, boundary: boundary, diffusivity: .isotropic(.constant(diffusivity)),
            decayRate: .constant(decayRate), sources: sources, overlap: overlap)
    }

    /// Creates a problem's physics.
    ///
    /// - Throws: `ConfigurationError` with code `.physics` where a D is outside `diffusivities`, a
    ///   γ negative or not finite, D varies by more than `Medium.maximumContrast`, a γ/D is outside
    ///   `decayPerDiffusivity`, a coefficient does not fit the lattice, or nothing holds the field:
    ///   emitting sources, no absorbing side, and no decay anywhere.
    public init(
        lattice: Lattice, boundary: Boundary = .absorbing, diffusivity: Diffusivity,
        decayRate: Coefficient, sources: SourceModel = .pinned, overlap: OverlapPolicy? = nil
    ) throws(ConfigurationError) {
        self.lattice = lattice
        self.boundary = boundary
        self.diffusivity = diffusivity
        self.decayRate = decayRate
        self.sources = sources
        self.overlap = overlap ?? (sources == .pinned ? .max : .sum)
        openKeys = (diffusivity.coefficients + [decayRate]).count(where: \.isOpen)
        switch diffusivity {
        case .isotropic(let coefficient): try coefficient.check(on: lattice, name: "diffusivity")
        case .anisotropic(let down, let across):
            try down.check(on: lattice, name: "diffusivity.down")
            try across.check(on: lattice, name: "diffusivity.across")
        }
        try decayRate.check(on: lattice, name: "decay_rate")
        try checkValues()
        guard isWellPosed else {
            throw ConfigurationError(
                .physics,
                "nothing holds the field: the sources emit, no side is absorbing and the decay "
                    + "rate is 0 everywhere. Give it a decay rate somewhere, an absorbing side, "
                    + "or pinned sources")
        }
    }

    /// Checks ranges, contrast and quotients of the values that the coefficients may take.
    private func checkValues() throws(ConfigurationError) {
        let spread = diffusivity.coefficients.flatMap(\.values)
        let rates = decayRate.values
        if let wrong = spread.first(where: { !Physics.diffusivities.contains($0) }) {
            throw ConfigurationError(
                .physics,
                "a diffusivity of \(wrong) is not supported: D must be from "
                    + "\(Physics.diffusivities.lowerBound) to "
                    + "\(Physics.diffusivities.upperBound); only γ/D enters the field, so choose "
                    + "another unit of time")
        }
        if let wrong = rates.first(where: { !($0 >= 0 && $0.isFinite) }) {
            throw ConfigurationError(
                .physics,
                "a decay rate of \(wrong) is not supported: it must be 0, or from "
                    + "\(Physics.decayPerDiffusivity.lowerBound) to "
                    + "\(Physics.decayPerDiffusivity.upperBound) times the diffusivity")
        }
        let (least, most) = (
            spread.reduce(.infinity) { min($0, $1) }, spread.reduce(0) { max($0, $1) }
        )
        // One Gaussian field keeps within its contrast; beside another coefficient all it may take
        // counts.
        let contrast: Double
        if case .isotropic(.gaussian(let field)) = diffusivity {
            contrast = field.maximumContrast
        } else {
            contrast = most / least
        }
        guard contrast <= Medium.maximumContrast else {
            throw ConfigurationError(
                .physics,
                "the diffusivity varies from \(least) to \(most), a contrast of \(contrast): "
                    + "at most \(Medium.maximumContrast) is supported")
        }
        for rate in rates where rate > 0 {
            let quotients = (rate / most, rate / least)
            guard quotients.0 >= Physics.decayPerDiffusivity.lowerBound,
                quotients.1 <= Physics.decayPerDiffusivity.upperBound
            else {
                throw ConfigurationError(
                    .physics,
                    "diffusivity \(least == most ? "\(least)" : "\(least) to \(most)") with decay "
                        + "rate \(rate) is not supported: decay rate / diffusivity must be from "
                        + "\(Physics.decayPerDiffusivity.lowerBound) to "
                        + "\(Physics.decayPerDiffusivity.upperBound), or the decay rate 0")
            }
        }
    }

    /// Whether every configuration has exactly one field.
    private var isWellPosed: Bool {
        if sources == .pinned || boundary.isAbsorbingSomewhere || !decayRate.values.contains(0) {
            return true
        }
        // A region with decay may be painted over.
        return decayRate.evaluated(on: lattice, boundary: boundary).contains { $0 > 0 }
    }

    /// Distance over which a free field falls by a factor of e, √(D/γ), in sites; nil where it
    /// differs from place to place or with the direction, infinite where nothing decays.
    public var diffusionLength: Double? {
        guard let uniform, uniform.down == uniform.across else { return nil }
        return (uniform.down / uniform.decay).squareRoot()
    }
}
