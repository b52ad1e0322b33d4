import Fields
import Solving
import Testing

@Suite struct SolverTests {
    /// Random problems against elimination in Double: the true error is never above the certified
    /// bound.
    @Test(arguments: 0..<60) func errorIsBelowTheBound(_ seed: Int) throws {
        var random = TestRandom(seed: UInt32(seed))
        let lattice = try Lattice(rows: random.next(in: 32...56), columns: random.next(in: 32...44))
        let physics = try Physics(
            lattice: lattice, diffusivity: random.next(of: [0.5, 1, 3]),
            decayRate: random.next(of: [1e-5, 1e-4, 1.0 / 400, 0.02, 0.3, 4]),
            sources: random.next(of: [.pinned, .emitting]),
            overlap: random.next(of: [.max, .sum, .last]))
        let sources = random.sources(
            random.next(in: 1...25), on: lattice, radii: [0, 0.5, 1, 2, 3.5, 5, 9, 15])
        let configuration = try Configuration(physics: physics, sources: sources)
        let bits: Int? = random.next(of: [nil, 8, 16, 20, 24])
        let (label, solution) = solve(
            configuration, accuracy: Accuracy(tolerance: bits == 8 ? 3e-3 : 1e-5, gridBits: bits))
        let exact = referenceField(SourceImage(configuration), physics)
        let error = largestDifference(label.map(Double.init), exact)
        #expect(solution.isCertified, "seed \(seed)")
        #expect(error <= solution.errorBound, "seed \(seed)")
        #expect(solution.convergenceFactor <= 0.25, "seed \(seed)")
    }

    /// Many shapes, without a reference: certified, fast, within the maximum principle, pinned
    /// sites exact.
    @Test(arguments: 0..<150) func familyIsCertified(_ seed: Int) throws {
        var random = TestRandom(seed: 1000 + UInt32(seed))
        let lattice = try Lattice(
            rows: random.next(in: 32...150), columns: random.next(in: 32...150))
        let physics = try Physics(
            lattice: lattice, decayRate: random.next(of: [1e-6, 1e-4, 1.0 / 400, 0.05, 1, 10]),
            sources: random.next(of: [.pinned, .pinned, .emitting]))
        let sources = random.sources(
            random.next(in: 1...200), on: lattice, radii: [0, 0.5, 1, 2, 3, 5, 7, 15])
        let configuration = try Configuration(physics: physics, sources: sources)
        let image = SourceImage(configuration)
        let (label, solution) = solve(configuration)
        #expect(solution.isCertified, "seed \(seed)")
        #expect(solution.errorBound <= 1e-6, "seed \(seed)")
        #expect(solution.convergenceFactor <= 0.25, "seed \(seed)")
        let limit = physics.sources == .pinned ? image.values.max() ?? 0 : 1
        #expect(label.allSatisfy { $0 >= 0 && Double($0) <= limit + 0x1p-21 }, "seed \(seed)")
        #expect(label.allSatisfy { ($0 * 0x1p20).rounded() == $0 * 0x1p20 }, "seed \(seed)")
        if physics.sources == .pinned {
            let exact = zip(image.sites, image.values).allSatisfy { site, value in
                Double(label[site]) == (value * 0x1p20).rounded(.toNearestOrEven) / 0x1p20
            }
            #expect(exact, "seed \(seed)")
        } else {
            #expect(label.max() == 1, "seed \(seed)")
        }
    }

    @Test func theEightSymmetriesHold() throws {
        let lattice = try Lattice(rows: 77, columns: 77)
        for model in SourceModel.allCases {
            let physics = try Physics(lattice: lattice, sources: model)
            var random = TestRandom(seed: 5)
            let sources = random.sources(9, on: lattice, radii: [5])
            let (label, solution) = solve(try Configuration(physics: physics, sources: sources))
            for symmetry in 0..<8 {
                func image(_ row: Int, _ column: Int) -> (Int, Int) {
                    let (r, c) = symmetry & 1 == 0 ? (row, column) : (column, row)
                    return (symmetry & 2 == 0 ? r : 76 - r, symmetry & 4 == 0 ? c : 76 - c)
                }
                let moved = sources.map {
                    let (row, column) = image($0.row, $0.column)
                    return Source(row: row, column: column, radius: $0.radius, value: $0.value)
                }
                let (other, otherSolution) = solve(
                    try Configuration(physics: physics, sources: moved))
                var difference = 0.0
                for row in 0..<77 {
                    for column in 0..<77 {
                        let (r, c) = image(row, column)
                        difference = max(
                            difference,
                            abs(Double(label[row * 77 + column]) - Double(other[r * 77 + c])))
                    }
                }
                #expect(
                    difference <= solution.errorBound + otherSolution.errorBound,
                    "\(model), symmetry \(symmetry)")
            }
        }
    }

    @Test func whatATooTightToleranceGetsIsNotCertified() throws {
        let lattice = try Lattice(rows: 64, columns: 64)
        let physics = try Physics(lattice: lattice)
        let sources = [Source(row: 20, column: 30, radius: 5, value: 1)]
        let configuration = try Configuration(physics: physics, sources: sources)
        for accuracy in [
            Accuracy(tolerance: 4e-7, gridBits: 20), Accuracy(tolerance: 1e-9, gridBits: nil),
            Accuracy(tolerance: 1e-18, gridBits: 24),
        ] {
            let solution = solve(configuration, accuracy: accuracy).solution
            #expect(!solution.isCertified)
            #expect(solution.errorBound > accuracy.tolerance)
            #expect(solution.cycles < 60)
        }
        #expect(
            solve(configuration, accuracy: Accuracy(tolerance: 1e-7, gridBits: 24)).solution
                .isCertified)
    }

    /// The bits of a label do not depend on what the solver did before.
    @Test func resultsDoNotDependOnEarlierOnes() throws {
        let lattice = try Lattice(rows: 90, columns: 75)
        for model in SourceModel.allCases {
            let physics = try Physics(lattice: lattice, sources: model)
            let solver = Solver(physics: physics, accuracy: Accuracy())
            var random = TestRandom(seed: 11)
            for count in [1, 60, 3, 200, 20] {
                let configuration = try Configuration(
                    physics: physics,
                    sources: random.sources(count, on: lattice, radii: [0, 2, 5, 20]))
                var label = [Float](repeating: 7, count: lattice.count)
                let solution = solver.solve(SourceImage(configuration), into: &label)
                let (fresh, freshSolution) = solve(configuration)
                #expect(label == fresh)
                #expect(solution == freshSolution)
            }
        }
    }

    @Test func diskThatFillsTheLatticeIsSolved() throws {
        let lattice = try Lattice(rows: 32, columns: 32)
        let physics = try Physics(lattice: lattice)
        let image = SourceImage(
            sites: Array(0..<1024), values: (0..<1024).map { Double($0) / 1024 })
        let solver = Solver(physics: physics, accuracy: Accuracy())
        var label = [Float](repeating: .nan, count: 1024)
        let solution = solver.solve(image, into: &label)
        #expect(solution.isCertified)
        #expect(label == (0..<1024).map { Float($0) / 1024 })
    }
}
