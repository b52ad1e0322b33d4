import Documents
import Fields
import Sampling
import Testing

/// What holds for every rule that there is.
@Suite struct AcquisitionRuleTests {
    private static let rules = Acquisition.rules.indices

    private static func standard(_ number: Int) throws -> Acquisition {
        try Acquisition(json: .object(["acquisition": .string(Acquisition.rules[number].name)]))
    }

    private struct Random {
        var state: UInt64

        mutating func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) * 0x1p-53
        }
    }

    /// Candidates, and features of them and of ten more.
    private struct Pool {
        var candidates: Candidates
        var features: Features

        init(_ count: Int, order: [Int]? = nil, scale: Double = 1, same: Bool = false) throws {
            var random = Random(state: 11)
            let rows = (0..<count + 10).map { _ in (0..<3).map { _ in Float(random.next()) } }
            let scores = (0..<count).map { _ in same ? 1 : 0.1 + random.next() }
            let order = order ?? Array(0..<count)
            candidates = try Candidates(
                ids: order.map { SampleID(bits: UInt64($0) &* 0x9E37_79B9_7F4A_7C15 &+ 5) },
                strata: order.map { 1 + $0 % 5 }, scores: order.map { scores[$0] * scale })
            features = try Features(
                width: 3,
                values: order.flatMap { rows[$0] } + rows[count...].flatMap { $0 })
        }

        func chosen(
            _ acquisition: Acquisition, _ count: Int, budget: StratumBudget = .free,
            seed: UInt32 = 5, round: Int = 1
        ) throws -> [Choice] {
            try acquisition.choose(
                count, of: candidates, budget: budget, features: features, seed: seed,
                round: round)
        }

        func ids(_ choices: [Choice]) -> [SampleID] {
            choices.map { candidates.ids[$0.candidate] }
        }
    }

    @Test func namesAndKeysAreUnique() {
        #expect(Set(Acquisition.rules.map { $0.name }).count == Acquisition.rules.count)
        let keys = Acquisition.rules.flatMap { $0.keys.map(\.name) }
        #expect(Set(keys).count == keys.count)
        for key in Acquisition.rules.flatMap({ $0.keys }) {
            #expect(key.range.contains(key.standard), "\(key.name)")
        }
    }

    /// Values read back, those out of range and those of other rules are refused.
    @Test(arguments: rules) func keysRoundTrip(number: Int) throws {
        let rule = Acquisition.rules[number]
        let standard = try Self.standard(number)
        #expect(standard.name == rule.name && standard.needsFeatures == rule.needsFeatures)
        #expect(standard.rule.values == rule.keys.map(\.standard))
        for key in rule.keys {
            for value in [key.range.lowerBound, key.range.upperBound] {
                var members = standard.members
                members[key.name] = .number(value)
                let other = try Acquisition(json: .object(members))
                #expect(try Acquisition(json: .object(other.members)) == other)
                #expect(value == key.standard || other != standard)
            }
            for value in [key.range.lowerBound - 1, key.range.upperBound + 1, .nan] {
                var members = standard.members
                members[key.name] = .number(value)
                #expect(throws: SamplingError.self) { try Acquisition(json: .object(members)) }
            }
        }
        for other in Acquisition.rules where other.name != rule.name {
            for key in other.keys {
                var members = standard.members
                members[key.name] = .number(key.standard)
                #expect(throws: SamplingError.self) { try Acquisition(json: .object(members)) }
            }
        }
    }

    /// Every rule takes as many as asked, each once, and the same in whatever order candidates
    /// come.
    @Test(arguments: rules) func choicesDoNotDependOnTheOrder(number: Int) throws {
        let acquisition = try Self.standard(number)
        var order = Array(0..<60)
        var random = Random(state: 7)
        for place in order.indices.reversed() {
            order.swapAt(place, Int(random.next() * Double(place + 1)))
        }
        let (pool, shuffled) = (try Pool(60), try Pool(60, order: order))
        for budget in StratumBudget.allCases {
            for count in [0, 1, 23, 60] {
                let first = try pool.chosen(acquisition, count, budget: budget)
                let second = try shuffled.chosen(acquisition, count, budget: budget)
                #expect(pool.ids(first) == shuffled.ids(second))
                #expect(Set(first.map(\.candidate)).count == count)
                #expect(try pool.chosen(acquisition, count, budget: budget) == first)
            }
        }
    }

    /// More are a continuation of fewer, where there is no budget; but of `bait`, which takes more
    /// than are wanted and gives some back.
    @Test(arguments: rules.filter { Acquisition.rules[$0].name != BaitAcquisition.name })
    func choicesAreNested(number: Int) throws {
        let acquisition = try Self.standard(number)
        let pool = try Pool(60)
        let most = pool.ids(try pool.chosen(acquisition, 40))
        for count in [1, 7, 20] {
            #expect(pool.ids(try pool.chosen(acquisition, count)) == Array(most.prefix(count)))
        }
    }

    /// Rules go by ratios of scores, or not by scores at all.
    @Test(arguments: rules) func scaleDoesNotMatter(number: Int) throws {
        let acquisition = try Self.standard(number)
        let pool = try Pool(60)
        for scale in [0x1p-20, 0x1p+20, 0x1p+1000] {
            let scaled = try Pool(60, scale: scale)
            let choices = try scaled.chosen(acquisition, 20)
            #expect(scaled.ids(choices) == pool.ids(try pool.chosen(acquisition, 20)), "\(scale)")
        }
    }

    /// Chances are in (0, 1], or there is none; with equal scores they are alike, and their
    /// reciprocals estimate the number of candidates.
    @Test(arguments: rules) func chancesCountCandidates(number: Int) throws {
        let acquisition = try Self.standard(number)
        let pool = try Pool(60, same: true)
        var (sum, squares) = (0.0, 0.0)
        for seed in 0..<400 as Range<UInt32> {
            let choices = try pool.chosen(acquisition, 15, seed: seed)
            let chances = choices.compactMap(\.probability)
            #expect(chances.isEmpty || chances.count == 15)
            guard let first = chances.first else { return }
            #expect(chances.allSatisfy { $0 > 0 && $0 <= 1 && abs($0 - first) < 1e-12 })
            let estimate = chances.reduce(0) { $0 + 1 / $1 }
            sum += estimate
            squares += estimate * estimate
        }
        let mean = sum / 400
        let error = ((squares / 400 - mean * mean) / 400).squareRoot()
        #expect(abs(mean - 60) < 4 * error, "\(mean) ± \(error), exactly 60")
    }

    /// Who takes everything leaves nothing to chance.
    @Test(arguments: rules) func allAreCertain(number: Int) throws {
        let choices = try Pool(20).chosen(try Self.standard(number), 20)
        #expect(choices.allSatisfy { $0.probability == nil || $0.probability == 1 })
    }

    @Test(arguments: rules) func tooFewCandidatesAreRefused(number: Int) throws {
        let acquisition = try Self.standard(number)
        let pool = try Pool(20)
        #expect(throws: SamplingError.self) { try pool.chosen(acquisition, 21) }
        guard acquisition.needsFeatures else { return }
        #expect(throws: SamplingError.self) {
            try acquisition.choose(1, of: pool.candidates, seed: 1, round: 0)
        }
    }
}
