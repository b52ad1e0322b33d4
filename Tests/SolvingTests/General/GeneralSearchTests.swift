import Fields
import Solving
import Testing

/// A seeded search of the whole family for violated bounds, numbers that are none, and problems
/// that do not converge.
///
/// Sixty problems; STEADYSET_SEARCH_PROBLEMS says how many, STEADYSET_SEARCH_SEED a place to start.
@Suite struct GeneralSearchTests {
    @Test func searchFindsNothing() throws {
        let problems = searchSetting("STEADYSET_SEARCH_PROBLEMS") ?? 60
        var seed = UInt32(searchSetting("STEADYSET_SEARCH_SEED") ?? 1_000_000)
        var count = 0
        var slowest = (cycles: 0, name: "")
        var tightest = 0.0
        for _ in 0..<problems {
            defer { seed += 1 }
            var random = TestRandom(seed: seed)
            let kind = random.next(of: GeneralProblem.Kind.allCases)
            let top = random.next(of: [64, 64, 150, 300])
            let problem = try GeneralProblem(
                &random, kind, rows: random.next(in: 32...top), columns: random.next(in: 32...top),
                contrast: random.next(of: [10, 100, 1000]))
            guard problem.isWellPosed else { continue }
            count += 1
            let words: Comment = "\(problem), seed \(seed)"
            let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
            solver.prepare(problem.medium)
            var label = [Float](repeating: .nan, count: problem.medium.lattice.count)
            let accuracy = Accuracy(tolerance: 1e-5, gridBits: nil)
            let solution = solver.solve(
                problem.image, pinned: problem.pinned, accuracy: accuracy, into: &label)
            #expect(solution.isCertified, words)
            #expect(solution.cycles <= 30, words)
            #expect(label.allSatisfy { $0.isFinite && $0 >= -2e-5 && $0 <= 1.00002 }, words)
            if solution.cycles > slowest.cycles {
                slowest = (solution.cycles, "\(problem), seed \(seed)")
            }
            // The same to all the accuracy that Double gives.
            var exact = label
            _ = solver.solve(
                problem.image, pinned: problem.pinned,
                accuracy: Accuracy(tolerance: 1e-300, gridBits: nil), into: &exact)
            let error = zip(label, exact).map { abs(Double($0) - Double($1)) }.max() ?? 0
            // Float32 rounds both.
            #expect(error <= solution.errorBound + 1e-7, words)
            tightest = max(tightest, error / solution.errorBound)
        }
        print(
            "search: \(count) problems, seeds up to \(seed), at most \(slowest.cycles) cycles "
                + "(\(slowest.name)), errors up to \(tightest) of the bound")
        #expect(count > problems / 2)
    }

    /// Fibrous media, of which the old solver gave up one in fifty: all are certified, as fast as
    /// others.
    @Test func fibrousMediaAreCertified() throws {
        let problems = searchSetting("STEADYSET_SEARCH_PROBLEMS") ?? 60
        let first = UInt32(searchSetting("STEADYSET_SEARCH_SEED") ?? 0)
        var steps: [Int] = []
        for seed in first..<first + UInt32(problems) {
            var random = TestRandom(seed: seed)
            let problem = try FibrousProblem(&random, longest: seed % 8 == 0 ? 512 : 160)
            let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
            solver.prepare(problem.medium)
            var label = [Float](repeating: .nan, count: problem.medium.lattice.count)
            let solution = solver.solve(
                problem.image, pinned: problem.pinned, accuracy: Accuracy(), into: &label)
            let words: Comment = "\(problem), seed \(seed)"
            #expect(solution.isCertified && solution.errorBound <= 1e-6, words)
            #expect(solution.cycles <= 60, words)
            #expect(label.allSatisfy { $0 >= 0 && $0 <= 1 }, words)
            steps.append(solution.cycles)
        }
        steps.sort()
        print(
            "search of fibrous media: \(problems) problems, median \(steps[problems / 2]), at "
                + "most \(steps[problems - 1]) cycles")
    }

    /// Fibrous media that were given up, by size and seed.
    @Test(
        arguments: [(88, 512), (132, 512), (494, 512), (507, 512), (569, 512)] as [(UInt32, Int)])
    func whatWasGivenUpIsCertified(_ seed: UInt32, _ longest: Int) throws {
        var random = TestRandom(seed: seed)
        let problem = try FibrousProblem(&random, longest: longest)
        let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
        solver.prepare(problem.medium)
        var label = [Float](repeating: .nan, count: problem.medium.lattice.count)
        let solution = solver.solve(
            problem.image, pinned: problem.pinned, accuracy: Accuracy(), into: &label)
        #expect(
            solution.isCertified && solution.cycles <= 40,
            "\(problem): \(solution.cycles) cycles")
    }

    /// Small fibrous media against elimination.
    @Test func fibrousBoundsHold() throws {
        for seed in 0..<12 as Range<UInt32> {
            var random = TestRandom(seed: 900_000 + seed)
            let problem = try FibrousProblem(&random, longest: 44)
            let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
            solver.prepare(problem.medium)
            var label = [Float](repeating: .nan, count: problem.medium.lattice.count)
            let solution = solver.solve(
                problem.image, pinned: problem.pinned, accuracy: Accuracy(), into: &label)
            let exact = generalReference(
                problem.medium, problem.boundary, problem.image, pinned: problem.pinned)
            let error = largestDifference(label.map(Double.init), exact)
            // Elimination is off by its own rounding where little holds the field.
            #expect(
                solution.isCertified && error <= solution.errorBound + 1e-8,
                "\(problem), seed \(seed)")
        }
    }

    /// What the search found: strong couplings change direction in one small region, one part in a
    /// hundred of the lattice. Relaxed by points there, it took 78 steps and ended uncertified.
    @Test func smallAnisotropicRegionsAreRelaxedByLines() throws {
        var random = TestRandom(seed: 77_008_591)
        let kind = random.next(of: GeneralProblem.Kind.allCases)
        let top = random.next(of: [64, 64, 150, 300])
        let (rows, columns) = (random.next(in: 32...top), random.next(in: 32...top))
        let problem = try GeneralProblem(
            &random, kind, rows: rows, columns: columns, contrast: random.next(of: [10, 100, 1000]))
        #expect("\(problem)" == "regionsTensor 246×277 pppp emitting")
        let solver = MediumSolver(lattice: problem.medium.lattice, boundary: problem.boundary)
        solver.prepare(problem.medium)
        var label = [Float](repeating: .nan, count: problem.medium.lattice.count)
        let solution = solver.solve(
            problem.image, pinned: problem.pinned,
            accuracy: Accuracy(tolerance: 1e-5, gridBits: nil), into: &label)
        #expect(solution.isCertified)
        #expect(solution.cycles <= 8)
    }
}
