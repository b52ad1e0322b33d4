package import Fields

/// Solves −∇·(D∇u) + γu = s for any medium, boundary and sources on one lattice, and certifies what
/// it returns.
///
/// Black-box multigrid under iterative refinement, and conjugate gradients where that gains too
/// little or the finest level needs lines; field and residual in Double, cycles in Float. The
/// certificate rests on A's inverse, which has no negative entries: max |u − u*| ≤ max |r| ·
/// ‖A⁻¹‖∞. Where γ is positive everywhere ‖A⁻¹‖∞ ≤ 1/min γ, since A·1 ≥ min γ. Otherwise, or where
/// that is poor, any w with A w ≥ θ > 0 shows ‖A⁻¹‖∞ ≤ max w / θ (w = A⁻¹(A w) ≥ θ A⁻¹1); w is
/// computed by the same multigrid from A w ≈ 1, and A w is verified in Double. Pinning sites only
/// takes rows and columns out of A, which lowers its inverse (Fan 1958: a principal submatrix of an
/// M-matrix is one, and its inverse is below that part of the inverse), so one w serves all
/// obstacles.
///
/// The result depends on the medium, the boundary and the image alone: not on earlier ones, the
/// thread or the vector width. A solver owns working memory for one lattice and one thread.
package final class MediumSolver {
    /// The lattice that this solver is for.
    package let lattice: Lattice
    /// What holds at its sides.
    package let boundary: Boundary
    /// The problem at hand, its field in Double, and what solves it.
    package let iteration: ConjugateGradients
    /// What solves it faster, where it suits the operator.
    private let refinement: Refinement
    private var medium: Medium?
    /// What the medium's coefficients were multiplied with; see `TimeUnit`.
    private(set) var unit = 1.0
    /// Bound on ‖A⁻¹‖∞ without obstacles; infinite where nothing holds the field.
    private var openBound: Double?
    /// Largest entry of D of the medium that `openBound` is for.
    private var largestDiffusivity = 0.0
    /// The same with the current obstacles, where that was needed.
    private var pinnedBound: Double?
    /// The squared energy norm of the error before each step of conjugate gradients of the last
    /// solution, roughly: what a step reduces. Empty where there was none.
    package private(set) var energies: [Double] = []
    /// Pinned sites of the operator that the hierarchy was made from; nil before.
    private var prepared: [Int]?

    /// Far more steps than any configuration of a search of hundreds of thousands needs: about ten,
    /// some forty at most. What is not there by then is not certified.
    static let maximumSteps = 400
    /// Steps in a row that do not halve the residual in the norm of the cycle, after which its
    /// certified bound is looked at.
    private static let patience = 12
    /// Such looks in a row that find no better bound, after which none will come: the limit of
    /// Double.
    private static let looks = 3

    /// Creates a solver with its working memory.
    package init(lattice: Lattice, boundary: Boundary) {
        self.lattice = lattice
        self.boundary = boundary
        iteration = ConjugateGradients(lattice: lattice, boundary: boundary)
        refinement = Refinement(iteration)
    }

    /// Takes over a medium; does nothing where it is the one before.
    ///
    /// A is taken in a unit of time of its own (`TimeUnit`).
    package func prepare(_ medium: Medium) {
        unit = TimeUnit.factor(
            forDiffusivity: max(medium.down.max() ?? 1, medium.across.max() ?? 1))
        let medium = medium.scaled(by: unit)
        if self.medium == medium { return }
        self.medium = medium
        openBound = nil
        prepared = nil
    }

    /// Solves for the sources in `image` and writes the label.
    ///
    /// An emitting image is the right-hand side itself: any factor drops out when the field is
    /// divided by its maximum, so γ need not be positive.
    ///
    /// - Parameters:
    ///   - image: The image; its sites hold their values where `pinned` is set, else they emit
    ///     them.
    ///   - label: Receives the field, (rows, columns), rounded to the grid; an emitting field is
    ///     divided by its maximum first. Meaningless where the solution is not certified.
    /// - Returns: The certificate. A label that cannot be certified is a result, not an error; so
    ///   is a problem in which nothing holds the field (no absorbing side, no decay, no pinned
    ///   site).
    package func solve(
        _ image: SourceImage, pinned: Bool, accuracy: Accuracy, into label: inout [Float]
    ) -> Solution {
        precondition(label.count == lattice.count, "the label has another lattice's size")
        guard let inverseBound = prepareBound(image, pinned: pinned) else {
            return .none(by: .general)
        }
        let (bound, scale, residuals) = iterate(image, pinned, accuracy, inverseBound)
        iteration.field.writeLabel(scale: scale, step: accuracy.step, into: &label)
        return Solution(
            method: .general, errorBound: bound, isCertified: bound <= accuracy.tolerance,
            cycles: max(residuals.count - 1, 0), residuals: residuals.map { Float($0) })
    }
}

