import Fields
import Solving
import Testing

@Suite struct GeneralJudgementTests {
    /// Spoils the exact field in several ways; the bound must hold, and the estimate be near the
    /// true error.
    @Test func boundsHoldAndEstimatesAreClose() throws {
        for (index, kind) in GeneralProblem.Kind.allCases.enumerated() {
            for seed in 0..<3 as Range<UInt32> {
                var random = TestRandom(seed: 10 * UInt32(index) + seed)
                let problem = try GeneralProblem(
                    &random, kind, rows: random.next(in: 32...44), columns: 36, contrast: 30)
                guard problem.isWellPosed else { continue }
                let exact = generalReference(
                    problem.medium, problem.boundary, problem.image, pinned: problem.pinned)
                let solver = MediumSolver(
                    lattice: problem.medium.lattice, boundary: problem.boundary)
                solver.prepare(problem.medium)
                for size in [0, 1e-4, 1e-2] {
                    // A smooth error and a rough one.
                    let field = exact.enumerated().map { site, value -> Float in
                        let (row, column) = site.quotientAndRemainder(dividingBy: 36)
                        let smooth =
                            Double((row % 36) * (36 - row % 36) * column * (35 - column)) / 99_225
                        return Float(value + size * (smooth + 0.2 * (random.next() - 0.5)))
                    }
                    let judgement = GeneralCorrection(solver).judge(
                        field, image: problem.image, pinned: problem.pinned, cycles: 2)
                    let error = zip(field, exact).map { Double($0) - $1 }
                    let largest = error.map(abs).max() ?? 0
                    let words: Comment = "\(problem), seed \(seed), size \(size)"
                    #expect(largest <= judgement.errorBound, words)
                    if size > 0 {
                        let miss = largestDifference(
                            judgement.estimatedError.map(Double.init), error)
                        #expect(miss <= (problem.pinned ? 0.25 : 0.5) * largest, words)
                    }
                    // Unless the judgement is asked for cycles there is no correction, only what is
                    // known of pinned sites.
                    #expect(judgement.residual.count == field.count)
                }
            }
        }
    }

    @Test func anExactFieldIsFoundExact() throws {
        var random = TestRandom(seed: 2)
        let problem = try GeneralProblem(
            &random, .smooth, rows: 64, columns: 50, boundary: .absorbing, pinned: true,
            decay: 1.0 / 400, contrast: 10)
        let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
        solver.prepare(problem.medium)
        var label = [Float](repeating: 0, count: problem.medium.lattice.count)
        _ = solver.solve(
            problem.image, pinned: true, accuracy: Accuracy(tolerance: 1e-6, gridBits: nil),
            into: &label)
        let judgement = GeneralCorrection(solver).judge(label, image: problem.image, pinned: true)
        #expect(judgement.errorBound < 1e-3)
        #expect((judgement.estimatedError.map(\.magnitude).max() ?? 1) < 1e-6)
        #expect(
            judgement.largestResidual == Double(judgement.residual.map(\.magnitude).max() ?? 0)
                || judgement.largestResidual < 1e-3)
    }

    @Test func nothingIsCertifiedWhereNothingHoldsTheField() throws {
        var random = TestRandom(seed: 2)
        let problem = try GeneralProblem(
            &random, .vacuum, rows: 40, columns: 40, boundary: Boundary(all: .periodic),
            pinned: false)
        let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
        solver.prepare(problem.medium)
        let judgement = GeneralCorrection(solver).judge(
            [Float](repeating: 1, count: 1600), image: problem.image, pinned: false)
        #expect(judgement.errorBound == .infinity)
    }
}
