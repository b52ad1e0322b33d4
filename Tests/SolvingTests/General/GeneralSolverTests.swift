import Fields
import Solving
import Testing

@Suite struct GeneralSolverTests {
    private func solve(
        _ problem: GeneralProblem, accuracy: Accuracy = Accuracy(tolerance: 1e-6, gridBits: 20)
    ) -> (label: [Float], solution: Solution, solver: MediumSolver) {
        let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
        solver.prepare(problem.medium)
        var label = [Float](repeating: .nan, count: problem.medium.lattice.count)
        let solution = solver.solve(
            problem.image, pinned: problem.pinned, accuracy: accuracy, into: &label)
        return (label, solution, solver)
    }

    /// Every kind of medium with random boundaries, sources and shapes against elimination in
    /// Double: the true error is never above the certified bound.
    @Test(arguments: GeneralProblem.Kind.allCases) func errorIsBelowTheBound(
        _ kind: GeneralProblem.Kind
    ) throws {
        for seed in 0..<6 as Range<UInt32> {
            var random = TestRandom(seed: 100 * seed + UInt32(kind.hashSeed))
            let problem = try GeneralProblem(
                &random, kind, rows: random.next(in: 32...48), columns: random.next(in: 32...40))
            let bits: Int? = random.next(of: [nil, 16, 20, 24])
            let accuracy = Accuracy(tolerance: 1e-5, gridBits: bits)
            let (label, solution, _) = solve(problem, accuracy: accuracy)
            #expect(solution.isCertified == problem.isWellPosed, "\(problem), seed \(seed)")
            guard problem.isWellPosed else { continue }
            let exact = generalReference(
                problem.medium, problem.boundary, problem.image, pinned: problem.pinned)
            let error = largestDifference(label.map(Double.init), exact)
            #expect(error <= solution.errorBound + 1e-10, "\(problem), seed \(seed)")
            #expect(solution.errorBound <= 1e-5, "\(problem), seed \(seed)")
        }
    }

    /// A step of conjugate gradients reduces the error's energy norm, and a cycle of refinement the
    /// largest residual, to a quarter or less in every member of the family; prints the factors.
    @Test func convergenceFactors() throws {
        for kind in GeneralProblem.Kind.allCases {
            var worst = 0.0
            var sum = 0.0
            var steps = 0
            var count = 0
            var slowest = ""
            for (index, boundary) in GeneralProblem.boundaries.enumerated() {
                var random = TestRandom(seed: 7000 + UInt32(index))
                let problem = try GeneralProblem(
                    &random, kind, rows: 40 + 17 * (index % 5), columns: 33 + 29 * (index % 4),
                    boundary: boundary)
                guard problem.isWellPosed else { continue }
                let (_, solution, solver) = solve(problem)
                #expect(solution.isCertified, "\(problem), seed \(7000 + index)")
                let residuals = solution.residuals.map { Double($0) * Double($0) }
                let factor = reduction(solver.energies.isEmpty ? residuals : solver.energies)
                if factor > worst { (worst, slowest) = (factor, problem.description) }
                sum += factor
                count += 1
                steps = max(steps, solution.cycles)
            }
            #expect(count > 10 && worst <= 0.25, "\(slowest): \(worst)")
            print(
                "convergence factor, \(kind.rawValue): mean \(sum / Double(count)), worst "
                    + "\(worst) (\(slowest)), at most \(steps) cycles")
        }
    }

    /// The geometric mean of the reduction per step of a norm whose squares are `energies`.
    private func reduction(_ energies: [Double]) -> Double {
        guard let first = energies.first, let last = energies.last, energies.count > 1 else {
            return 0
        }
        let ratio = (last / first).squareRoot()
        var (low, high) = (0.0, 10.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            var power = 1.0
            for _ in 1..<energies.count { power *= middle }
            if power < ratio { low = middle } else { high = middle }
        }
        return high
    }

    /// The bits of a label do not depend on what the solver did before.
    @Test func resultsDoNotDependOnEarlierOnes() throws {
        for boundary in [
            GeneralProblem.boundaries[0], GeneralProblem.boundaries[4],
            GeneralProblem.boundaries[8],
        ] {
            let lattice = try Lattice(rows: 70, columns: 61)
            let solver = MediumSolver(lattice: lattice, boundary: boundary)
            for (index, kind) in GeneralProblem.Kind.allCases.enumerated() {
                var random = TestRandom(seed: 50 + UInt32(index))
                let problem = try GeneralProblem(
                    &random, kind, rows: 70, columns: 61, boundary: boundary)
                for pinned in [problem.pinned, !problem.pinned, problem.pinned] {
                    solver.prepare(problem.medium)
                    var label = [Float](repeating: 7, count: lattice.count)
                    var fresh = label
                    let solution = solver.solve(
                        problem.image, pinned: pinned, accuracy: Accuracy(), into: &label)
                    let other = MediumSolver(lattice: lattice, boundary: boundary)
                    other.prepare(problem.medium)
                    let freshSolution = other.solve(
                        problem.image, pinned: pinned, accuracy: Accuracy(), into: &fresh)
                    #expect(solution == freshSolution, "\(problem)")
                    #expect(label == fresh, "\(problem)")
                }
            }
        }
    }

