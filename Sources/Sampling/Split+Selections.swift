extension Split {
    /// The selections of a dataset: every subset of training and of test, validation as a whole,
    /// every window, and every stratum of training and of test, in this order.
    ///
    /// A subset of p% is the first ⌈p%·P⌉ positions of every stratum, where P is the number of
    /// positions of the stratum that has most. For the paper's counts, 20 strata of 20,000, P is
    /// 16,000 for training and 4,000 for test, so all subsets are exact. A part or stratum without
    /// positions has no selections. O(selections · (strata + log l) + l log l) time for l samples
    /// left out.
    ///
    /// - Parameters:
    ///   - strata: Numbers of sources, strictly increasing, of the strata.
    ///   - counts: Samples per stratum; as many as `strata`.
    ///   - leftOut: Samples that are missing, such as those whose label could not be certified.
    /// - Throws: `SamplingError` with code `.split` where a window exceeds the training positions
    ///   or a sample that was left out does not exist, `.design` where strata or counts are not
    ///   possible.
    public func selections(strata: [Int], counts: [Int], leftOut: Set<SampleAddress> = [])
        throws(SamplingError) -> [Selection]
    {
        guard strata.count == counts.count, strata.allSatisfy({ $0 >= 1 }),
            zip(strata, strata.dropFirst()).allSatisfy(<)
        else {
            throw SamplingError(
                .design,
                "strata \(strata) with counts \(counts): strata must increase, with one count each")
        }
        let tally = try Tally(
            split: self, sequence: try SampleSequence(counts: counts), leftOut: leftOut)
        var selections: [Selection] = []
        for part in [Part.train, .test, .validation] {
            let most = tally.mostPositions(of: part)
            for share in part == .validation ? [.hundred] : subsets where most > 0 {
                selections.append(
                    tally.selection(
                        "\(part.rawValue)/S\(share)%", part, positions: 0..<share.of(most)))
            }
        }
        let most = tally.mostPositions(of: .train)
        for window in windows {
            let size = window.share.of(most)
            let fitting = size == 0 ? 0 : most / size
            guard window.offset < fitting else {
                throw SamplingError(
                    .split,
                    "window '\(window.name)' of \(window.share)% has offset \(window.offset), but "
                        + "of \(most) training positions per stratum \(fitting) windows of "
                        + "\(size) fit, at offsets below \(fitting)")
            }
            let start = window.offset * size
            selections.append(
                tally.selection(
                    "train/S\(window.share)%-\(window.name)", .train,
                    positions: start..<start + size))
        }
        for part in [Part.train, .test] {
            let most = tally.mostPositions(of: part)
            for (ordinal, sources) in strata.enumerated()
            where positions(of: part, among: counts[ordinal]) > 0 {
                let number = sources < 10 ? "0\(sources)" : "\(sources)"
                selections.append(
                    tally.selection(
                        "\(part.rawValue)/n\(number)", part, positions: 0..<most,
                        only: (ordinal, sources)))
            }
        }
        return selections
    }
}

/// Counts the samples that exist, by part, stratum and range of positions.
private struct Tally {
    private let split: Split
    private let counts: [Int]
    /// Positions of the samples left out, ascending, by part and stratum ordinal.
    private let missing: [Split.Part: [Int: [Int]]]

    init(split: Split, sequence: SampleSequence, leftOut: Set<SampleAddress>) throws(SamplingError)
    {
        var missing: [Split.Part: [Int: [Int]]] = [:]
        for address in leftOut.sorted() {
            guard sequence.position(of: address) != nil else {
                throw SamplingError(
                    .split,
                    "the sample left out with stratum ordinal \(address.stratum) and index "
                        + "\(address.index) does not exist")
            }
            // Sorted addresses have ascending indices, hence ascending positions.
            let place = split.place(address.index)
            missing[place.part, default: [:]][address.stratum, default: []].append(place.position)
        }
        self.split = split
        self.counts = sequence.counts
        self.missing = missing
    }

    /// Number of positions of `part` in the stratum that has most.
    func mostPositions(of part: Split.Part) -> Int {
        counts.map { split.positions(of: part, among: $0) }.max() ?? 0
    }

    /// The selection of these positions in all strata, or in one (ordinal, number of sources).
    func selection(
        _ name: String, _ part: Split.Part, positions: Range<Int>,
        only: (ordinal: Int, sources: Int)? = nil
    ) -> Selection {
        let ordinals = only.map { $0.ordinal..<$0.ordinal + 1 } ?? counts.indices
        let ranks = positions.lowerBound * counts.count..<positions.upperBound * counts.count
        let samples = ordinals.reduce(0) { $0 + existing(part, stratum: $1, positions: positions) }
        return Selection(
            name: name, part: part, ranks: ranks, stratum: only?.sources, samples: samples)
    }

    /// Number of samples at these positions of one stratum.
    private func existing(_ part: Split.Part, stratum: Int, positions: Range<Int>) -> Int {
        let existing = positions.clamped(to: 0..<split.positions(of: part, among: counts[stratum]))
        guard let missing = missing[part]?[stratum] else { return existing.count }
        return existing.count
            - (rank(of: existing.upperBound, in: missing)
                - rank(of: existing.lowerBound, in: missing))
    }

    /// Number of elements of an ascending array that are below `value`, by bisection.
    private func rank(of value: Int, in ascending: [Int]) -> Int {
        var low = 0
        var high = ascending.count
        while low < high {
            let middle = (low + high) / 2
            if ascending[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
