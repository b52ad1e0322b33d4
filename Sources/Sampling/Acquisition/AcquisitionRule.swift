internal import Fields

/// A rule that takes the most useful of the candidates: a pure function of what it is given.
/// Neither the order of the candidates nor the machine has a part in it.
///
/// A rule is one file and its line in `Acquisition.rules`; a key of its own is in the schema of
/// `rounds` as well.
package protocol AcquisitionRule: Hashable, Sendable {
    /// Its name in pipelines and manifests.
    static var name: String { get }
    /// Keys of the block `rounds` that only this rule has.
    static var keys: [AcquisitionKey] { get }
    /// Whether the rule goes by distances between features.
    static var needsFeatures: Bool { get }

    /// Creates the rule with the values of its keys, in order.
    init(_ values: [Double])
    /// The values of its keys, in order.
    var values: [Double] { get }

    /// Chooses `count` of `members`, which are places of candidates, the most wanted first; there
    /// are so many, and features where the rule needs them.
    ///
    /// - Throws: `SamplingError` with code `.unreadable` where features cannot be read.
    func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool) throws(SamplingError)
        -> [Choice]
}

extension AcquisitionRule {
    package static var keys: [AcquisitionKey] { [] }
    package static var needsFeatures: Bool { false }
    package var values: [Double] { [] }
}

/// A number that a rule has in the block `rounds`.
package struct AcquisitionKey: Hashable, Sendable {
    /// The key.
    package let name: String
    /// What it may be.
    package let range: ClosedRange<Double>
    /// What it is where it is left out.
    package let standard: Double
}

/// What a rule may know.
package struct AcquisitionPool: Sendable {
    /// The candidates.
    package let candidates: Candidates
    /// Rows of features, of the candidates and then of what is there already; nil where the rule
    /// needs none.
    package let features: Features?
    /// Rows of features of what is there already or was taken from other strata.
    package var there: [Int]
    /// How many threads a rule may use; what it chooses does not depend on it.
    let threads: Int
    let seed: UInt32
    let round: Int

    /// Stream of the seed.
    private static let stream: UInt32 = 24

    /// A uniform number in (0, 1) that belongs to a candidate, the seed and the round.
    package func draw(_ candidate: Int) -> Double {
        let id = candidates.ids[candidate].bits
        let words = Philox(seed: seed, stream: AcquisitionPool.stream)(
            SIMD4(
                UInt32(truncatingIfNeeded: id), UInt32(truncatingIfNeeded: id >> 32),
                UInt32(truncatingIfNeeded: round), 0))
        return (Double(UInt64(words.x) << 21 | UInt64(words.y) >> 11) + 0.5) * 0x1p-53
    }

    /// Members in the order of their ids.
    package func byID(_ members: [Int]) -> [Int] {
        members.sorted { candidates.ids[$0].bits < candidates.ids[$1].bits }
    }
}
