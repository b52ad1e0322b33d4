/// A named set of a version's samples: ranges of ranks in one part, or one stratum of them.
///
/// It stays the same set when the dataset grows, because ranks do (see `Split`). Subsets, windows
/// and strata have one range; the training set that a round chose has as many as it takes.
public struct Selection: Hashable, Sendable {
    /// What it is called: `train/S1.25%`, `train/S1.25%-B`, `test/n07`, `train/round-1`; see
    /// `isProper(name:of:)`.
    public let name: String
    /// The part whose ranks these are.
    public let part: Split.Part
    /// The ranks, at least one range: ascending, apart from one another, none empty but where it is
    /// the only one. Not all ranks need exist where strata have unequal counts or samples were left
    /// out.
    public let ranges: [Range<Int>]
    /// Number of sources of the only stratum that belongs to it, or nil for all strata.
    public let stratum: Int?
    /// Number of samples that exist.
    public let samples: Int

    /// Creates a selection of one range.
    public init(
        name: String, part: Split.Part, ranks: Range<Int>, stratum: Int? = nil, samples: Int
    ) { self.init(name: name, part: part, ranges: [ranks], stratum: stratum, samples: samples) }

    /// Creates a selection; `ranges` must be as the property says.
    public init(
        name: String, part: Split.Part, ranges: [Range<Int>], stratum: Int? = nil, samples: Int
    ) {
        precondition(Selection.areProper(ranges), "ranges are ascending and apart")
        self.name = name
        self.part = part
        self.ranges = ranges
        self.stratum = stratum
        self.samples = samples
    }

    /// Whether `name` can be that of a selection of `part`: the part, a slash, and 1 to 64 letters,
    /// digits, '.', '_', '%' and '-', the first a letter or a digit. Names come from strangers, and
    /// exports make folders of them.
    public static func isProper(name: String, of part: Split.Part) -> Bool {
        func isWord(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        let start = Array("\(part.rawValue)/".utf8)
        let rest = name.utf8.dropFirst(start.count)
        return name.utf8.starts(with: start) && (1...64).contains(rest.count)
            && rest.first.map(isWord) == true
            && rest.allSatisfy { isWord($0) || [37, 45, 46, 95].contains($0) }
    }

    /// The least range that has all the ranks.
    public var span: Range<Int> { (ranges.first?.lowerBound ?? 0)..<(ranges.last?.upperBound ?? 0) }

    /// Whether a sample of `part` with this rank and number of sources belongs to it. O(log
    /// ranges).
    public func contains(part: Split.Part, rank: Int, sources: Int) -> Bool {
        part == self.part && (stratum == nil || stratum == sources) && contains(rank)
    }

    /// Whether the rank is in one of the ranges. O(log ranges).
    public func contains(_ rank: Int) -> Bool {
        let number = firstRange(endingAfter: rank)
        return number < ranges.count && ranges[number].lowerBound <= rank
    }

    /// Whether one of `ranks` is in one of the ranges. O(log ranges).
    public func overlaps(_ ranks: Range<Int>) -> Bool {
        let number = firstRange(endingAfter: ranks.lowerBound)
        return number < ranges.count && ranges[number].overlaps(ranks)
    }

    /// The number of the first range that ends after `rank`, by bisection; that of ranges where
    /// none does.
    private func firstRange(endingAfter rank: Int) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= rank { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Whether these can be a selection's ranges.
    static func areProper(_ ranges: [Range<Int>]) -> Bool {
        guard let first = ranges.first, first.lowerBound >= 0 else { return false }
        return ranges.count == 1
            || (ranges.allSatisfy { !$0.isEmpty }
                && zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }

    /// The fewest ranges that have the chosen ones of the ranks that exist and none of the others;
    /// empty where none is chosen. O(ranks).
    ///
    /// - Parameters:
    ///   - existing: all ranks of the part that exist, ascending.
    ///   - isChosen: which of them are wanted.
    public static func ranges(among existing: [Int], where isChosen: (Int) -> Bool) -> [Range<Int>]
    {
        var ranges: [Range<Int>] = []
        var isOpen = false
        for rank in existing {
            if isChosen(rank) {
                if isOpen, let last = ranges.popLast() {
                    ranges.append(last.lowerBound..<rank + 1)
                } else {
                    ranges.append(rank..<rank + 1)
                }
                isOpen = true
            } else {
                isOpen = false
            }
        }
        return ranges
    }
}
