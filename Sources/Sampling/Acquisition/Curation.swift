internal import Fields

/// How a round of curation chooses: what the candidates are, what is known of each, and how many
/// are taken by which rule. The block `rounds` of a pipeline, apart from who trains.
public struct Curation: Hashable, Sendable {
    /// Where candidates come from.
    public enum Source: String, Hashable, Sendable, CaseIterable {
        /// Configurations that the pipeline's design gives with another seed; those that are chosen
        /// are solved.
        case drawn
        /// Samples of the training part that are not selected; nothing is solved.
        case unselected
    }

    /// Further candidates near those that score highest.
    public struct Neighbours: Hashable, Sendable {
        /// How many, as a share of the candidates that were drawn; above 0, at most 10.
        public var share = 1.0
        /// How many of the highest scores have neighbours, at least 1.
        public var hardest = 50
        /// How neighbours differ.
        public var perturbation: Perturbation

        /// Creates neighbours.
        public init(share: Double = 1, hardest: Int = 50, perturbation: Perturbation) {
            (self.share, self.hardest, self.perturbation) = (share, hardest, perturbation)
        }
    }

    /// The number of rounds, at least 1.
    public var count = 1
    /// Samples that a round adds to the training selection.
    public var add = 100
    /// Samples that leave the training selection each round: those with the smallest scores, as
    /// many of each number of sources as its share of the selection.
    public var drop = 0
    /// Where candidates come from.
    public var source = Source.drawn
    /// Candidates that a round draws.
    public var pool = 5000
    /// What is known of each.
    public var score = Score.standard
    /// The column of errors by which samples are scored, where the score has one.
    public var column = "mae"
    /// Passes of dropout, where the score is a variance.
    public var passes = 16
    /// The rule.
    public var acquisition = Acquisition.top
    /// How many of each number of sources.
    public var budget = StratumBudget.free
    /// Share of the added samples that is drawn from the candidates at random, all alike; the rule
    /// takes the rest.
    public var randomShare = 0.0
    /// Further candidates, or nil for none.
    public var neighbours: Neighbours?
    /// The seed of candidates, neighbours and choices.
    public var seed: UInt32 = 1
    /// Rounds end where the next one's expected gain is less than this many standard errors; nil
    /// for never.
    public var stop: Double?

    /// The defaults.
    public init() {}

    /// Streams of the seed.
    private enum Stream { static let pool: UInt32 = 27 }

    /// Most rounds.
    public static let maximumCount = 1000

    /// The design of the candidates of `round`: that of the dataset with other counts and a seed of
    /// its own. Of single sources that are drawn without replacement it has no more than there are.
    ///
    /// - Throws: `SamplingError` where there are not so many different configurations.
    public func candidates(of design: Design, round: Int) throws(SamplingError) -> Design {
        let strata = design.strata.count
        guard pool >= strata else {
            throw SamplingError(
                .design,
                "a pool of \(pool) candidates has none for some of the \(strata) numbers of "
                    + "sources: draw more")
        }
        let words = Philox(seed: seed, stream: Stream.pool)(
            SIMD4(UInt32(truncatingIfNeeded: round), design.seed, 0, 0))
        return try Design(
            physics: design.physics, strata: design.strata,
            counts: (0..<strata).map { stratum in
                let share = pool / strata + (stratum < pool % strata ? 1 : 0)
                return min(share, design.limit(stratum: stratum) ?? share)
            }, shapes: design.shapes, values: design.values, seed: words.x, places: design.places)
    }

    /// Chooses the samples that a round adds: by the rule, and a share of them at random.
    ///
    /// - Parameters:
    ///   - count: How many, `add` unless given.
    ///   - features: As `Acquisition.choose` wants them.
    ///   - threads: How many threads distances may use.
    /// - Returns: The choices; those that were drawn at random come last.
    /// - Throws: `SamplingError` as `Acquisition.choose`.
    public func choose(
        _ count: Int? = nil, of candidates: Candidates, features: Features? = nil,
        threads: Int = 1, round: Int
    ) throws(SamplingError) -> [(choice: Choice, isRandom: Bool)] {
        let count = count ?? add
        let atRandom = Int((Double(count) * randomShare).rounded())
        let chosen = try acquisition.choose(
            count - atRandom, of: candidates, budget: budget, features: features, threads: threads,
            seed: seed, round: round)
        guard atRandom > 0 else { return chosen.map { ($0, acquisition == .random) } }
        // Given what the rule took, that is certain, and the others' chances are those of the draw:
        // weighted sums are unbiased.
        let taken = Set(chosen.map(\.candidate))
        let rest = candidates.ids.indices.filter { !taken.contains($0) }
        let others = try Candidates(
            ids: rest.map { candidates.ids[$0] }, strata: rest.map { candidates.strata[$0] },
            scores: rest.map { candidates.scores[$0] })
        let drawn = try Acquisition.random.choose(
            atRandom, of: others, budget: .equal, seed: seed, round: round)
        return chosen.map {
            (Choice(candidate: $0.candidate, probability: 1), acquisition == .random)
        } + drawn.map { (Choice(candidate: rest[$0.candidate], probability: $0.probability), true) }
    }

    /// The samples that leave a selection: `drop` of `members`, with the smallest scores within
    /// each number of sources.
    ///
    /// - Returns: Places in `members`, ascending.
    /// - Throws: `SamplingError` with code `.scores` where no sample would be left.
    public func dropped(of members: Candidates) throws(SamplingError) -> [Int] {
        guard drop > 0 else { return [] }
        guard drop < members.count else {
            throw SamplingError(
                .scores,
                "\(drop) samples are to leave a selection of \(members.count): lower 'drop'")
        }
        let groups = members.byStratum
        let shares = StratumBudget.apportion(
            drop, weights: groups.map { Double($0.members.count) },
            capacities: groups.map(\.members.count))
        return zip(groups, shares).flatMap { group, share in
            group.members.sorted {
                (members.scores[$0], members.ids[$0].bits) < (
                    members.scores[$1], members.ids[$1].bits
                )
            }.prefix(share)
        }.sorted()
    }
}
