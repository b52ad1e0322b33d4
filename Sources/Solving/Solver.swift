public import Fields

/// Solves −∇·(D∇u) + γu = s on one lattice, and certifies what it returns.
///
/// There are three ways to a field, and the configuration decides which is taken, among those that
/// `Accuracy.method` allows:
/// - *direct* (`DirectSolver`): constant coefficients, any sides, not too many pinned sites.
///   Nothing is iterated on the lattice.
/// - *uniform* (`UniformSolver`): multigrid for constant, isotropic coefficients and absorbing
///   sides, whatever is pinned but for some that enclose small cavities.
/// - *general* (`MediumSolver`): multigrid for every medium and boundary, and for what the others
///   do not certify.
///
/// All of them end with the residual of a field in Double, which bounds its error because the
/// operator is an M-matrix. The result depends on the configuration and the accuracy alone: not on
/// earlier ones, on the thread, or on the vector width. A solver is for one thread, and makes the
/// working memory of a method when it is first needed.
public final class Solver {
    /// The lattice of all problems.
    public let lattice: Lattice
    /// What labels must satisfy.
    public let accuracy: Accuracy
    /// The physics that the solver was created with.
    public let physics: Physics
    /// The way that is taken wherever it can; nil for the best.
    let forcedMethod: Solution.Method?
    private var direct: (problem: DirectProblem, solver: DirectSolver)?
    private var uniform: (decay: Double, solver: UniformSolver)?
    private var general: (physics: Physics, solver: MediumSolver)?
    private var latest: (physics: Physics, medium: Medium)?
    private var draws = MediumDraws()

    /// Creates a solver for the lattice of `physics`.
    public convenience init(physics: Physics, accuracy: Accuracy) {
        self.init(physics: physics, accuracy: accuracy, method: nil)
    }

    /// Creates a solver that takes one way wherever it can, for comparing them.
    package init(physics: Physics, accuracy: Accuracy, method: Solution.Method?) {
        lattice = physics.lattice
        self.physics = physics
        self.accuracy = accuracy
        forcedMethod = method
    }

    /// Solves with the physics that the solver was created with; see `solve(_:physics:into:)`.
    public func solve(_ image: SourceImage, into label: inout [Float]) -> Solution {
        solve(image, physics: physics, into: &label)
    }

    /// Solves for the sources in `image` and writes the label.
    ///
    /// - Parameters:
    ///   - image: The source image of a configuration.
    ///   - physics: The realised physics of the configuration, on this solver's lattice.
    ///   - label: Receives y, (rows, columns): the field, rounded to the grid; an emitting field is
    ///     divided by its maximum first. Meaningless where the solution is not certified.
    /// - Returns: The certificate. A label that cannot be certified is a result, not an error; so
    ///   is a medium in no range of contrasts, `Medium.isInRange`.
    /// - Complexity: O(sites) time, where few sites are pinned or multigrid is taken.
    public func solve(_ image: SourceImage, physics: Physics, into label: inout [Float]) -> Solution
    { solve(image, physics: physics, accuracy, into: &label) }

    /// Solves to another accuracy than the solver's own.
    func solve(
        _ image: SourceImage, physics: Physics, _ accuracy: Accuracy, into label: inout [Float]
    ) -> Solution {
        precondition(physics.lattice == lattice, "the problem is on another lattice")
        precondition(label.count == lattice.count, "the label has another lattice's size")
        if let solution = solveConstant(image, physics, accuracy, into: &label) { return solution }
        guard medium(of: physics).isInRange else { return .none(by: .general) }
        let solver = generalSolver(physics)
        var solution = solver.solve(
            image, pinned: physics.sources == .pinned, accuracy: accuracy, into: &label)
        solution.tookSteps = !solver.energies.isEmpty
        return solution
    }

