internal import Documents
package import Fields
package import Sampling
internal import Shards

/// Samples of a sample stage that are the same problem as an earlier one of it: the same image, in
/// the same medium, as it is or reflected, turned or shifted (`ProblemClass`). They are listed and
/// never solved, so that no problem stands on two sides of a split, whichever that is, nor twice on
/// one.
///
/// Earlier is first by index, then by number of sources. So which samples are copies depends on
/// nothing but the samples before them, and growing a design by as many indices of every stratum
/// makes none of a sample that was there.
package struct Copies {
    /// The earlier sample that each is like, by the position of the copy.
    package private(set) var originals: [Int: SampleID] = [:]
    /// The copies as a manifest lists them, in their order.
    package private(set) var entries: [SampleCopy] = []

    /// More are refused: such a design hardly has other problems than those it has given.
    package static let maximumCount = 100_000

    /// No copies.
    package init() {}

    package var count: Int { originals.count }

    /// Whether the sample at `position` is one.
    package func contains(_ position: Int) -> Bool { originals[position] != nil }

    /// The first copy that is not one of `other` or the other way round, in words.
    package func firstUnlike(_ other: Copies) -> String {
        let unlike = Set(entries).symmetricDifference(other.entries)
        let first = (entries + other.entries).first(where: unlike.contains)
        return first.map { ": sample \($0.id), of \($0.original), is not in both" } ?? ""
    }

    /// The copies that a manifest lists.
    ///
    /// - Throws: `DatasetError` where an entry is of no sample.
    package init(_ entries: [SampleCopy], strata: [Int], sequence: SampleSequence)
        throws(DatasetError)
    {
        for entry in entries {
            guard let stratum = strata.firstIndex(of: entry.sources),
                let position = sequence.position(
                    of: SampleAddress(stratum: stratum, index: entry.index)),
                originals.updateValue(entry.original, forKey: position) == nil
            else {
                throw DatasetError(
                    .data,
                    "the sample stage's manifest lists a copy that is no sample: run 'steadyset "
                        + "sample' again", member: "copies", sample: entry.id)
            }
        }
        self.entries = entries
    }

    /// Finds copies among samples that come in their order.
    package struct Finder {
        private var first: [ProblemClass: SampleID] = [:]
        package private(set) var copies = Copies()
        private let strata: [Int]
        private let sequence: SampleSequence

        /// Prepares for the samples of `sequence`.
        package init(strata: [Int], sequence: SampleSequence) {
            (self.strata, self.sequence) = (strata, sequence)
        }

        /// Takes the sample at `position`.
        ///
        /// - Throws: `DatasetError` where there are more than `maximumCount` copies.
        package mutating func add(_ id: SampleID, _ problem: ProblemClass, at position: Int) throws
        {
            guard let original = first[problem] else {
                first[problem] = id
                return
            }
            guard copies.count < Copies.maximumCount else {
                throw DatasetError(
                    .data,
                    "more than \(Copies.maximumCount) of the samples are copies of earlier ones: "
                        + "there are hardly any other problems of this kind; ask for fewer "
                        + "samples, or widen the ranges that are drawn from")
            }
            let address = sequence[position]
            copies.originals[position] = original
            copies.entries.append(
                SampleCopy(
                    id: id, sources: strata[address.stratum], index: address.index,
                    original: original))
        }
    }
}
