import Documents
import Fields
import Testing

import Sampling

@Suite struct StreamProposalTests {
    private static let traits = SampleTrait.allCases.count

    /// Kinds of a sample: 0 but for the first trait's.
    private static func kinds(_ first: Int) -> [Int] {
        [first] + [Int](repeating: 0, count: traits - 1)
    }

    @Test func followsTheMeanLossOfEachKind() {
        var proposal = StreamProposal(strata: 3)
        let kinds = (0..<3000).map { Self.kinds($0 % 3) }
        for _ in 0..<20 {
            proposal.learn(
                kinds, weights: [Float](repeating: 1, count: 3000),
                losses: (0..<3000).map { [1, 2, 5][$0 % 3] })
        }
        let scores = (0..<3).map { proposal.score(Self.kinds($0), power: 1) }
        #expect(abs(scores[1] / scores[0] - 2) < 0.02)
        #expect(abs(scores[2] / scores[0] - 5) < 0.05)
        #expect(proposal.score(Self.kinds(2), power: 3) == scores[2] * scores[2] * scores[2])
        #expect(proposal.score(Self.kinds(2), power: 0) == 1)
    }

    @Test func traitsThatGoTogetherAreNotCountedTwice() {
        // The second trait says what the first one says: the product has it once.
        var proposal = StreamProposal(strata: 2)
        let kinds = (0..<4000).map { number in
            [number % 2, number % 2] + [Int](repeating: 0, count: Self.traits - 2)
        }
        for _ in 0..<20 {
            proposal.learn(
                kinds, weights: [Float](repeating: 1, count: 4000),
                losses: (0..<4000).map { $0 % 2 == 0 ? 1 : 4 })
        }
        let ratio =
            proposal.score(kinds[1], power: 1) / proposal.score(kinds[0], power: 1)
        #expect(abs(ratio - 4) < 0.05)
    }

    @Test func fewLossesSayLittle() {
        var proposal = StreamProposal(strata: 2)
        let losses: [Double?] = [1, 100]
        proposal.learn([Self.kinds(0), Self.kinds(1)], weights: [1, 1], losses: losses)
        let ratio =
            proposal.score(Self.kinds(1), power: 1) / proposal.score(Self.kinds(0), power: 1)
        #expect(ratio > 1 && ratio < 2)
    }

    @Test(arguments: [[], [nil, nil], [0, 0]] as [[Double?]])
    func nothingIsLearntOfNothing(losses: [Double?]) {
        var proposal = StreamProposal(strata: 2)
        proposal.learn(
            losses.map { _ in Self.kinds(0) }, weights: losses.map { _ in 1 }, losses: losses)
        #expect(proposal == StreamProposal(strata: 2))
    }

    @Test func factorsStayFinite() {
        var proposal = StreamProposal(strata: 2)
        let kinds = (0..<1000).map { Self.kinds($0 % 2) }
        for _ in 0..<500 {
            proposal.learn(
                kinds, weights: [Float](repeating: 1, count: 1000),
                losses: (0..<1000).map { $0 % 2 == 0 ? 0 : 1e300 })
        }
        #expect(proposal.factors.joined().allSatisfy { $0.isFinite && $0 > 0 })
        #expect(proposal.score(Self.kinds(1), power: 8).isFinite)
    }

    @Test func itIsReadAsItWasWritten() throws {
        var proposal = StreamProposal(strata: 3)
        proposal.learn(
            (0..<50).map { Self.kinds($0 % 3) }, weights: [Float](repeating: 1.1, count: 50),
            losses: (0..<50).map { 0.1 * Double($0) })
        let text = proposal.json.canonicalBytes
        #expect(StreamProposal(json: try JSON.parse(text, source: "it"), strata: 3) == proposal)
        #expect(StreamProposal(json: proposal.json, strata: 4) == nil)
        #expect(StreamProposal(json: .object([:]), strata: 3) == nil)
        var members = try #require(proposal.json.object)
        members["sources"] = .array([.number(1), .number(0), .number(1)])
        #expect(StreamProposal(json: .object(members), strata: 3) == nil)
    }
}

@Suite struct CandidateChoiceTests {
    private let scores: [Double?] = [1, nil, 4, 0, 5]

    @Test func chancesAreThoseThatWeightsSay() {
        let choice = CandidateChoice(floor: 0.2, seed: 7)
        var counts = [Int](repeating: 0, count: scores.count)
        let draws = 100_000
        for position in 0..<draws {
            guard let made = choice(scores, position: position) else { return }
            counts[made.candidate] += 1
            // A quarter is the share of each of four by chance.
            let chance = 0.8 * (scores[made.candidate] ?? 0) / 10 + 0.2 / 4
            #expect(abs(Double(made.weight) - 0.25 / chance) < 1e-6)
        }
        for (candidate, count) in counts.enumerated() {
            let chance = scores[candidate].map { 0.8 * $0 / 10 + 0.2 / 4 } ?? 0
            let deviation = (chance * (1 - chance) * Double(draws)).squareRoot()
            #expect(abs(Double(count) - chance * Double(draws)) <= 5 * deviation)
        }
    }

    @Test(arguments: [[0, 0], [.infinity, 1], [1e308, 1e308]] as [[Double]])
    func withoutUsableScoresAllAreAlike(scores: [Double]) {
        let choice = CandidateChoice(floor: 0.01, seed: 1)
        let made = (0..<1000).compactMap { choice(scores, position: $0) }
        #expect(made.allSatisfy { $0.weight == 1 })
        #expect((400...600).contains(made.count { $0.candidate == 0 }))
    }

    @Test func whereNothingIsThereNothingIsChosen() {
        #expect(CandidateChoice(floor: 0.1, seed: 1)([nil, nil], position: 3) == nil)
        #expect(CandidateChoice(floor: 0.1, seed: 1)([], position: 3) == nil)
    }

    @Test func itFollowsFromSeedAndPosition() {
        let one = CandidateChoice(floor: 0.5, seed: 1)
        let far = 1 << 40
        let draws = [0, 1, 2, far, far + 1].map { one(scores, position: $0)?.candidate }
        #expect(draws == [0, 1, 2, far, far + 1].map { one(scores, position: $0)?.candidate })
        let other = CandidateChoice(floor: 0.5, seed: 2)
        #expect(
            (0..<64).map { one(scores, position: $0)?.candidate }
                != (0..<64).map { other(scores, position: $0)?.candidate })
    }
}
