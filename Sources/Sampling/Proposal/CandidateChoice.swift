internal import Fields

/// Chooses one of a few candidates, probably one with a high score, and says by how much more
/// probable that was than by chance.
///
/// Of k candidates with the scores s, candidate j has the probability
/// π = (1 − floor)·s[j]/Σs + floor/k, and the weight 1/(k·π), which is at most 1/floor. So the
/// expected value of weight·f(chosen) is the mean of f over the candidates, for every f: weighted
/// means over what was chosen are unbiased for the design (importance sampling; Kahn and Marshall
/// 1953).
package struct CandidateChoice: Sendable {
    /// The share of choices by chance, above 0, at most 1.
    package let floor: Double
    private let philox: Philox

    /// The stream of choices; see `Philox`.
    private static let stream: UInt32 = 33

    package init(floor: Double, seed: UInt32) {
        self.floor = floor
        philox = Philox(seed: seed, stream: CandidateChoice.stream)
    }

    /// Chooses among the candidates of `position`; nil where there is none.
    ///
    /// - Parameter scores: Of each candidate, at least 0; nil where the candidate is left out. All
    ///   are alike where their sum is 0 or not finite.
    package func callAsFunction(_ scores: [Double?], position: Int) -> (
        candidate: Int, weight: Float
    )? {
        let present = scores.indices.filter { scores[$0] != nil }
        guard let last = present.last else { return nil }
        let sum = present.reduce(0) { $0 + (scores[$1] ?? 0) }
        let isInformed = sum > 0 && sum.isFinite
        let even = 1 / Double(present.count)
        let words = philox(
            SIMD4(
                UInt32(truncatingIfNeeded: position), UInt32(truncatingIfNeeded: position >> 32),
                0, 0))
        // 53 random bits.
        let bits = UInt64(words.x) << 21 | UInt64(words.y) >> 11
        var left = Double(bits) * 0x1p-53
        for candidate in present {
            let share = isInformed ? (scores[candidate] ?? 0) / sum : even
            let chance = (1 - floor) * share + floor * even
            if left < chance || candidate == last {
                return (candidate, Float(even / chance))
            }
            left -= chance
        }
        return nil
    }
}
