public import Fields

/// Which ways to a field a solver may take; see `Solver`.
public enum MethodChoice: String, Hashable, Sendable, CaseIterable {
    /// The direct one where it is the fastest and certifies the label, multigrid else.
    case auto
    /// The direct one alone: what it cannot certify has no label.
    case direct
    /// Multigrid alone: the uniform method where it applies, the general one else.
    case multigrid

    /// Why no sample of `physics` can be solved in this way, for people; nil where samples can be.
    public func objection(to physics: Physics) -> String? {
        guard self == .direct else { return nil }
        guard let coefficients = ConstantMedium(of: physics) else {
            return "diffusivity or decay_rate vary over the lattice, and the direct method is for "
                + "constant ones"
        }
        return DirectSolver.objection(to: physics.lattice, coefficients, physics.boundary)
    }

    /// An objection as a message to a person.
    public func words(_ objection: String) -> String {
        "the method '\(rawValue)' cannot solve this: \(objection); choose 'auto' or 'multigrid'"
    }
}
