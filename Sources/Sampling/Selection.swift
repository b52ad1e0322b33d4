/// A named set of a version's samples: a range of ranks in one part, or one stratum of it.
///
/// It stays the same set when the dataset grows, because ranks do (see `Split`).
public struct Selection: Hashable, Sendable {
    /// What it is called: `train/S1.25%`, `train/S1.25%-B`, `test/n07`.
    public let name: String
    /// The part whose ranks these are.
    public let part: Split.Part
    /// The ranks; not all need exist where strata have unequal counts or samples were left out.
    public let ranks: Range<Int>
    /// Number of sources of the only stratum that belongs to it, or nil for all strata.
    public let stratum: Int?
    /// Number of samples that exist.
    public let samples: Int

    /// Creates a selection.
    public init(name: String, part: Split.Part, ranks: Range<Int>, stratum: Int? = nil, samples: Int) {
        self.name = name
        self.part = part
        self.ranks = ranks
        self.stratum = stratum
        self.samples = samples
    }

    /// Whether a sample of `part` with this rank and number of sources belongs to it.
    public func contains(part: Split.Part, rank: Int, sources: Int) -> Bool {
        part == self.part && ranks.contains(rank) && (stratum == nil || stratum == sources)
    }
}
