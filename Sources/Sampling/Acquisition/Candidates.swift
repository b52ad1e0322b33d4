public import Fields

/// Samples that a round may choose from, with what is known of each.
public struct Candidates: Sendable {
    /// Ids, each once.
    public let ids: [SampleID]
    /// Number of sources of each.
    public let strata: [Int]
    /// How much is expected of each, at least 0: an error, a variance, an estimate or a bound.
    public let scores: [Double]

    /// Number of candidates.
    public var count: Int { ids.count }

    /// Creates candidates from columns of equal length.
    ///
    /// - Throws: `SamplingError` with code `.scores` where an id is there twice, or a score is
    ///   negative or not finite.
    public init(ids: [SampleID], strata: [Int], scores: [Double]) throws(SamplingError) {
        precondition(
            ids.count == strata.count && ids.count == scores.count,
            "columns have equal lengths")
        var seen = Set<SampleID>(minimumCapacity: ids.count)
        for (id, score) in zip(ids, scores) {
            guard seen.insert(id).inserted else {
                throw SamplingError(.scores, "sample \(id) has two scores: keep one")
            }
            guard score.isFinite, score >= 0 else {
                throw SamplingError(
                    .scores,
                    "sample \(id) has the score \(score): scores must be finite and at least 0"
                )
            }
        }
        self.ids = ids
        self.strata = strata
        self.scores = scores
    }

    /// Strata that occur, ascending, with the candidates of each in their order.
    var byStratum: [(stratum: Int, members: [Int])] {
        Dictionary(grouping: ids.indices) { strata[$0] }.sorted { $0.key < $1.key }.map {
            ($0.key, $0.value)
        }
    }
}

/// One of the candidates that a round takes.
public struct Choice: Hashable, Sendable {
    /// Which candidate.
    public let candidate: Int
    /// The chance that it had of being taken, given the others' draws; nil where nothing was left
    /// to chance. The mean of a quantity over all candidates is estimated without bias by Σ
    /// quantity/probability over the choices, divided by their number.
    public let probability: Double?
}
