internal import Datasets
internal import Fields

extension Physics {
    /// What the physics is, in two lines for a person.
    var words: [String] {
        let length = diffusionLength.map { length in
            length.isFinite ? ", diffusion length \(Words.digits(length)) sites" : ""
        }
        return [
            "lattice  \(lattice.rows) × \(lattice.columns) sites, \(boundary.words)",
            "physics  diffusivity \(diffusivity.words), decay rate "
                + "\(decayRate.words)\(length ?? ""), sources \(sources.rawValue), overlap "
                + "\(overlap.rawValue)",
        ]
    }
}

extension Boundary {
    fileprivate var words: String {
        if self == Boundary(all: top) { return "\(top.rawValue) boundary" }
        return "boundary \(top.rawValue) at the top, \(bottom.rawValue) at the bottom, "
            + "\(left.rawValue) on the left, \(right.rawValue) on the right"
    }
}

extension Diffusivity {
    fileprivate var words: String {
        switch self {
        case .isotropic(let coefficient): coefficient.words
        case .anisotropic(let down, let across): "\(down.words) down and \(across.words) across"
        }
    }
}

extension Coefficient {
    fileprivate var words: String {
        switch self {
        case .constant(let value): return "\(value)"
        case .layered(let layers):
            return "in \(layers.values.count) layers of \(layers.axis.rawValue) "
                + "(\(range(layers.values)))"
        case .regions(let regions):
            let count = regions.regions.count
            return "\(regions.background) with \(count) \(count == 1 ? "region" : "regions") "
                + "(\(range(regions.regions.map(\.value))))"
        case .gaussian(let field):
            switch field.values {
            case .lognormal(let median, let variance, _):
                return "lognormal, median \(median), variance \(variance)"
            case .twoValued(let below, let above): return "\(below) or \(above)"
            }
        case .random(let field):
            return "random from \(field.from) to \(field.to) over lengths of "
                + "\(Words.digits(field.length)) sites ("
                + (field.key.map { "key \($0)" } ?? "drawn for each sample") + ")"
        }
    }

    private func range(_ values: [Double]) -> String {
        let (least, most) = (values.min() ?? 0, values.max() ?? 0)
        return least == most ? "\(least)" : "\(least) to \(most)"
    }
}
