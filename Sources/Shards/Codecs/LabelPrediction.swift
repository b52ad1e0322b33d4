package import Fields

/// What the archive codec must know of a shard to predict labels: the equation, what holds at the
/// sides, and the labels' grid.
///
/// Solved for the field below, the discrete equation at site (i, j) says
///
///     u(i+1, j) = u + (g↑ (u − u↑) + g← (u − u←) + g→ (u − u→) + γu − s) / g↓
///
/// with u = u(i, j) and g the conductance of each face, the harmonic mean of D of both sites (see
/// `Medium`). A label is the exact field but for its rounding, so it lies within a few steps of
/// what the two rows above it predict.
package struct LabelPrediction: Sendable {
    /// The lattice.
    package let lattice: Lattice
    /// What labels are multiples of, a power of two; nil for plain binary32.
    package let step: Double?
    let boundary: Boundary
    let isPinned: Bool
    /// Where all coefficients are constant: D across the columns and γ, both divided by D down the
    /// rows.
    let uniform: (across: Double, decay: Double)?
    /// Numbers of coefficients that are constant, where others are not.
    let down: Double?
    let across: Double?
    let decay: Double?
    /// Whether D has two planes.
    let isAnisotropic: Bool

    /// Values of D that can be predicted from; far inside the range of binary32, so that no product
    /// leaves that of binary64.
    static let diffusivities = 1e-30...1e30

    /// Creates the prediction of labels under `physics`, a dataset's, which may have open keys.
    package init(physics: Physics, step: Double?) {
        lattice = physics.lattice
        self.step = step
        boundary = physics.boundary
        isPinned = physics.sources == .pinned
        uniform = physics.uniform.map { ($0.across / $0.down, $0.decay / $0.down) }
        func constant(_ coefficient: Coefficient) -> Double? {
            if case .constant(let value) = coefficient { value } else { nil }
        }
        isAnisotropic = physics.diffusivity.coefficients.count == 2
        // D is stored whole where one of its planes varies.
        let isStored = physics.diffusivity.coefficients.contains { constant($0) == nil }
        down = isStored ? nil : constant(physics.diffusivity.down)
        across = isStored ? nil : constant(physics.diffusivity.across)
        decay = constant(physics.decayRate)
    }

    /// The coefficients of one sample that vary from site to site, as shards store them.
    package struct Coefficients: Sendable {
        /// D, one plane or two (down, across); empty where it is constant.
        package var diffusivity: [Float] = []  // (planes, rows, columns)
        /// γ; empty where it is constant.
        package var decayRate: [Float] = []  // (rows, columns)

        /// No coefficient varies.
        package init() {}

        /// Takes over the values of one dataset.
        package mutating func set(_ dataset: ShardCoefficient.Dataset, to values: [Float]) {
            switch dataset.coefficient {
            case .diffusivity: diffusivity = values
            case .decayRate: decayRate = values
            }
        }
    }

    /// Checks that `coefficients` are those that the equation asks for, and in a range in which
    /// sums stay finite.
    func check(_ coefficients: Coefficients) throws(ShardsError) {
        let planes = uniform != nil || down != nil ? 0 : isAnisotropic ? 2 : 1
        guard coefficients.diffusivity.count == planes * lattice.count,
            coefficients.decayRate.count == (uniform != nil || decay != nil ? 0 : lattice.count)
        else { throw ShardsError(.corrupt, "the coefficients are not those of the equation") }
        let range = LabelPrediction.diffusivities
        let spread = [down, across].compactMap { $0 }
        guard
            uniform != nil
                || (spread + coefficients.diffusivity.lazy.map(Double.init)).allSatisfy(
                    range.contains),
            coefficients.decayRate.allSatisfy({ $0 >= 0 && Double($0) <= range.upperBound })
        else {
            throw ShardsError(
                .format,
                "the archive codec takes diffusivities from 1e-30 to 1e30 only: use another codec")
        }
    }
}
