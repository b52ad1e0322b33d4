import Fields
import Solving
import Testing

/// Fields of a model that has gone astray: finite, and further from the exact one than nothing is.
@Suite struct HopelessFieldTests {
    private static func physics(_ kind: Int, _ model: SourceModel) throws -> Physics {
        let lattice = try Lattice(rows: 36, columns: 40)
        return switch kind {
        case 0: try Physics(lattice: lattice, sources: model)
        case 1: try Physics(lattice: lattice, decayRate: 0, sources: model)
        case 2: try Physics(lattice: lattice, boundary: Boundary(all: .periodic), sources: model)
        default:
            try Physics(
                lattice: lattice,
                diffusivity: .isotropic(
                    .layered(.init(axis: .rows, edges: [9, 20], values: [1, 900, 3]))),
                decayRate: .constant(0), sources: model)
        }
    }

    @Test(arguments: 0..<4, SourceModel.allCases) func theyAreSolvedAnewAndBounded(
        _ kind: Int, _ model: SourceModel
    ) throws {
        let physics = try Self.physics(kind, model)
        let image = SourceImage(
            try Configuration(
                physics: physics, sources: [Source(row: 10, column: 12, radius: 3, value: 1)]))
        let solver = Solver(physics: physics, accuracy: Accuracy(tolerance: 1e-7, gridBits: nil))
        var exact = [Float](repeating: 0, count: physics.lattice.count)
        #expect(solver.solve(image, into: &exact).isCertified)
        for value in [
            2.5, 1e3, 1e10, 1e30, -1e30, Float.greatestFiniteMagnitude,
            -Float.greatestFiniteMagnitude,
        ] {
            for isEverywhere in [false, true] {
                var given = isEverywhere ? [Float](repeating: value, count: exact.count) : exact
                given[30 * 40 + 30] = value
                let truth = zip(given, exact).map { (Double($0) - Double($1)).magnitude }.max() ?? 0
                var field = given
                let repair = solver.repair(&field, image: image, physics: physics, tolerance: 1e-4)
                let words: Comment = "kind \(kind), \(model), \(value), \(isEverywhere)"
                #expect(repair.outcome == .repaired && repair.errorBound <= 1e-4, words)
                #expect(
                    largestDifference(field.map(Double.init), exact.map(Double.init)) <= 1.1e-4,
                    words)
                #expect(
                    repair.givenBound >= truth * (1 - 1e-12) - 2e-7 && repair.givenBound.isFinite,
                    words)
                #expect(repair.givenBound <= 1.001 * truth + 2e-4, words)

                let judgement = solver.judge(given, image: image, physics: physics)
                #expect(
                    judgement.errorBound >= truth * (1 - 1e-12) - 2e-7
                        && judgement.errorBound.isFinite, words)
                #expect(judgement.errorBound <= 1.001 * truth + 2e-4, words)
                #expect(judgement.largestResidual.isFinite, words)
                #expect(judgement.estimatedError.allSatisfy { !$0.isNaN }, words)
            }
        }
    }
}
