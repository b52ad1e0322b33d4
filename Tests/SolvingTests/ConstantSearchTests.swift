import Documents
import Fields
import Solving
import Testing

/// A seeded search of the problems with constant coefficients, which the direct and the uniform
/// method solve, against the general one: all pairs of sides, a third with absorbing ones alone.
/// 120 problems; STEADYSET_SEARCH_PROBLEMS says how many,
/// STEADYSET_SEARCH_SEED a place to start.
@Suite struct ConstantSearchTests {
    @Test func searchFindsNothing() throws {
        let problems = searchSetting("STEADYSET_SEARCH_PROBLEMS") ?? 120
        var seed = UInt32(searchSetting("STEADYSET_SEARCH_SEED") ?? 2_000_000)
        var counts: [Solution.Method: Int] = [:]
        var tightest = 0.0
        for _ in 0..<problems {
            defer { seed += 1 }
            var random = TestRandom(seed: seed)
            let top = random.next(of: [64, 150, 150, 300])
            let lattice = try Lattice(
                rows: random.next(in: 32...top), columns: random.next(in: 32...top))
            let (down, across) = (
                random.next(of: [1.0, 1, 0.3, 20]), random.next(of: [1.0, 1, 1, 5])
            )
            let boundary =
                random.next(in: 0...2) == 0
                ? .absorbing : random.next(of: GeneralProblem.boundaries)
            let wanted = random.next(of: [0, 1e-6, 1e-4, 1.0 / 400, 1.0 / 400, 0.05, 1, 10]) * down
            // Without decay something must hold the field.
            let decay =
                wanted == 0 && boundary.isAbsorbingSomewhere
                ? 0 : min(max(wanted, 1e-6 * max(down, across)), 10 * min(down, across))
            let physics = try Physics(
                lattice: lattice, boundary: boundary,
                diffusivity: down == across
                    ? .isotropic(.constant(down))
                    : .anisotropic(down: .constant(down), across: .constant(across)),
                decayRate: .constant(decay),
                sources: random.next(of: [.pinned, .pinned, .emitting]),
                overlap: random.next(of: [.max, .sum, .last]))
            let sources = random.sources(
                random.next(in: 1...random.next(of: [1, 5, 30])), on: lattice,
                radii: [0, 0.5, 1, 2, 3.5, 5, 9, 15])
            let image = SourceImage(try Configuration(physics: physics, sources: sources))
            let accuracy = Accuracy(
                tolerance: random.next(of: [1e-5, 1e-6, 1e-6]),
                gridBits: random.next(of: [nil, 20, 24]))
            let words: Comment =
                "\(physics.json.canonicalText), \(sources.count) sources, seed \(seed)"
            var label = [Float](repeating: .nan, count: lattice.count)
            let solution = Solver(physics: physics, accuracy: accuracy).solve(image, into: &label)
            counts[solution.method, default: 0] += 1
            // Overlapping sources of the policy `sum` may exceed what Float tells apart to the
            // tolerance.
            let largest = physics.sources == .pinned ? image.values.max() ?? 1 : 1
            #expect(solution.isCertified || largest > 4, words)
            #expect(label.allSatisfy { $0 >= 0 && Double($0) <= largest + 1e-5 }, words)
            var exact = label
            let reference = Solver(
                physics: physics, accuracy: Accuracy(tolerance: 1e-300, gridBits: nil),
                method: .general)
            _ = reference.solve(image, into: &exact)
            let error = zip(label, exact).map { abs(Double($0) - Double($1)) }.max() ?? 0
            // Float32 rounds the reference.
            #expect(error <= solution.errorBound + largest * 0x1p-23, words)
            tightest = max(tightest, error / solution.errorBound)
        }
        print(
            "search of constants: \(counts), seeds up to \(seed), errors up to \(tightest) of the "
                + "bound")
        #expect(counts.count > 1)
    }
}