extension MediumSolver {
    /// Assembles the problem and its hierarchy; returns a bound on ‖A⁻¹‖∞, or nil where nothing
    /// holds the field.
    func prepareBound(_ image: SourceImage, pinned: Bool) -> Double? {
        guard isHeld(image, pinned: pinned) else { return nil }
        let bound = inverseBound(image, pinned: pinned)
        load(image, pinned: pinned)
        return bound
    }

    /// Whether the problem has one solution: an absorbing side, decay or a pinned site holds the
    /// field.
    private func isHeld(_ image: SourceImage, pinned: Bool) -> Bool {
        if boundary.isAbsorbingSomewhere || pinned && !image.sites.isEmpty { return true }
        return medium?.decay.contains { $0 > 0 } ?? false
    }

    /// Assembles the problem, and its hierarchy where the operator is not that of the problem
    /// before.
    private func load(_ image: SourceImage, pinned: Bool) {
        guard let medium else { preconditionFailure("a solver must be given a medium first") }
        let problem = iteration.problem
        let sites = pinned ? image.sites : []
        if prepared == sites, sites.isEmpty { return problem.emit(image) }
        problem.assemble(medium, image, pins: pinned)
        if prepared == sites { return }
        iteration.hierarchy.prepare(problem.matrix)
        prepared = sites
        pinnedBound = nil
    }

    private func iterate(
        _ image: SourceImage, _ pinned: Bool, _ accuracy: Accuracy, _ inverseBound: Double
    ) -> (bound: Double, scale: Double, residuals: [Double]) {
        let certificate = Certificate(
            pinned: pinned, largestValue: image.values.map(\.magnitude).max() ?? 0,
            accuracy: accuracy, inverseBound: inverseBound)
        energies = []
        iteration.restart()
        if refinement.isSuitable {
            let (bound, scale) = refine(certificate)
            let residuals = refinement.residuals
            if bound <= accuracy.tolerance { return (bound, scale, residuals) }
            _ = iteration.refresh()
            // A field that is further off than nothing is no start.
            if iteration.largest < residuals[0] { return descend(certificate, residuals) }
        }
        return descend(certificate, iteration.start())
    }

    /// Refines as long as that pays; returns what it got to.
    private func refine(_ certificate: Certificate) -> (bound: Double, scale: Double) {
        refinement.start()
        var (bound, scale, goal) = (Double.infinity, 1.0, 0.0)
        repeat {
            let defect = refinement.round(goal: goal)
            scale = certificate.pinned ? 1 : iteration.field.largest
            bound = certificate.bound(defect.bound, scale)
            goal = certificate.goal(scale)
        } while bound > certificate.accuracy.tolerance && refinement.isGaining
        return (bound, scale)
    }

    /// Steps of conjugate gradients from the field and residual at hand.
    private func descend(_ certificate: Certificate, _ before: [Double]) -> (
        bound: Double, scale: Double, residuals: [Double]
    ) {
        var residuals = before
        var bound = Double.infinity
        var scale = 1.0
        // The residual in the norm of the cycle, r · M⁻¹r, need not fall while the error does: it
        // only says when to look.
        var (best, wasted) = (Double.infinity, 0)
        var (bestBound, idle) = (Double.infinity, 0)
        var isStuck = false
        var lastTrue = iteration.largest
        while true {
            scale = certificate.pinned ? 1 : iteration.field.largest
            var isLast = residuals.count > MediumSolver.maximumSteps || isStuck
            let isDue = wasted >= MediumSolver.patience
            let expected = iteration.largest
            if isLast || isDue || !(expected > certificate.goal(scale))
                || expected < 1e-4 * lastTrue
            {
                bound = certificate.bound(iteration.refresh().bound, scale)
                // What the recurrence no longer sees is rounding.
                isLast = isLast || iteration.largest > 16 * expected
                lastTrue = iteration.largest
                if isDue {
                    wasted = 0
                    idle = bound < 0.9 * bestBound ? 0 : idle + 1
                    bestBound = min(bestBound, bound)
                    isLast = isLast || idle >= MediumSolver.looks
                }
                if bound <= certificate.accuracy.tolerance || isLast { break }
            }
            if iteration.step() {
                residuals.append(iteration.largest)
                energies.append(iteration.energy)
            } else {
                isStuck = true
            }
            wasted = iteration.energy < 0.5 * best ? 0 : wasted + 1
            best = min(best, iteration.energy)
        }
        return (bound, scale, residuals)
    }

