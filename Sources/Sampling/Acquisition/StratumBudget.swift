/// How many samples of each number of sources a round takes.
public enum StratumBudget: String, Hashable, Sendable, CaseIterable {
    /// As the acquisition has it.
    case free
    /// Equally many.
    case equal
    /// In proportion to the mean score: the paper's "different sizes per number of sources"
    /// (Toledo-Marín et al. 2023).
    case byScore = "by-score"

    /// Groups of candidates and how many to take of each; `count` altogether.
    ///
    /// Shares are rounded by largest remainders, the smaller number of sources first; what a
    /// stratum does not have goes to the others in the same proportions.
    func shares(of count: Int, among candidates: Candidates) -> [(members: [Int], share: Int)] {
        guard self != .free else { return [(Array(candidates.ids.indices), count)] }
        let groups = candidates.byStratum
        let weights = groups.map { _, members in
            self == .equal ? 1 : ScoreMean.of(members.map { candidates.scores[$0] })
        }
        return zip(
            groups,
            StratumBudget.apportion(
                count, weights: weights, capacities: groups.map(\.members.count))
        ).map { ($0.members, $1) }
    }

    /// Divides `count` in proportion to `weights`, nobody getting more than its capacity; equally
    /// where all weights are 0.
    static func apportion(_ count: Int, weights: [Double], capacities: [Int]) -> [Int] {
        // Shares go by ratios: neither sums nor products with counts may overflow.
        let weights = (weights.max() ?? 0) > 0x1p+500 ? weights.map { $0 * 0x1p-600 } : weights
        var shares = [Int](repeating: 0, count: weights.count)
        var left = min(count, capacities.reduce(0, +))
        while left > 0 {
            let open = weights.indices.filter { shares[$0] < capacities[$0] }
            let sum = open.reduce(0) { $0 + weights[$1] }
            let exact = open.map {
                sum > 0 ? Double(left) * weights[$0] / sum : Double(left) / Double(open.count)
            }
            var extra = exact.map { Int($0.rounded(.down)) }
            let order = open.indices.sorted {
                (exact[$1] - Double(extra[$1]), $0) < (exact[$0] - Double(extra[$0]), $1)
            }
            for place in order.prefix(max(0, left - extra.reduce(0, +))) { extra[place] += 1 }
            var given = 0
            for (place, index) in open.enumerated() {
                let taken = min(extra[place], capacities[index] - shares[index], left - given)
                shares[index] += taken
                given += taken
            }
            // Rounding down everywhere with no remainder to give cannot happen while something is
            // left.
            precondition(given > 0, "some stratum takes a sample")
            left -= given
        }
        return shares
    }
}
