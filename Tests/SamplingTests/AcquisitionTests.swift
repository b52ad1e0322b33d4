import Fields
import Sampling
import Testing

@Suite struct AcquisitionTests {
    private struct Random {
        var state: UInt64

        mutating func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53
        }
    }

    private func candidates(_ count: Int, seed: UInt64 = 1) throws -> Candidates {
        var random = Random(state: seed)
        return try Candidates(
            ids: (0..<count).map { SampleID(bits: UInt64($0) &* 0x9E37_79B9_7F4A_7C15 &+ seed) },
            strata: (0..<count).map { 1 + $0 % 5 },
            scores: (0..<count).map { Double(1 + $0 % 5) * 0.01 * (0.2 + random.next()) })
    }

    private static func power(_ exponent: Double) -> Acquisition {
        Acquisition(PowerAcquisition([exponent]))
    }

    @Test func topTakesTheLargest() throws {
        let candidates = try candidates(100)
        let taken = try Acquisition.top.choose(10, of: candidates, seed: 1, round: 0).map {
            candidates.scores[$0.candidate]
        }
        #expect(taken == Array(candidates.scores.sorted(by: >).prefix(10)))
    }

    @Test func seedsAndRoundsDiffer() throws {
        let candidates = try candidates(200)
        for acquisition in [Acquisition.random, Self.power(1)] {
            func chosen(_ seed: UInt32, _ round: Int) throws -> Set<Int> {
                Set(
                    try acquisition.choose(50, of: candidates, seed: seed, round: round).map(
                        \.candidate))
            }
            #expect(try chosen(1, 0) != chosen(2, 0))
            #expect(try chosen(1, 0) != chosen(1, 1))
            #expect(try chosen(1, 0) == chosen(1, 0))
        }
    }

    /// Over many seeds, the first place falls to each candidate in proportion to scoreᵝ.
    @Test func powerFollowsItsWeights() throws {
        let scores = [1.0, 2, 3, 4]
        let candidates = try Candidates(
            ids: (1...4).map { SampleID(bits: $0) }, strata: [1, 1, 1, 1], scores: scores)
        var firsts = [0, 0, 0, 0]
        for seed in 0..<4000 {
            let choice = try Self.power(2).choose(
                1, of: candidates, seed: UInt32(seed), round: 0)
            firsts[choice[0].candidate] += 1
        }
        for (index, score) in scores.enumerated() {
            let expected = 4000 * score * score / 30
            #expect(
                abs(Double(firsts[index]) - expected) < 4 * expected.squareRoot() + 4, "\(firsts)")
        }
    }

    /// Weighted by one over its chance, what was chosen estimates the sum over all candidates
    /// without bias.
    @Test(arguments: [Acquisition.random, power(1), power(3)])
    func weightsAreUnbiased(_ acquisition: Acquisition) throws {
        let candidates = try candidates(40)
        let quantity = candidates.scores.map { 1 + 20 * $0 }
        let exact = quantity.reduce(0, +)
        var (sum, squares) = (0.0, 0.0)
        let runs = 3000
        for seed in 0..<runs {
            let choices = try acquisition.choose(12, of: candidates, seed: UInt32(seed), round: 2)
            let estimate = try choices.reduce(0.0) {
                $0 + quantity[$1.candidate] / (try #require($1.probability))
            }
            sum += estimate
            squares += estimate * estimate
        }
        let mean = sum / Double(runs)
        let error = ((squares / Double(runs) - mean * mean) / Double(runs)).squareRoot()
        #expect(abs(mean - exact) < 4 * error, "\(mean) ± \(error), exactly \(exact)")
    }

    @Test func budgetsFollowScores() throws {
        let candidates = try Candidates(
            ids: (0..<40).map { SampleID(bits: $0) }, strata: (0..<40).map { $0 < 20 ? 1 : 2 },
            scores: (0..<40).map { $0 < 20 ? 1 : 3 })
        func counts(_ count: Int, _ budget: StratumBudget) throws -> [Int] {
            let taken = try Acquisition.random.choose(
                count, of: candidates, budget: budget, seed: 1, round: 0)
            return [1, 2].map { stratum in
                taken.count { candidates.strata[$0.candidate] == stratum }
            }
        }
        #expect(try counts(12, .equal) == [6, 6])
        #expect(try counts(12, .byScore) == [3, 9])
        // The second has 20 only: the rest goes to the first.
        #expect(try counts(36, .byScore) == [16, 20])
        #expect(try counts(13, .equal) == [7, 6])
    }

    /// On a line: from a centre at 0 the farthest is the end, then the middle; the largest cluster
    /// is where most points are.
    @Test func distancesDecide() throws {
        let places: [Float] = [1, 2, 3, 4, 10, 10.1, 10.2, 20]
        let candidates = try Candidates(
            ids: places.indices.map { SampleID(bits: UInt64($0)) }, strata: places.map { _ in 1 },
            scores: places.map { _ in 1 })
        let features = try Features(width: 1, values: places + [0])
        func taken(_ acquisition: Acquisition, _ count: Int) throws -> [Float] {
            try acquisition.choose(count, of: candidates, features: features, seed: 1, round: 0).map
            { places[$0.candidate] }
        }
        #expect(try taken(Acquisition(CentreAcquisition([])), 4) == [20, 10, 4, 2])
        // All are in the cluster of 0 at first; then 10.1 and 10.2, nearer to 20, sum to more than
        // what stays.
        #expect(try taken(Acquisition(ClusterAcquisition([])), 3) == [20, 10.1, 4])
    }

    @Test func badScoresAreRefused() throws {
        let ids = [SampleID(bits: 1), SampleID(bits: 2)]
        for scores in [[1, -1], [.nan, 1], [1, .infinity]] {
            #expect(throws: SamplingError.self) {
                try Candidates(ids: ids, strata: [1, 1], scores: scores)
            }
        }
        #expect(throws: SamplingError.self) {
            try Candidates(ids: [ids[0], ids[0]], strata: [1, 1], scores: [1, 1])
        }
        let candidates = try Candidates(ids: ids, strata: [1, 2], scores: [1, 2])
        #expect(throws: SamplingError.self) {
            try Acquisition.top.choose(3, of: candidates, seed: 1, round: 0)
        }
        #expect(throws: SamplingError.self) {
            try Acquisition(CentreAcquisition([])).choose(1, of: candidates, seed: 1, round: 0)
        }
        #expect(throws: SamplingError.self) { try Features(width: 1, values: [.nan]) }
    }

    @Test func neighboursAreNear() throws {
        let physics = try Physics(lattice: try Lattice(rows: 64, columns: 64))
        let configuration = try Configuration(
            physics: physics,
            sources: [
                Source(row: 6, column: 30, radius: 5, value: 1),
                Source(row: 40, column: 58, radius: 5, value: 0.3),
            ])
        let perturbation = try Perturbation(moves: 4, values: 0.5, symmetries: false)
        var seen = Set<SampleID>()
        var moves = Set<Int>()
        for draw in 0..<200 {
            let neighbour = try #require(
                perturbation.neighbour(of: configuration, draw: draw, seed: 9))
            #expect(neighbour == perturbation.neighbour(of: configuration, draw: draw, seed: 9))
            seen.insert(neighbour.id)
            moves.insert(neighbour.sources[0].column - 30)
            for (old, new) in zip(configuration.sources, neighbour.sources) {
                #expect(abs(old.row - new.row) <= 4 && abs(old.column - new.column) <= 4)
                #expect(new.value <= 1 && new.value * 0x1p16 == (new.value * 0x1p16).rounded())
            }
            #expect(neighbour.sources.map(\.value).max() == 1)
        }
        #expect(seen.count > 190 && moves == Set(-4...4))
        let turned = try Perturbation(moves: 0, values: 0, symmetries: true)
        let copies = Set(
            (0..<100).compactMap { turned.neighbour(of: configuration, draw: $0, seed: 9)?.id })
        let classifier = ProblemClassifier(configuration.physics)
        let classes = Set(
            (0..<100).compactMap { turned.neighbour(of: configuration, draw: $0, seed: 9) }.map {
                classifier($0)
            })
        #expect(copies.count == 8 && classes.count == 1)
    }
}
