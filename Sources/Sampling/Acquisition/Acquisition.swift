internal import Fields

/// A rule that takes the most useful of the candidates. A pure function of candidates, seed and
/// round: neither the order of the candidates nor the machine has a part in it.
public enum Acquisition: Hashable, Sendable {
    /// All alike.
    case random
    /// The largest scores.
    case top
    /// At random without replacement, with weights scoreᵝ (Gumbel top-k; Vieira 2014, Kool, van
    /// Hoof and Welling 2019).
    case power(exponent: Double)
    /// The farthest from everything that is there or taken, again and again (k-centre, Gonzalez
    /// 1985; Sener and Savarese 2018). Needs features.
    case farthest
    /// The farthest of the cluster with the largest sum of squared distances, again and again
    /// (LCMD, Holzmüller, Zaverkin, Kästner and Steinwart 2023, JMLR 24). Needs features.
    case largestCluster

    /// Whether the rule goes by distances between features.
    public var needsFeatures: Bool { self == .farthest || self == .largestCluster }

    /// Stream of the seed.
    private static let stream: UInt32 = 24

    /// Chooses `count` of the candidates.
    ///
    /// - Parameters:
    ///   - count: how many, at most as many as there are.
    ///   - candidates: what to choose from.
    ///   - budget: how many of each number of sources.
    ///   - features: rows of features, of the candidates and then of what is there already; nil
    ///     where the rule needs none.
    ///   - seed: the seed.
    ///   - round: the number of the round, so that rounds with one seed differ.
    /// - Returns: the choices, the most wanted first within each stratum or, without a budget,
    ///   altogether.
    /// - Throws: `SamplingError` with code `.scores` where there are too few candidates or no
    ///   features.
    public func choose(
        _ count: Int, of candidates: Candidates, budget: StratumBudget = .free,
        features: Features? = nil, seed: UInt32, round: Int
    ) throws(SamplingError) -> [Choice] {
        guard (0...candidates.count).contains(count) else {
            throw SamplingError(
                .scores,
                "\(count) samples are to be chosen of \(candidates.count): lower the number, or "
                    + "score more")
        }
        guard !needsFeatures || features != nil else {
            throw SamplingError(
                .scores,
                "this acquisition needs features of the candidates: " + "evaluate with --features")
        }
        if let features {
            precondition(features.rows >= candidates.count, "every candidate has " + "features")
        }
        let draw = { (index: Int) in Acquisition.uniform(candidates.ids[index], seed, round) }
        var choices: [Choice] = []
        for (members, share) in budget.shares(of: count, among: candidates) {
            switch self {
            case .random: choices += race(share, members, candidates, exponent: 0, draw)
            case .power(let exponent):
                choices += race(share, members, candidates, exponent: exponent, draw)
            case .top:
                let sorted = members.sorted {
                    (candidates.scores[$1], candidates.ids[$0].bits) < (
                        candidates.scores[$0], candidates.ids[$1].bits
                    )
                }
                choices += sorted.prefix(share).map { Choice(candidate: $0, probability: nil) }
            case .farthest, .largestCluster:
                guard let features else { continue }
                let sorted = members.sorted { candidates.ids[$0].bits < candidates.ids[$1].bits }
                let there = Array(candidates.count..<features.rows) + choices.map(\.candidate)
                choices +=
                    (self == .farthest
                    ? features.farthest(share, of: sorted, from: there)
                    : features.ofLargestClusters(share, of: sorted, from: there)).map {
                        Choice(candidate: $0, probability: nil)
                    }
            }
        }
        return choices
    }

    /// A uniform number in (0, 1) that belongs to a sample.
    private static func uniform(_ id: SampleID, _ seed: UInt32, _ round: Int) -> Double {
        let words = Philox(seed: seed, stream: stream)(
            SIMD4(
                UInt32(truncatingIfNeeded: id.bits), UInt32(truncatingIfNeeded: id.bits >> 32),
                UInt32(truncatingIfNeeded: round), 0))
        return (Double(UInt64(words.x) << 21 | UInt64(words.y) >> 11) + 0.5) * 0x1p-53
    }

    /// The first `count` to arrive where member i takes an exponential time of rate wᵢ = scoreᵝ:
    /// samples without replacement with chances in proportion to w. Given when the next one
    /// arrives, τ, member i was in time with the chance 1 − e^(−wᵢ τ), which makes weighted sums
    /// unbiased.
    private func race(
        _ count: Int, _ members: [Int], _ candidates: Candidates, exponent: Double,
        _ draw: (Int) -> Double
    ) -> [Choice] {
        // Times in units of ln 2, as base-2 logarithms; a score of 0 never arrives unless the
        // exponent is 0.
        let racers = members.map { member -> (time: Double, rate: Double, member: Int) in
            let score = candidates.scores[member]
            let rate =
                exponent == 0
                ? 0 : score > 0 ? exponent * Elementary.log2(max(score, 0x1p-1000)) : -.infinity
            return (Elementary.log2(-Elementary.log2(draw(member))) - rate, rate, member)
        }.sorted {
            ($0.time, candidates.ids[$0.member].bits) < ($1.time, candidates.ids[$1.member].bits)
        }
        let next = count < racers.count ? racers[count].time : .infinity
        return racers.prefix(count).map { racer in
            let logarithm = racer.rate + next
            let probability: Double? =
                if next == .infinity {
                    // Nobody, or nobody with a chance, was left.
                    racer.rate == -.infinity ? nil : 1
                } else { 1 - Elementary.exp2(-Elementary.exp2(min(max(logarithm, -900), 9.9))) }
            return Choice(candidate: racer.member, probability: probability)
        }
    }
}
