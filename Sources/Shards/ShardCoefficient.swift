public import Fields

/// A coefficient of the equation that a shard carries beside x and y, for those who train on it.
///
/// One that is drawn for each sample has one chunk per sample; one that is the same for all
/// samples, but not constant, is stored once; a constant is in the attribute `physics` alone.
public enum ShardCoefficient: String, Hashable, Sendable, CaseIterable {
    /// D: one plane, or two (down, across) where it is anisotropic.
    case diffusivity
    /// γ: one plane.
    case decayRate = "decay_rate"

    /// A coefficient's dataset: which, and with how many planes.
    public struct Dataset: Hashable, Sendable {
        /// Which coefficient.
        public let coefficient: ShardCoefficient
        /// 1, or 2 for down and across.
        public let planes: Int

        /// Creates a description.
        public init(_ coefficient: ShardCoefficient, planes: Int) {
            self.coefficient = coefficient
            self.planes = planes
        }

        /// Returns the values on `medium`, rounded to binary32, (planes, rows, columns).
        public func values(_ medium: Medium) -> [Float] {
            switch coefficient {
            case .diffusivity:
                (planes == 2 ? medium.down + medium.across : medium.down).map { Float($0) }
            case .decayRate: medium.decay.map { Float($0) }
            }
        }

        /// The shape of one sample's values.
        func extent(_ lattice: Lattice) -> [Int] {
            (planes == 1 ? [] : [planes]) + [lattice.rows, lattice.columns]
        }
    }

    /// The datasets that are drawn for each sample under `physics`, a design's, which may have open
    /// keys.
    public static func drawn(under physics: Physics) -> [Dataset] {
        datasets(physics) { $0.contains(where: \.isOpen) }
    }

    /// The datasets that are the same for all samples under `physics`, and not constant.
    public static func fixed(under physics: Physics) -> [Dataset] {
        let drawn = Set(drawn(under: physics))
        return datasets(physics) { $0.contains { if case .constant = $0 { false } else { true } } }
            .filter { !drawn.contains($0) }
    }

    /// Whether each sample has a contrast of its own under `physics`: D is drawn for each.
    public static func hasContrast(under physics: Physics) -> Bool {
        physics.diffusivity.coefficients.contains(where: \.isOpen)
    }

    private static func datasets(_ physics: Physics, where isWanted: ([Coefficient]) -> Bool)
        -> [Dataset]
    {
        let diffusivity = physics.diffusivity.coefficients
        var datasets: [Dataset] = []
        if isWanted(diffusivity) {
            datasets.append(Dataset(.diffusivity, planes: diffusivity.count))
        }
        if isWanted([physics.decayRate]) { datasets.append(Dataset(.decayRate, planes: 1)) }
        return datasets
    }
}
