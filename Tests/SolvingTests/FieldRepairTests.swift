import Fields
import Solving
import Testing

/// `repair` against fields by SciPy's LU, and its laws.
@Suite struct FieldRepairTests {
    /// A field with a smooth and a rough error of this size.
    static func spoiled(
        _ field: [Double], columns: Int, by size: Double, _ random: inout TestRandom
    ) -> [Float] {
        let rows = field.count / columns
        return field.enumerated().map { site, value in
            let (row, column) = site.quotientAndRemainder(dividingBy: columns)
            let smooth =
                Double(4 * row * (rows - row)) / Double(rows * rows) * Double(column)
                / Double(columns)
            return Float(value + size * (0.5 * smooth + random.next() - 0.5))
        }
    }

    /// max |field − exact| over golden values, which are 5e-12 off themselves.
    static func distance(_ field: [Float], _ golden: GoldenFieldTests.Golden) -> Double {
        let sampled = stride(from: 0, to: field.count, by: golden.stride).map { Double(field[$0]) }
        return largestDifference(sampled, golden.values)
    }

    @Test(arguments: GoldenFieldTests.all) func goldenFieldsAreRepaired(
        _ golden: GoldenFieldTests.Golden
    ) {
        let (configuration, image) = (golden.configuration, SourceImage(golden.configuration))
        var random = TestRandom(seed: 5)
        let exact = solve(configuration, accuracy: Accuracy(tolerance: 2.5e-7, gridBits: nil)).label
            .map(Double.init)
        for method in [nil, Solution.Method.general] {
            let solver = Solver(
                physics: configuration.physics, accuracy: Accuracy(), method: method)
            for (size, tolerance) in [(0.1, 1e-2), (0.1, 1e-5), (1e-3, 1e-6), (3.0, 1e-3)] {
                let given = FieldRepairTests.spoiled(
                    exact, columns: configuration.physics.lattice.columns, by: size, &random)
                var field = given
                let repair = solver.repair(
                    &field, image: image, physics: configuration.physics, tolerance: tolerance)
                let words: Comment = "\(method?.rawValue ?? "best") \(size) \(tolerance)"
                #expect(repair.outcome == .repaired, words)
                #expect(repair.errorBound <= tolerance, words)
                // What is further off than 0 is solved from nothing, perhaps directly.
                #expect(repair.cycles > 0 || size > 1, words)
                #expect(
                    FieldRepairTests.distance(field, golden) <= repair.errorBound + 1e-11, words)
                // What is said of the given field holds as well.
                #expect(
                    FieldRepairTests.distance(given, golden) <= repair.givenBound + 1e-11, words)
                #expect(repair.givenBound > tolerance, words)
            }
        }
    }

    @Test(arguments: GoldenFieldTests.all) func whatIsWithinStaysAsItIs(
        _ golden: GoldenFieldTests.Golden
    ) {
        let (configuration, image) = (golden.configuration, SourceImage(golden.configuration))
        var random = TestRandom(seed: 6)
        let exact = solve(configuration, accuracy: Accuracy(tolerance: 2.5e-7, gridBits: nil)).label
            .map(Double.init)
        for method in [nil, Solution.Method.general] {
            let solver = Solver(
                physics: configuration.physics, accuracy: Accuracy(), method: method)
            for tolerance in [1e-2, 1e-4, 2e-6] {
                // At most 0.7 of the tolerance off.
                let given = FieldRepairTests.spoiled(
                    exact, columns: configuration.physics.lattice.columns, by: 0.7 * tolerance,
                    &random)
                var field = given
                let repair = solver.repair(
                    &field, image: image, physics: configuration.physics, tolerance: tolerance)
                let words: Comment = "\(method?.rawValue ?? "best") \(tolerance)"
                #expect(repair.outcome == .within, words)
                #expect(field == given, words)
                #expect(
                    repair.errorBound <= tolerance && repair.errorBound == repair.givenBound, words)
                #expect(
                    FieldRepairTests.distance(given, golden) <= repair.errorBound + 1e-11, words)
            }
        }
    }

    @Test(arguments: GeneralGoldenTests.all) func goldenMediaAreRepaired(
        _ golden: GeneralGoldenTests.Golden
    ) {
        let lattice = golden.medium.lattice
        var random = TestRandom(seed: 7)
        let solver = MediumSolver(lattice: lattice, boundary: golden.boundary)
        solver.prepare(golden.medium)
        var label = [Float](repeating: 0, count: lattice.count)
        let accuracy = Accuracy(tolerance: 1e-6, gridBits: nil)
        _ = solver.solve(golden.image, pinned: golden.pinned, accuracy: accuracy, into: &label)
        func distance(_ field: [Float]) -> Double {
            let sampled = golden.values.indices.map { k in
                Double(field[k * (lattice.count - 1) / (golden.values.count - 1)])
            }
            return largestDifference(sampled, golden.values)
        }
        for (size, tolerance) in [(0.1, 1e-3), (1e-3, 2e-6), (1e-4, 2e-4)] {
            let given = FieldRepairTests.spoiled(
                label.map(Double.init), columns: lattice.columns, by: size, &random)
            var field = given
            let repair = GeneralCorrection(solver).repair(
                &field, image: golden.image, pinned: golden.pinned, tolerance: tolerance)
            #expect(repair.outcome == (size < tolerance ? .within : .repaired), "\(size)")
            #expect(repair.errorBound <= tolerance, "\(size)")
            #expect(distance(field) <= repair.errorBound + 1e-10, "\(size)")
            #expect(distance(given) <= repair.givenBound + 1e-10, "\(size)")
            #expect((field == given) == (repair.outcome == .within))
            // The judgement is as sound.
            let judgement = GeneralCorrection(solver).judge(
                given, image: golden.image, pinned: golden.pinned)
            #expect(distance(given) <= judgement.errorBound + 1e-10, "\(size)")
        }
    }

    /// Random problems, fields from useless to good: nothing that is said is ever wrong.
    @Test func boundsAreNeverViolated() throws {
        for seed in 0..<60 as Range<UInt32> {
            var random = TestRandom(seed: seed)
            let lattice = try Lattice(
                rows: random.next(in: 32...48), columns: random.next(in: 32...48))
            let model = random.next(of: SourceModel.allCases)
            let physics = try Physics(
                lattice: lattice, decayRate: random.next(of: [1e-4, 1.0 / 400, 0.1]), sources: model
            )
            let configuration = try Configuration(
                physics: physics,
                sources: random.sources(random.next(in: 1...5), on: lattice, radii: [1, 2, 3, 5]))
            let image = SourceImage(configuration)
            var exact = referenceField(image, physics)
            let largest = exact.max() ?? 1
            if model == .emitting { exact = exact.map { $0 / largest } }
            let solver = Solver(
                physics: physics, accuracy: Accuracy(),
                method: random.next(of: [nil, .uniform, .general]))
            for size in [10, 0.3, 1e-2, 1e-4, 0] {
                let given = FieldRepairTests.spoiled(
                    exact, columns: lattice.columns, by: size, &random)
                let error = largestDifference(given.map(Double.init), exact)
                let words: Comment = "seed \(seed), \(model), \(size)"
                let judgement = solver.judge(given, image: image, physics: physics, cycles: 12)
                let quick = solver.judge(given, image: image, physics: physics)
                #expect(error <= quick.errorBound + 1e-11, words)
                #expect(error <= judgement.errorBound + 1e-11, words)
                #expect(judgement.errorBound <= 3 * error + 1e-5 || size > 1, words)
                var field = given
                let tolerance = random.next(of: [1e-1, 1e-3, 1e-6])
                let repair = solver.repair(
                    &field, image: image, physics: physics, tolerance: tolerance)
                #expect(error <= repair.givenBound + 1e-11, words)
                #expect(
                    largestDifference(field.map(Double.init), exact) <= repair.errorBound + 1e-11,
                    words)
                #expect(repair.outcome != .failed && repair.errorBound <= tolerance, words)
                #expect((repair.outcome == .within) == (field == given), words)
            }
        }
    }

    @Test func theResidualIsThatOfTheOtherMethods() throws {
        for model in SourceModel.allCases {
            let lattice = try Lattice(rows: 40, columns: 52)
            let physics = try Physics(
                lattice: lattice, diffusivity: 2, decayRate: 0.01, sources: model)
            var random = TestRandom(seed: 8)
            let configuration = try Configuration(
                physics: physics, sources: random.sources(4, on: lattice, radii: [5]))
            let image = SourceImage(configuration)
            let field = (0..<lattice.count).map { _ in Float(random.next()) }
            let best = Solver(physics: physics, accuracy: Accuracy()).judge(
                field, image: image, physics: physics)
            let general = Solver(physics: physics, accuracy: Accuracy(), method: .general).judge(
                field, image: image, physics: physics, cycles: 12)
            #expect(
                largestDifference(best.residual.map(Double.init), general.residual.map(Double.init))
                    <= 1e-5 * general.largestResidual)
            #expect(
                abs(best.largestResidual - general.largestResidual) <= 1e-6
                    * general.largestResidual)
            #expect(
                largestDifference(
                    best.estimatedError.map(Double.init), general.estimatedError.map(Double.init))
                    < 2e-6)
            #expect(abs(best.errorBound - general.errorBound) < 2e-5)
        }
    }

    /// A tolerance that Float32 cannot keep is not promised.
    @Test func whatCannotBeReachedFails() throws {
        let lattice = try Lattice(rows: 32, columns: 32)
        let physics = try Physics(lattice: lattice)
        let configuration = try Configuration(
            physics: physics, sources: [Source(row: 16, column: 16, radius: 5, value: 1)])
        var field = [Float](repeating: 0.5, count: lattice.count)
        let repair = Solver(physics: physics, accuracy: Accuracy()).repair(
            &field, image: SourceImage(configuration), physics: physics, tolerance: 1e-9)
        #expect(repair.outcome == .failed)
        #expect(field == [Float](repeating: 0.5, count: lattice.count))
        #expect(repair.errorBound > 0.4 && repair.errorBound < 0.6)
    }
}
