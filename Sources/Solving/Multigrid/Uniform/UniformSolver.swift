package import Fields

/// Multigrid for constant coefficients and absorbing sides: −D Δu + γ u = s.
///
/// The operator is an M-matrix, so its inverse is positive and bounds the error of any field by the
/// norms of its residual (`ErrorBarrier`). The certified field and its residual are in Double;
/// corrections, and the whole of the first cycles, are computed in Float (iterative refinement). A
/// solver owns working memory for one lattice and one thread: about 45 bytes a site.
package final class UniformSolver {
    let hierarchy: Hierarchy
    let barrier: ErrorBarrier
    private var previousWasPinned = false

    /// Factors of the correction in turn.
    ///
    /// The cycle leaves between nothing and a tenth of every smooth error, so that a correction
    /// that is a little too large reduces the rest of it; taking every second one as it is damps
    /// what that does to rough errors (a Chebyshev semi-iteration in all but its tuning, Varga
    /// 1962, §5.1). More is left around pinned sites.
    static func relaxation(cycle: Int, pinned: Bool) -> Float {
        guard pinned else { return cycle & 1 == 1 ? 1.05 : 1 }
        guard cycle > 0, cycle & 1 == 0 else { return 1 }
        return cycle & 2 == 2 ? 1.08 : 1.11
    }

    /// More cycles than any configuration needs; one that is still not there is reported as not
    /// certified.
    private static let maximumCycles = 60

    /// Creates a solver with its working memory; `decay` is γ/D, positive.
    package init(lattice: Lattice, decay: Double) {
        barrier = ErrorBarrier(rows: lattice.rows, columns: lattice.columns, decay: decay)
        hierarchy = Hierarchy(rows: lattice.rows, columns: lattice.columns, decay: decay)
    }

    /// Solves and writes the label as `Solver.solve` does.
    package func solve(
        _ image: SourceImage, pinned: Bool, accuracy: Accuracy, into label: inout [Float]
    ) -> Solution {
        let fine = hierarchy.fine
        var residuals = [fine.start(image, pinned: pinned)]
        prepare(pinned: pinned)

        let largestValue = image.values.max() ?? 0
        var bound = Double.infinity
        var magnitude = largestValue
        var scale = 1.0
        var stage = FineLevel.Stage.draft
        repeat {
            let relaxation = UniformSolver.relaxation(cycle: residuals.count - 1, pinned: pinned)
            stage = UniformSolver.stage(after: stage, residuals)
            let norms = hierarchy.cycle(
                full: residuals.count == 1, relaxation: relaxation, stage: stage)
            residuals.append(norms.largest)
            if stage == .draft { continue }
            if !pinned { scale = fine.largestSourceField() }
            bound = barrier.bound(norms, magnitude: pinned ? largestValue : scale)
            if !pinned {
                // A field's maximum lies on a source (maximum principle), so it is known to within
                // `bound`, and
                // |u/m − u*/m*| ≤ |u − u*|/m + |u*|/m* · |m* − m|/m ≤ 2 bound/m.
                bound = scale > 0 ? 2 * bound / scale : .infinity
                magnitude = 1
            }
            bound += accuracy.rounding(upTo: magnitude + min(bound, magnitude))
        } while bound > accuracy.tolerance && isWorthwhile(residuals)

        fine.writeLabel(scale: scale, step: accuracy.step, into: &label)
        return Solution(
            method: .uniform, errorBound: bound, isCertified: bound <= accuracy.tolerance,
            cycles: residuals.count - 1, residuals: residuals)
    }

    /// Adapts the levels to the sites that the fine level has pinned, if any, or had.
    func prepare(pinned: Bool) {
        if pinned || previousWasPinned { hierarchy.prepare() }
        previousWasPinned = pinned
    }

    /// The stage of the next cycle: a draft until the residual is a thousandth of the first one,
    /// far above what rounding to Float leaves.
    private static func stage(after last: FineLevel.Stage, _ residuals: [Float]) -> FineLevel.Stage
    {
        guard last == .draft else { return .refinement }
        return residuals[residuals.count - 1] > 0x1p-10 * residuals[0] ? .draft : .conversion
    }

    /// Whether another cycle can still help: not after `maximumCycles`, nor where three cycles
    /// brought less than a half.
    private func isWorthwhile(_ residuals: [Float]) -> Bool {
        guard residuals.count <= UniformSolver.maximumCycles, let last = residuals.last,
            last.isFinite
        else { return false }
        return residuals.count < 5 || last < 0.5 * residuals[residuals.count - 4]
    }
}
