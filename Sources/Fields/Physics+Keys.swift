extension Physics {
    /// Whether every random coefficient has a key, as in a `Configuration`.
    public var isRealised: Bool { openKeys == 0 }

    /// Whether a coefficient is a random field, with or without a key.
    public var isRandom: Bool {
        (diffusivity.coefficients + [decayRate]).contains {
            switch $0 {
            case .random, .gaussian: true
            case .constant, .layered, .regions: false
            }
        }
    }

    /// Whether draws of a coefficient count by their contrast, so that a medium may have none.
    public var isLognormal: Bool {
        (diffusivity.coefficients + [decayRate]).contains {
            if case .gaussian(let field) = $0 { field.isLognormal } else { false }
        }
    }

    /// Returns the physics in which the open random coefficients have these keys, in the order that
    /// `openKeys` counts.
    ///
    /// - Throws: `ConfigurationError` with code `.keys` where there are not `openKeys` of them.
    public func realised(keys: [UInt32]) throws(ConfigurationError) -> Physics {
        guard keys.count == openKeys else {
            throw ConfigurationError(
                .keys,
                "\(keys.count) keys are given, and the physics has \(openKeys) random "
                    + "coefficients without a key: there must be as many")
        }
        guard !keys.isEmpty else { return self }
        var rest = keys[...]
        func fill(_ coefficient: Coefficient) -> Coefficient {
            guard coefficient.isOpen else { return coefficient }
            switch coefficient {
            case .random(let field):
                return .random(
                    RandomCoefficient(
                        from: field.from, to: field.to, length: field.length,
                        key: rest.removeFirst()))
            case .gaussian(let field): return .gaussian(field.with(key: rest.removeFirst()))
            case .constant, .layered, .regions: return coefficient
            }
        }
        let diffusivity: Diffusivity =
            switch self.diffusivity {
            case .isotropic(let coefficient): .isotropic(fill(coefficient))
            case .anisotropic(let down, let across):
                .anisotropic(down: fill(down), across: fill(across))
            }
        return try Physics(
            lattice: lattice, boundary: boundary, diffusivity: diffusivity,
            decayRate: fill(decayRate), sources: sources, overlap: overlap)
    }

    /// Returns the keys of `realised` at this physics' open places: what `realised(keys:)` makes it
    /// from. The two must differ in keys alone.
    public func keys(of realised: Physics) -> [UInt32] {
        guard openKeys > 0 else { return [] }
        let others = realised.diffusivity.coefficients + [realised.decayRate]
        return zip(diffusivity.coefficients + [decayRate], others).compactMap { open, coefficient in
            open.isOpen ? coefficient.key : nil
        }
    }
}
