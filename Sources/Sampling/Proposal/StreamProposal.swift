package import Documents

/// How probable candidates are to be chosen, by their kinds: what a training learnt of where its
/// losses are large.
///
/// It predicts the loss of a configuration as the product of one factor a trait. The factors follow
/// the losses that were seen: each is multiplied by the mean loss of its kind over the mean that
/// was predicted, one trait after another, as in iterative proportional fitting (Deming and Stephan
/// 1940), with as much as 8 samples of what was believed before. Only sums, products and quotients
/// in a fixed order are used, so it has the same bits everywhere.
package struct StreamProposal: Hashable, Sendable {
    /// A factor for each kind of each trait, all above 0.
    package private(set) var factors: [[Double]]

    /// Samples' worth of earlier belief.
    private static let memory = 8.0
    /// Factors stay within these, so that products of them stay finite.
    private static let range = 0x1p-20...0x1p20

    /// All kinds alike, where `strata` numbers of sources are drawn.
    package init(strata: Int) {
        factors = SampleTrait.allCases.map {
            [Double](repeating: 1, count: $0.count(strata: strata))
        }
    }

    /// Reads what `json` made; nil where it is none of a stream with so many strata.
    package init?(json: JSON, strata: Int) {
        self.init(strata: strata)
        guard let members = json.object, members.count == factors.count else { return nil }
        for (trait, name) in SampleTrait.allCases.enumerated() {
            guard let listed = members[name.rawValue]?.array,
                listed.count == factors[trait].count
            else { return nil }
            for (kind, number) in listed.enumerated() {
                guard let value = number.double, StreamProposal.range ~= value else { return nil }
                factors[trait][kind] = value
            }
        }
    }

    /// The factors, by trait.
    package var json: JSON {
        .object(
            Dictionary(
                uniqueKeysWithValues: zip(SampleTrait.allCases, factors).map {
                    ($0.rawValue, .array($1.map(JSON.number)))
                }))
    }

    /// The loss that is predicted for `kinds`, one a trait, in units of its mean, to the power
    /// `power`.
    package func score(_ kinds: [Int], power: Int) -> Double {
        let product = predicted(kinds)
        return (0..<power).reduce(1) { score, _ in score * product }
    }

    private func predicted(_ kinds: [Int]) -> Double {
        zip(factors, kinds).reduce(1) { $0 * $1.0[$1.1] }
    }

    /// Follows what was seen of some samples.
    ///
    /// - Parameters:
    ///   - kinds: One a trait, of each sample.
    ///   - weights: Of each, so that weighted means are those of the design.
    ///   - losses: Of each, at least 0 and finite; nil where nothing is known.
    package mutating func learn(_ kinds: [[Int]], weights: [Float], losses: [Double?]) {
        let seen = losses.indices.filter { losses[$0] != nil }
        let loss = seen.map { losses[$0] ?? 0 }
        let weight = seen.map { Double(weights[$0]) }
        let total = zip(weight, loss).reduce(0) { $0 + $1.0 * $1.1 }
        let sum = weight.reduce(0, +)
        guard total > 0, sum > 0 else { return }
        let believed = StreamProposal.memory * total / sum
        for trait in factors.indices {
            var expected = seen.map { predicted(kinds[$0]) }
            let scale = total / zip(weight, expected).reduce(0) { $0 + $1.0 * $1.1 }
            expected = expected.map { $0 * scale }
            var found = [Double](repeating: believed, count: factors[trait].count)
            var foreseen = found
            for (place, sample) in seen.enumerated() {
                let kind = kinds[sample][trait]
                found[kind] += weight[place] * loss[place]
                foreseen[kind] += weight[place] * expected[place]
            }
            for kind in factors[trait].indices {
                let factor = factors[trait][kind] * (found[kind] / foreseen[kind])
                factors[trait][kind] = min(
                    max(factor, StreamProposal.range.lowerBound), StreamProposal.range.upperBound)
            }
        }
    }
}
