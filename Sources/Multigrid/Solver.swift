public import Fields

/// Solves −D Δu + γ u = s on one lattice by geometric multigrid, and certifies what it returns.
///
/// The operator is an M-matrix whose rows sum to at least κ = γ/D (in units of D), so max |u − u*| ≤ max |r| / κ for
/// any field u with residual r. Field and residual are in Double; corrections are computed in Float (iterative
/// refinement). A solver owns working memory for one lattice and one thread: about 30 bytes a site.
///
/// The result depends on the configuration alone: not on earlier ones, on the thread, or on the vector width.
public final class Solver {
    /// The problem that this solver is for.
    public let physics: Physics
    /// What labels must satisfy.
    public let accuracy: Accuracy
    private let hierarchy: Hierarchy
    /// γ/D.
    private let decay: Double
    private var previousWasPinned = false

    /// More cycles than any configuration needs; one that is still not there is reported as not certified.
    private static let maximumCycles = 60

    /// Creates a solver with its working memory.
    public init(physics: Physics, accuracy: Accuracy) {
        self.physics = physics
        self.accuracy = accuracy
        decay = physics.decayRate / physics.diffusivity
        hierarchy = Hierarchy(rows: physics.lattice.rows, columns: physics.lattice.columns, decay: decay)
    }

    /// Solves for the sources in `image` and writes the label.
    ///
    /// - Parameters:
    ///   - image: The source image of a configuration with this solver's physics.
    ///   - label: Receives y, (rows, columns): the field, rounded to the grid; an emitting field is divided by its
    ///     maximum first. Meaningless where the solution is not certified.
    /// - Returns: The certificate. A label that cannot be certified is a result, not an error.
    /// - Complexity: O(sites) time.
    public func solve(_ image: SourceImage, into label: inout [Float]) -> Solution {
        let pinned = physics.sources == .pinned
        let fine = hierarchy.fine
        var residuals = [fine.start(image, pinned: pinned)]
        if pinned || previousWasPinned { hierarchy.prepare() }
        previousWasPinned = pinned

        let largestValue = image.values.max() ?? 0
        var bound = Double.infinity
        var scale = 1.0
        repeat {
            residuals.append(hierarchy.cycle(full: residuals.count == 1, relaxation: 1))
            bound = fieldBound(residual: residuals[residuals.count - 1], magnitude: largestValue)
            if !pinned {
                // A field's maximum lies on a source (maximum principle), so it is known to within `bound`, and
                // |u/m − u*/m*| ≤ |u − u*|/m + |u*|/m* · |m* − m|/m ≤ 2 bound/m.
                scale = fine.largestSourceField()
                bound = scale > 0 ? 2 * bound / scale : .infinity
            }
        } while bound + accuracy.rounding(upTo: pinned ? largestValue : 1) > accuracy.tolerance
            && isWorthwhile(residuals)

        let rounding = fine.writeLabel(scale: scale, step: accuracy.step, into: &label)
        let total = bound + rounding
        return Solution(
            errorBound: total, isCertified: total <= accuracy.tolerance, cycles: residuals.count - 1,
            residuals: residuals)
    }

    /// Rigorous bound on max |u − u*| from the largest residual (as rounded to Float) of a field up to `magnitude`.
    private func fieldBound(residual: Float, magnitude: Double) -> Double {
        guard residual.isFinite else { return .infinity }
        // Rounding to Float and the nine roundings of a Double residual row are covered here, not neglected.
        let exact = Double(residual) * (1 + 0x1p-23) + 0x1p-149
        let arithmetic = 16 * 0x1p-53 * (8 + 2 * decay) * 2 * magnitude
        return (exact + arithmetic) / decay
    }

    /// Whether another cycle can still help: not after `maximumCycles`, nor where three cycles brought less than a half.
    private func isWorthwhile(_ residuals: [Float]) -> Bool {
        guard residuals.count <= Solver.maximumCycles, let last = residuals.last, last.isFinite else { return false }
        return residuals.count < 5 || last < 0.5 * residuals[residuals.count - 4]
    }
}
