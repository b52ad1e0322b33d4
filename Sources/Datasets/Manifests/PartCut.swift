package import Sampling

/// How samples are cut into the parts that are solved and stored together: as shards are, by ranks.
///
/// A part holds the samples of one part of the split whose ranks are in [k·size, (k+1)·size), so
/// that it is the shard that `pack` would make of them. Which samples those are depends on the
/// periods of the split and the size alone: a dataset that grows keeps its parts.
package struct PartCut: Hashable, Sendable {
    /// Ranks that a part is for; not all need exist.
    package let size: Int
    /// Whose periods decide; subsets and windows are of no account.
    package let split: Split

    /// Samples that will be solved together.
    package struct Place: Hashable, Sendable {
        package let part: Split.Part
        /// The ranks that it is for.
        package let ranks: Range<Int>
        /// Samples with these ranks.
        package let count: Int
        /// The position of the first of them in the sequence of all samples.
        package let first: Int
    }

    /// Cuts as shards of `size` samples under `split` are cut.
    package init(_ split: Split, size: Int) {
        self.size = size
        self.split = split
    }

    /// Cuts by the order of all samples.
    package init(size: Int) { self.init(.none, size: size) }

    package static func == (a: PartCut, b: PartCut) -> Bool {
        a.size == b.size && a.split.testEvery == b.split.testEvery
            && a.split.validationEvery == b.split.validationEvery
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(size)
        hasher.combine(split.testEvery)
        hasher.combine(split.validationEvery)
    }

    /// Whether every part holds samples of one part of `split` alone.
    package func isCut(by split: Split) -> Bool { self == PartCut(split, size: size) }

    /// Parts that there are at most, for strata with `counts` samples. O(strata).
    package func bound(_ counts: [Int]) -> Int {
        Split.Part.allCases.reduce(0) { $0 + (end(of: $1, counts) + size - 1) / size }
    }

    /// The parts of strata with `counts` samples, in the order of their first samples: parts that
    /// growth adds come last. O(parts · strata).
    package func places(_ counts: [Int]) throws(SamplingError) -> [Place] {
        let sequence = try SampleSequence(counts: counts)
        var places: [Place] = []
        for part in Split.Part.allCases {
            for start in stride(from: 0, to: end(of: part, counts), by: size) {
                let ranks = start..<start + size
                var (count, lowest) = (0, Int.max)
                for (stratum, samples) in counts.enumerated() {
                    let own = positions(part, ranks, stratum, of: counts.count, samples)
                    count += own.count
                    if let first = own.first {
                        lowest = min(lowest, first * counts.count + stratum)
                    }
                }
                guard count > 0,
                    let address = split.address(part: part, rank: lowest, strata: counts.count),
                    let first = sequence.position(of: address)
                else { continue }
                places.append(Place(part: part, ranks: ranks, count: count, first: first))
            }
        }
        return places.sorted { $0.first < $1.first }
    }

    /// Samples of `part` with ranks in `ranks`. O(strata).
    package func count(of part: Split.Part, _ ranks: Range<Int>, _ counts: [Int]) -> Int {
        counts.enumerated().reduce(0) { sum, stratum in
            sum + positions(part, ranks, stratum.offset, of: counts.count, stratum.element).count
        }
    }

    /// The samples of a part, in its order, of strata with `counts` samples.
    package func addresses(_ place: Place, _ counts: [Int]) -> [SampleAddress] {
        place.ranks.clamped(to: 0..<end(of: place.part, counts)).compactMap { rank in
            let address = split.address(part: place.part, rank: rank, strata: counts.count)
            return address.flatMap { $0.index < counts[$0.stratum] ? $0 : nil }
        }
    }

    /// The end of the ranks of `part`.
    private func end(of part: Split.Part, _ counts: [Int]) -> Int {
        counts.enumerated().reduce(0) { end, stratum in
            let positions = split.positions(of: part, among: stratum.element)
            return positions == 0
                ? end : max(end, (positions - 1) * counts.count + stratum.offset + 1)
        }
    }

    /// The positions in `part` of samples of a stratum, `samples` in all, whose ranks are in
    /// `ranks`.
    private func positions(
        _ part: Split.Part, _ ranks: Range<Int>, _ stratum: Int, of strata: Int, _ samples: Int
    ) -> Range<Int> {
        let all = split.positions(of: part, among: samples)
        func position(from rank: Int) -> Int {
            min(all, max(0, (rank - stratum + strata - 1) / strata))
        }
        return position(from: ranks.lowerBound)..<position(from: ranks.upperBound)
    }
}
