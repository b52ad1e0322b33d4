/// Evaluates media one after another. What the draws of a Gaussian field have in common is found
/// once for the latest covariances.
public struct MediumDraws {
    /// What a Gaussian field is drawn from.
    private struct Origin: Equatable {
        let covariance: GaussianCovariance
        let lattice: Lattice
        let boundary: Boundary
    }

    /// Of D down, D across and γ.
    private var fields: [(origin: Origin, field: GaussianField)] = []
    private static let kept = 3

    /// Creates what has drawn nothing yet.
    public init() {}

    /// The coefficients of `physics` on every site. It must be realised.
    public mutating func medium(of physics: Physics) -> Medium {
        precondition(
            physics.isRealised, "a physics with open keys has no medium; see realised(keys:)")
        let (down, isDownInRange) = values(physics.diffusivity.down, physics)
        var (across, isAcrossInRange) = (down, isDownInRange)
        if case .anisotropic(_, let coefficient) = physics.diffusivity {
            (across, isAcrossInRange) = values(coefficient, physics)
        }
        let (decay, isDecayInRange) = values(physics.decayRate, physics)
        return Medium(
            lattice: physics.lattice, down: down, across: across, decay: decay,
            isInRange: isDownInRange && isAcrossInRange && isDecayInRange)
    }

    private mutating func values(_ coefficient: Coefficient, _ physics: Physics) -> (
        [Double], isInRange: Bool
    ) {
        guard case .gaussian(let field) = coefficient else {
            return (
                coefficient.evaluated(on: physics.lattice, boundary: physics.boundary), true
            )
        }
        let origin = Origin(
            covariance: field.covariance, lattice: physics.lattice, boundary: physics.boundary)
        return field.field(from: source(origin))
    }

    private mutating func source(_ origin: Origin) -> GaussianField {
        if let known = fields.first(where: { $0.origin == origin }) { return known.field }
        let field = GaussianField(
            origin.covariance, on: origin.lattice, boundary: origin.boundary)
        if fields.count == MediumDraws.kept { fields.removeFirst() }
        fields.append((origin, field))
        return field
    }
}