    /// Solves by the direct or the uniform method; nil where neither is for the problem or
    /// certifies a field. Where the direct one alone may be taken, there is always a solution,
    /// certified or not.
    func solveConstant(
        _ image: SourceImage, _ physics: Physics, _ accuracy: Accuracy, into label: inout [Float]
    ) -> Solution? {
        let pinned = physics.sources == .pinned
        let mustBeDirect = accuracy.method == .direct
        if forcedMethod != .uniform, forcedMethod != .general, accuracy.method != .multigrid,
            let coefficients = ConstantMedium(of: physics),
            let solver = directSolver(coefficients, physics.boundary),
            let solution = solver.solve(image, pinned: pinned, accuracy: accuracy, into: &label),
            solution.isCertified || forcedMethod == .direct || mustBeDirect
        {
            return solution
        }
        if mustBeDirect { return .none(by: .direct) }
        guard forcedMethod != .general, let decay = Solver.uniformDecay(of: physics) else {
            return nil
        }
        let solution = uniformSolver(decay).solve(
            image, pinned: pinned, accuracy: accuracy, into: &label)
        // Where pinned sites leave small cavities, basis functions of a coarse level can be nearly
        // the same, and its cycles diverge: one in a thousand images of rings.
        return solution.isCertified || forcedMethod == .uniform ? solution : nil
    }

    /// Whether labels of `physics` are solved by the general solver where `choice` limits the ways:
    /// for media that vary, and where multigrid alone may be taken for those that the uniform
    /// method is not for.
    public static func isGeneral(_ physics: Physics, _ choice: MethodChoice) -> Bool {
        physics.uniform == nil || choice == .multigrid && uniformDecay(of: physics) == nil
    }

    /// γ/D where the uniform method is for `physics`.
    static func uniformDecay(of physics: Physics) -> Double? {
        guard let constants = physics.uniform, physics.boundary == .absorbing,
            constants.down == constants.across, constants.decay > 0
        else { return nil }
        return constants.decay / constants.down
    }

    /// The direct solver for these coefficients, or nil where it is not the faster one.
    private func directSolver(_ coefficients: ConstantMedium, _ boundary: Boundary)
        -> DirectSolver?
    {
        let problem = DirectProblem(coefficients: coefficients, boundary: boundary)
        if let direct, direct.problem == problem { return direct.solver }
        guard DirectSolver.suits(lattice, coefficients, boundary) else { return nil }
        let solver = DirectSolver(
            lattice: lattice, coefficients: coefficients, boundary: boundary)
        direct = (problem, solver)
        return solver
    }

    /// What a direct solver is made for.
    private struct DirectProblem: Equatable {
        var coefficients: ConstantMedium
        var boundary: Boundary
    }

    func uniformSolver(_ decay: Double) -> UniformSolver {
        if let uniform, uniform.decay == decay { return uniform.solver }
        let solver = UniformSolver(lattice: lattice, decay: decay)
        uniform = (decay, solver)
        return solver
    }

    /// The medium of `physics`, which must be realised and on this solver's lattice. That of the
    /// latest problem is at hand; another is drawn.
    public func medium(of physics: Physics) -> Medium {
        if let latest, Solver.haveOneMedium(latest.physics, physics) { return latest.medium }
        let medium = draws.medium(of: physics)
        latest = (physics, medium)
        return medium
    }

    private static func haveOneMedium(_ one: Physics, _ other: Physics) -> Bool {
        one.boundary == other.boundary && one.diffusivity == other.diffusivity
            && one.decayRate == other.decayRate
    }

    /// The general solver, with the medium of `physics`.
    func generalSolver(_ physics: Physics) -> MediumSolver {
        if let general, Solver.haveOneMedium(general.physics, physics) { return general.solver }
        let reused = general.flatMap { $0.physics.boundary == physics.boundary ? $0.solver : nil }
        let solver = reused ?? MediumSolver(lattice: lattice, boundary: physics.boundary)
        solver.prepare(medium(of: physics))
        general = (physics, solver)
        return solver
    }
}
