import Documents
import Fields
import Sampling
import Testing

@Suite struct CurationTests {
    private func parse(_ members: [String: JSON]) throws(SamplingError) -> Curation {
        try Curation(json: .object(members.merging(["add": .integer(10)]) { first, _ in first }))
    }

    private func candidates(_ scores: [Double], strata: [Int]? = nil) throws -> Candidates {
        try Candidates(
            ids: scores.indices.map { SampleID(bits: UInt64($0) &* 0x9E37_79B9_7F4A_7C15 &+ 11) },
            strata: strata ?? scores.indices.map { 1 + $0 % 4 }, scores: scores)
    }

    @Test func defaultsAreThoseOfTheDocumentation() throws {
        let curation = try parse([:])
        var plain = Curation()
        plain.add = 10
        #expect(curation == plain)
        #expect(curation.count == 1 && curation.pool == 5000 && curation.drop == 0)
        #expect(
            curation.acquisition == .top && curation.score.rawValue == "error"
                && curation.column == "mae")
        #expect(curation.budget == .free && curation.source == .drawn && curation.stop == nil)
    }

    /// Keys of rules have the range and the default of the schema.
    @Test func keysOfRulesAreThoseOfTheSchema() throws {
        let schema = try Schema.named("curation")
        for rule in Acquisition.rules {
            var members = ["add": JSON.integer(1), "acquisition": .string(rule.name)]
            let filled = schema.filled(.object(members))
            for key in rule.keys {
                #expect(filled[key.name] == .number(key.standard), "\(key.name)")
                let (low, high) = (key.range.lowerBound, key.range.upperBound)
                for (value, isValid) in [
                    (low, true), (high, true), (low - 1, false), (high + 1, false),
                ] {
                    members[key.name] = .number(value)
                    #expect(schema.violations(in: .object(members)).isEmpty == isValid)
                }
            }
        }
    }

    /// What has a part in the choices is in `json`, once, and reads back as it was.
    @Test(arguments: [
        ["acquisition": JSON.string("power"), "power": .number(2), "budget": .string("by-score")],
        ["candidates": .string("unselected"), "drop": .integer(4), "by": .string("R1")],
        ["score": .string("variance"), "passes": .integer(9), "random_share": .number(0.25)],
        ["score": .string("estimate"), "by": .string("max"), "acquisition": .string("lcmd")],
        [
            "neighbours": .object([
                "share": .number(0.5), "hardest": .integer(7), "symmetries": .bool(false),
            ]), "seed": .integer(9), "acquisition": .string("k-centre"),
        ],
    ]) func jsonReadsBack(_ members: [String: JSON]) throws {
        let curation = try parse(members)
        for (key, value) in members where key != "neighbours" {
            #expect(curation.json[key] == value, "\(key)")
        }
        let again = try Curation(json: curation.json)
        #expect(again.json == curation.json)
        #expect(again == curation)
    }

    @Test(arguments: [
        ["power": JSON.number(2)], ["acquisition": .string("best")], ["budget": .string("much")],
        ["candidates": .string("unselected"), "pool": .integer(5)], ["passes": .integer(4)],
        ["score": .string("bound"), "by": .string("max")],
        ["score": .string("bound"), "drop": .integer(1)],
        ["candidates": .string("unselected"), "score": .string("bound")], ["add": .integer(0)],
    ]) func contradictionsAreRefused(_ members: [String: JSON]) {
        #expect(throws: SamplingError.self) { try parse(members) }
    }

    /// Of single sources there are no more candidates than places that differ, however large the
    /// pool is.
    @Test func aPoolHasNoMoreSinglesThanThereAre() throws {
        let physics = try Physics(lattice: try Lattice(rows: 32, columns: 32), decayRate: 0.02)
        let design = try Design(
            physics: physics, strata: [1, 2], counts: [5, 5], radius: 2, seed: 4)
        let drawn = try parse(["pool": .integer(1000)]).candidates(of: design, round: 1)
        #expect(drawn.counts == [105, 500])
    }

    /// A round's candidates are as many as asked, the same each time, and others in each round and
    /// for each seed.
    @Test func candidatesAreDrawnAnewEachRound() throws {
        let physics = try Physics(lattice: try Lattice(rows: 64, columns: 64), decayRate: 0.02)
        let design = try Design(
            physics: physics, strata: [1, 3, 7], counts: [5, 5, 5], radius: 2, seed: 4)
        var curation = try parse(["pool": .integer(11)])
        let first = try curation.candidates(of: design, round: 1)
        #expect(first.counts == [4, 4, 3])
        #expect(try curation.candidates(of: design, round: 1) == first)
        #expect(try curation.candidates(of: design, round: 2).seed != first.seed)
        #expect(first.seed != design.seed)
        curation.seed = 2
        #expect(try curation.candidates(of: design, round: 1).seed != first.seed)
        curation.pool = 2
        #expect(throws: SamplingError.self) { try curation.candidates(of: design, round: 1) }
    }

    /// A share at random: the rule's choices are the largest scores, the others are none of them,
    /// and chances are such that the mean over all candidates is estimated without bias.
    @Test func aShareAtRandomKeepsSumsUnbiased() throws {
        let scores = (0..<200).map { Double(($0 * 37) % 200) / 200 }
        let all = try candidates(scores)
        let truth = scores.reduce(0, +) / 200
        var total = 0.0
        let seeds = 400
        for seed in 0..<seeds {
            var curation = try parse(["add": .integer(40), "random_share": .number(0.5)])
            curation.seed = UInt32(seed)
            let chosen = try curation.choose(of: all, round: 1)
            #expect(chosen.count == 40 && chosen.count { $0.isRandom } == 20)
            #expect(
                chosen.prefix(20).allSatisfy {
                    !$0.isRandom && scores[$0.choice.candidate] >= 180.0 / 200
                })
            #expect(Set(chosen.map(\.choice.candidate)).count == 40)
            total +=
                chosen.reduce(0) { $0 + scores[$1.choice.candidate] / ($1.choice.probability ?? 0) }
                / 200
        }
        // The standard error of one estimate is about 0.06 here, of their mean 0.003.
        #expect(
            abs(total / Double(seeds) - truth) < 0.012,
            "\(total / Double(seeds)) instead of \(truth)")
    }

    @Test func theEasiestAreDroppedFromEachStratum() throws {
        let strata = (0..<40).map { $0 < 30 ? 1 : 2 }
        let members = try candidates((0..<40).map { Double($0) }, strata: strata)
        let curation = try parse(["drop": .integer(8)])
        #expect(try curation.dropped(of: members) == [0, 1, 2, 3, 4, 5, 30, 31])
        let all = try parse(["drop": .integer(40)])
        #expect(throws: SamplingError.self) { try all.dropped(of: members) }
    }

    @Test func aPowerLawIsFound() throws {
        let curve = try #require(
            LearningCurve([100, 200, 400, 1600].map { ($0, 3 / Double($0).squareRoot()) }))
        #expect(abs(curve.exponent + 0.5) < 1e-12)
        #expect(abs(curve.error(at: 900) - 0.1) < 1e-12)
        #expect(LearningCurve([(100, 1), (100, 2)]) == nil)
        #expect(LearningCurve([(100, 1), (200, 0)]) == nil)
    }

    /// Errors that fall clearly go on; those that differ by noise alone end.
    @Test func roundsEndInsideTheNoise() {
        func errors(_ mean: Double, _ spread: Double, _ phase: Int) -> [Double] {
            (0..<100).map { mean + spread * Double((($0 + phase) * 7919) % 101 - 50) / 50 }
        }
        let falling = [100, 200, 400].enumerated().map {
            ($1, errors(1 / Double($0 + 1), 0.05, $0))
        }
        #expect(!LearningCurve.isFlat(falling, next: 600, standardErrors: 2))
        let flat = [100, 200, 400].enumerated().map {
            ($1, errors(1 - 0.001 * Double($0), 0.2, $0))
        }
        #expect(LearningCurve.isFlat(flat, next: 600, standardErrors: 2))
        #expect(!LearningCurve.isFlat(Array(flat.prefix(2)), next: 600, standardErrors: 2))
        // At constant size what counts is the last round's own gain.
        let constant = [errors(1, 0.01, 0), errors(0.7, 0.01, 0), errors(0.5, 0.01, 1)].map {
            (100, $0)
        }
        #expect(!LearningCurve.isFlat(constant, next: 100, standardErrors: 2))
    }
    /// Scores count by their ratios: so large ones that sums and squares are not finite choose,
    /// budget and stop as others do.
    @Test func scoresOfAnySize() throws {
        let scores = (0..<60).map { Double(1 + ($0 * 37) % 60) }
        for budget in [StratumBudget.free, .equal, .byScore] {
            for acquisition in [Acquisition.top, Acquisition(PowerAcquisition([2]))] {
                var chosen: [[SampleID]] = []
                for scale in [1, 0x1p-900, 0x1p+1017] {
                    let candidates = try candidates(scores.map { $0 * scale })
                    chosen.append(
                        try acquisition.choose(
                            17, of: candidates, budget: budget, seed: 3, round: 1
                        ).map { candidates.ids[$0.candidate] })
                }
                #expect(chosen[0] == chosen[2], "\(budget), \(acquisition)")
                if acquisition == .top { #expect(chosen[0] == chosen[1], "\(budget)") }
            }
        }
        #expect(ScoreMean.of([1, 2, 6]) == 3 && ScoreMean.of([]) == 0)
        #expect(abs(ScoreMean.of([1e308, 1e308, 1.6e308]) - 1.2e308) < 1e294)
        #expect(ScoreMean.of([Double](repeating: .greatestFiniteMagnitude, count: 3)).isFinite)
        for gain in [0.001, 0.3] {
            let rounds = (0..<3).map { (round: Int) -> (Int, [Double]) in
                let mean: Double = 1 - gain * Double(round)
                let errors = (0..<50).map { (sample: Int) -> Double in
                    let step = (sample + 7 * round) % 11
                    return mean + 0.02 * Double(step)
                }
                return (100 << round, errors)
            }
            let large = rounds.map { ($0.0, $0.1.map { $0 * 0x1p+1022 }) }
            #expect(
                LearningCurve.isFlat(large, next: 600, standardErrors: 2)
                    == LearningCurve.isFlat(rounds, next: 600, standardErrors: 2))
        }
    }
}