    /// Turning and mirroring a problem turns and mirrors its field.
    @Test func theEightSymmetriesHold() throws {
        for (index, kind) in [GeneralProblem.Kind.smooth, .regionsTensor, .layeredTensor]
            .enumerated()
        {
            var random = TestRandom(seed: UInt32(index))
            let side = 57
            let boundary = try Boundary(
                top: .absorbing, bottom: .reflecting, left: .periodic, right: .periodic)
            let problem = try GeneralProblem(
                &random, kind, rows: side, columns: side, boundary: boundary)
            let (label, solution, _) = solve(problem)
            for symmetry in 1..<8 {
                let isTurned = symmetry & 1 == 1
                func image(_ site: Int) -> Int {
                    let (row, column) = site.quotientAndRemainder(dividingBy: side)
                    let (r, c) = isTurned ? (column, row) : (row, column)
                    return (symmetry & 2 == 0 ? r : side - 1 - r) * side
                        + (symmetry & 4 == 0 ? c : side - 1 - c)
                }
                func moved(_ values: [Double]) -> [Double] {
                    var result = values
                    for site in values.indices { result[image(site)] = values[site] }
                    return result
                }
                let (down, across) = (moved(problem.medium.down), moved(problem.medium.across))
                let medium = Medium(
                    lattice: problem.medium.lattice, down: isTurned ? across : down,
                    across: isTurned ? down : across, decay: moved(problem.medium.decay))
                var rows =
                    isTurned ? (boundary.left, boundary.right) : (boundary.top, boundary.bottom)
                var columns =
                    isTurned ? (boundary.top, boundary.bottom) : (boundary.left, boundary.right)
                if symmetry & 2 != 0 { rows = (rows.1, rows.0) }
                if symmetry & 4 != 0 { columns = (columns.1, columns.0) }
                let solver = MediumSolver(
                    lattice: medium.lattice,
                    boundary: try Boundary(
                        top: rows.0, bottom: rows.1, left: columns.0, right: columns.1))
                solver.prepare(medium)
                let order = problem.image.sites.indices.sorted {
                    image(problem.image.sites[$0]) < image(problem.image.sites[$1])
                }
                var other = [Float](repeating: .nan, count: side * side)
                let otherSolution = solver.solve(
                    SourceImage(
                        sites: order.map { image(problem.image.sites[$0]) },
                        values: order.map { problem.image.values[$0] }), pinned: problem.pinned,
                    accuracy: Accuracy(), into: &other)
                let difference =
                    label.indices.map { abs(Double(label[$0]) - Double(other[image($0)])) }.max()
                    ?? 0
                #expect(
                    difference <= solution.errorBound + otherSolution.errorBound,
                    "\(problem), symmetry \(symmetry)")
            }
        }
    }

    /// Constant coefficients and absorbing sides: the specialised solver and this one agree within
    /// their bounds.
    @Test func theSpecialisedSolverAgrees() throws {
        for model in SourceModel.allCases {
            let lattice = try Lattice(rows: 101, columns: 80)
            let physics = try Physics(
                lattice: lattice, diffusivity: 2, decayRate: 0.01, sources: model)
            var random = TestRandom(seed: 9)
            let configuration = try Configuration(
                physics: physics, sources: random.sources(8, on: lattice, radii: [0, 3, 5]))
            let (label, solution) = solveSpecialised(configuration)
            let medium = Medium(
                lattice: lattice, down: [Double](repeating: 2, count: lattice.count),
                across: [Double](repeating: 2, count: lattice.count),
                decay: [Double](repeating: 0.01, count: lattice.count))
            let solver = MediumSolver(lattice: lattice, boundary: .absorbing)
            solver.prepare(medium)
            var other = label
            let otherSolution = solver.solve(
                SourceImage(configuration), pinned: model == .pinned, accuracy: Accuracy(),
                into: &other)
            let difference = largestDifference(label.map(Double.init), other.map(Double.init))
            #expect(otherSolution.isCertified)
            #expect(difference <= solution.errorBound + otherSolution.errorBound)
        }
    }

    private func solveSpecialised(_ configuration: Configuration) -> (
        label: [Float], solution: Solution
    ) { SolvingTests.solve(configuration) }

    @Test func nothingThatHoldsTheFieldIsNotCertified() throws {
        var random = TestRandom(seed: 4)
        for boundary in [Boundary(all: .reflecting), Boundary(all: .periodic)] {
            let problem = try GeneralProblem(
                &random, .vacuum, rows: 40, columns: 40, boundary: boundary, pinned: false)
            let (_, solution, _) = solve(problem)
            #expect(!solution.isCertified && solution.errorBound == .infinity)
        }
    }

    @Test func whatATooTightToleranceGetsIsNotCertified() throws {
        var random = TestRandom(seed: 4)
        let problem = try GeneralProblem(
            &random, .regions, rows: 60, columns: 50, boundary: .absorbing)
        let (_, solution, _) = solve(problem, accuracy: Accuracy(tolerance: 1e-17, gridBits: nil))
        #expect(!solution.isCertified)
        #expect(solution.cycles < 40)
    }
}

extension GeneralProblem.Kind {
    /// A number of its own for every kind.
    fileprivate var hashSeed: Int { GeneralProblem.Kind.allCases.firstIndex(of: self) ?? 0 }
}
