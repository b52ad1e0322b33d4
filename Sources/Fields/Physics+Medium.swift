extension Physics {
    /// The three numbers where all coefficients are constant, or nil: D down the rows, D across the
    /// columns, γ.
    public var uniform: (down: Double, across: Double, decay: Double)? {
        guard case .constant(let down) = diffusivity.down,
            case .constant(let across) = diffusivity.across, case .constant(let decay) = decayRate
        else { return nil }
        return (down, across, decay)
    }

    /// The coefficients on every site. The physics must be realised. O(sites) time and memory.
    public func medium() -> Medium {
        var draws = MediumDraws()
        return draws.medium(of: self)
    }
}

extension Coefficient {
    /// The coefficient on every site of `lattice`, (rows, columns); a random one must have a key.
    /// O(sites) time, O(sites · log sites) where a Gaussian field decides.
    public func evaluated(on lattice: Lattice, boundary: Boundary) -> [Double] {
        switch self {
        case .constant(let value): return [Double](repeating: value, count: lattice.count)
        case .layered(let layers):
            let side = layers.axis == .rows ? lattice.rows : lattice.columns
            var layer = 0
            let line = (0..<side).map { place in
                if layer < layers.edges.count, place >= layers.edges[layer] { layer += 1 }
                return layers.values[layer]
            }
            return (0..<lattice.count).map {
                line[layers.axis == .rows ? $0 / lattice.columns : $0 % lattice.columns]
            }
        case .regions(let regions):
            var values = [Double](repeating: regions.background, count: lattice.count)
            for region in regions.regions {
                region.forEachRun(on: lattice) { for site in $0 { values[site] = region.value } }
            }
            return values
        case .random(let field): return field.field(on: lattice, boundary: boundary)
        case .gaussian(let field):
            let source = GaussianField(field.covariance, on: lattice, boundary: boundary)
            return field.field(from: source).values
        }
    }
}
