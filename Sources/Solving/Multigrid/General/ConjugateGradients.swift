package import Fields

/// Flexible conjugate gradients (Golub and Ye 1999, SIAM J. Sci. Comput. 21, §2) preconditioned by
/// one V-cycle: field, residual and directions in Double, the cycle in Float.
///
/// The direction's factor is computed in the form of Polak and Ribière, which forgives that the
/// cycle's rounding makes it a slightly different operator every time.
package final class ConjugateGradients {
    /// The problem.
    package let problem: DiscreteOperator
    /// The levels that precondition it.
    package let hierarchy: GalerkinHierarchy
    /// Current approximation; pinned sites hold their values.
    package let field: SplitPlane<Double>
    /// rhs − A field, by recurrence since the last `refresh`.
    let residual: SplitPlane<Double>
    let direction: SplitPlane<Double>
    /// A direction.
    let product: SplitPlane<Double>
    /// Step length and cycle · residual of the step before; nil at the start.
    private var previous: (step: Double, energy: Double)?
    /// Square of the energy norm of the error, roughly, before the last step; it falls from step to
    /// step, which the largest residual need not do.
    package private(set) var energy = Double.infinity
    /// Largest magnitude of the residual.
    package private(set) var largest = 0.0

    /// Creates the iteration with its working memory; the problem must be assembled and the
    /// hierarchy prepared for it.
    package init(lattice: Lattice, boundary: Boundary) {
        problem = DiscreteOperator(lattice: lattice, boundary: boundary)
        hierarchy = GalerkinHierarchy(
            rows: lattice.rows, columns: lattice.columns, ring: problem.ring)
        func plane() -> SplitPlane<Double> {
            SplitPlane(rows: lattice.rows, columns: lattice.columns)
        }
        field = plane()
        residual = plane()
        direction = plane()
        product = plane()
    }

    /// Starts from zero, with one full multigrid cycle; the hierarchy must be that of the problem's
    /// operator.
    ///
    /// - Returns: The largest residuals before and after.
    package func start() -> [Double] {
        field.clear()
        problem.hold(field)
        var history = [refresh().largest]
        let scale = roundResidual()
        hierarchy.fullCycle()
        addCycle(1 / scale)
        history.append(refresh().largest)
        return history
    }

    /// Computes the residual afresh, with a rigorous bound on it.
    package func refresh() -> DiscreteOperator.Defect {
        field.close(problem.ring)
        let defect = problem.residual(of: field, into: residual)
        largest = defect.largest
        return defect
    }

    /// Forgets the directions.
    package func restart() {
        previous = nil
        energy = .infinity
    }

    /// One step. Returns false, and changes nothing, where the direction is none any more.
    package func step() -> Bool {
        let scale = roundResidual()
        hierarchy.cycle()
        let (withResidual, withProduct) = products()
        let energy = withResidual / scale
        guard energy > 0, energy.isFinite else { return false }
        let factor = previous.map { -$0.step * (withProduct / scale) / $0.energy } ?? 0
        turn(1 / scale, max(factor, 0))
        direction.close(problem.ring)
        let curvature = problem.multiply(direction, into: product)
        guard curvature > 0, curvature.isFinite else { return false }
        let step = energy / curvature
        advance(step)
        previous = (step, energy)
        self.energy = energy
        return true
    }

    /// Rounds the residual to the finest level's right-hand side.
    ///
    /// - Returns: The power of two that it was multiplied with, which keeps it from Float's
    ///   subnormal numbers.
    private func roundResidual() -> Double {
        let scale = largest > 0 && largest.isFinite ? 1 / largest.binade : 1
        residual.round(scale, into: hierarchy.levels[0].rhs)
        return scale
    }

    private func advance(_ step: Double) { largest = advance(by: step) }
}