    /// What a label's bound follows from, but for the residual.
    private struct Certificate {
        let pinned: Bool
        /// The largest value of a source.
        let largestValue: Double
        let accuracy: Accuracy
        /// Bound on ‖A⁻¹‖∞.
        let inverseBound: Double

        private var magnitude: Double { pinned ? largestValue : 1 }

        /// What the error of a label is at most, by that of its field, whose largest value is
        /// `scale` where sources emit.
        ///
        /// A field's maximum lies on a source (maximum principle), so it is known to within the
        /// bound, and |u/m − u*/m*| ≤ |u − u*|/m + |u*|/m* · |m* − m|/m ≤ 2 bound/m.
        private func factor(_ scale: Double) -> Double {
            pinned ? inverseBound : scale > 0 ? 2 / scale * inverseBound : .infinity
        }

        /// The largest residual with which a label is accurate enough.
        func goal(_ scale: Double) -> Double {
            (accuracy.tolerance - accuracy.rounding(upTo: magnitude)) / factor(scale)
        }

        /// The label's bound, by the residual's; infinite where there is none.
        func bound(_ residual: Double, _ scale: Double) -> Double {
            let field = factor(scale) * residual
            let bound = field + accuracy.rounding(upTo: magnitude + min(field, magnitude))
            return bound.isNaN ? .infinity : bound
        }
    }

    /// Bound on ‖A⁻¹‖∞ for the problem at hand.
    private func inverseBound(_ image: SourceImage, pinned: Bool) -> Double {
        let open = openBound ?? computeOpenBound()
        openBound = open
        guard pinned, open * largestDiffusivity > MediumSolver.largeBound else { return open }
        load(image, pinned: true)
        let bound = pinnedBound ?? compareWithUnit()
        pinnedBound = bound
        return min(open, bound)
    }

    /// Bounds times the largest D above this are poor, since rounding in Double times that is not
    /// small any more: obstacles are taken into account.
    private static let largeBound = 1e7
    /// The bound by the least decay times the least D up to this needs no better one, which takes a
    /// solution.
    private static let goodBound = 1e4

    private func computeOpenBound() -> Double {
        guard let medium else { return .infinity }
        let least = medium.decay.min() ?? 0
        largestDiffusivity = max(medium.down.max() ?? 0, medium.across.max() ?? 0)
        let leastDiffusivity = min(medium.down.min() ?? 0, medium.across.min() ?? 0)
        let byDecay = least > 0 ? (1 + 1e-9) / least : .infinity
        if byDecay * leastDiffusivity <= MediumSolver.goodBound { return byDecay }
        let nothing = SourceImage(sites: [], values: [])
        guard isHeld(nothing, pinned: false) else { return .infinity }
        load(nothing, pinned: false)
        return min(byDecay, compareWithUnit())
    }

    /// max w / min A w for the operator that is loaded, from a rough solution of A w = 1; infinite
    /// where that fails.
    private func compareWithUnit() -> Double {
        iteration.problem.setUnitRightHandSide()
        if refinement.isSuitable {
            refinement.start()
            repeat {
                let defect = refinement.round(goal: 0.1)
                if let bound = comparison(defect) { return bound }
            } while refinement.isGaining
        }
        iteration.restart()
        _ = iteration.start()
        var (best, idle) = (Double.infinity, 0)
        for _ in 0..<MediumSolver.maximumSteps / 2 {
            let defect = iteration.refresh()
            if let bound = comparison(defect) { return bound }
            idle = defect.bound < 0.5 * best ? 0 : idle + 1
            best = min(best, defect.bound)
            if idle >= 20 { break }
            for _ in 0..<2 where !iteration.step() { return .infinity }
        }
        return .infinity
    }

    /// max w / min A w for the field w at hand, whose A w is 1 but for `defect`; nil where that is
    /// not small yet.
    private func comparison(_ defect: DiscreteOperator.Defect) -> Double? {
        guard defect.bound <= 0.1 else { return nil }
        return iteration.field.largest / (1 - defect.bound) * (1 + 1e-9)
    }
}

extension Medium {
    /// The same medium in another unit of time.
    fileprivate func scaled(by factor: Double) -> Medium {
        if factor == 1 { return self }
        return Medium(
            lattice: lattice, down: down.map { factor * $0 }, across: across.map { factor * $0 },
            decay: decay.map { factor * $0 })
    }
}
