import Fields
import Solving
import Testing

/// Only γ/D enters a field: neither it nor its certificate may depend on the unit of time.
@Suite struct TimeUnitTests {
    private static func solve(
        _ model: SourceModel, _ boundary: Boundary, anisotropy: Double, unit: Double,
        method: Solution.Method?
    ) throws -> (label: [Float], solution: Solution) {
        let physics = try Physics(
            lattice: try Lattice(rows: 45, columns: 38), boundary: boundary,
            diffusivity: .anisotropic(down: .constant(anisotropy * unit), across: .constant(unit)),
            decayRate: .constant(1e-4 * unit), sources: model)
        let sources = [
            Source(row: 20, column: 9, radius: 3, value: 1),
            Source(row: 30, column: 25, radius: 2, value: 0.3),
        ]
        let solver = Solver(physics: physics, accuracy: Accuracy(), method: method)
        var label = [Float](repeating: .nan, count: physics.lattice.count)
        let solution = solver.solve(
            SourceImage(try Configuration(physics: physics, sources: sources)), into: &label)
        return (label, solution)
    }

    @Test(arguments: SourceModel.allCases, [nil, Solution.Method.general, .uniform])
    func certificatesDoNotDependOnIt(_ model: SourceModel, _ method: Solution.Method?) throws {
        for boundary in [Boundary.absorbing, Boundary(all: .periodic)] {
            for anisotropy in [1.0, 20] {
                let known = try Self.solve(
                    model, boundary, anisotropy: anisotropy, unit: 1, method: method)
                #expect(known.solution.isCertified)
                // A power of 2²⁰ rounds nothing.
                for unit in [0x1p-60, 0x1p-20, 0x1p20, 0x1p60] {
                    let found = try Self.solve(
                        model, boundary, anisotropy: anisotropy, unit: unit, method: method)
                    #expect(
                        found.label == known.label
                            && found.solution.errorBound == known.solution.errorBound)
                }
                for unit in [1e-30, 1e-9, 1e-3, 0.3, 7, 1e9, 1e28] {
                    let found = try Self.solve(
                        model, boundary, anisotropy: anisotropy, unit: unit, method: method)
                    #expect(
                        found.solution.isCertified,
                        "unit \(unit): \(found.solution.errorBound)")
                    let difference = largestDifference(
                        found.label.map(Double.init), known.label.map(Double.init))
                    #expect(
                        difference <= found.solution.errorBound + known.solution.errorBound,
                        "unit \(unit)")
                }
            }
        }
    }

    /// A field without labels is judged alike, and its residual is in the unit of D.
    @Test func judgementsDoNotDependOnIt() throws {
        let lattice = try Lattice(rows: 40, columns: 36)
        var known: FieldEstimate?
        for unit in [1.0, 0x1p-40, 0x1p40] {
            let physics = try Physics(
                lattice: lattice, boundary: Boundary(all: .periodic), diffusivity: 3 * unit,
                decayRate: 0.01 * unit)
            let image = SourceImage(
                try Configuration(
                    physics: physics, sources: [Source(row: 20, column: 9, radius: 3, value: 1)]))
            let judgement = Solver(physics: physics, accuracy: Accuracy()).judge(
                [Float](repeating: 0.25, count: lattice.count), image: image, physics: physics)
            if let known {
                #expect(judgement.errorBound == known.errorBound)
                #expect(judgement.largestResidual == unit * known.largestResidual)
                #expect(judgement.residual == known.residual.map { Float(unit) * $0 })
            }
            known = known ?? judgement
        }
    }
}
