/// How the samples of every stratum are divided into training, validation and test, and which
/// subsets are named.
///
/// The part of a sample depends on its index alone, and its rank in that part on nothing but index,
/// stratum and the number of strata: growing a dataset adds ranks, and moves none. As ranks take
/// the strata in turn, and the draws of different indices are independent, the first p% of the
/// ranks is a stratified random p%, and subsets of growing size contain one another.
public struct Split: Hashable, Sendable {
    /// What a sample is for.
    public enum Part: String, Hashable, Sendable, CaseIterable {
        /// Models are fitted to it.
        case train
        /// Models are selected by it; cut from training.
        case validation
        /// Models are judged by it.
        case test
    }

    /// Where a sample stands in the split.
    public struct Place: Hashable, Sendable {
        /// The part.
        public let part: Part
        /// Number of samples of the same stratum and part with a smaller index.
        public let position: Int

        /// Creates a place.
        public init(part: Part, position: Int) {
            self.part = part
            self.position = position
        }
    }

    /// One of several disjoint sets of training samples: positions [offset·size, (offset+1)·size)
    /// of every stratum, where size is `share` of the positions.
    public struct Window: Hashable, Sendable {
        /// What it is called, letters, digits and underscores; `train/S1.25%-B` for the name B.
        public let name: String
        /// Its size.
        public let share: Percentage
        /// How many windows of its size precede it.
        public let offset: Int

        /// Creates a window; `Split` checks name and offset.
        public init(name: String, share: Percentage, offset: Int) {
            self.name = name
            self.share = share
            self.offset = offset
        }
    }

    /// The index of every t-th sample is test, that is where index mod t = t − 1; nil for no test
    /// part. In `periods`.
    public let testEvery: Int?
    /// Of the samples that are not test, counted from 0, every v-th is validation; nil for none. In
    /// `periods`.
    public let validationEvery: Int?
    /// Sizes of the nested subsets, strictly increasing, the last 100%.
    public let subsets: [Percentage]
    /// Disjoint sets of training samples.
    public let windows: [Window]

    /// Periods that a part can have: at least 2, so that the training part is not empty, and small
    /// enough that no index exceeds 64 bits.
    public static let periods = 2...1_000_000

    /// Sizes of the paper's subsets in percent (Toledo-Marín et al. 2023, §2).
    public static let paperSubsets = [1.25, 2.5, 5, 12.5, 25, 50, 100]

    /// Creates a split.
    ///
    /// - Throws: `SamplingError` with code `.split` where a period is outside `periods`, subsets do
    ///   not increase up to 100%, or windows have no proper or equal names, or a negative offset.
    public init(
        testEvery: Int? = 5, validationEvery: Int? = nil, subsets: [Double] = Split.paperSubsets,
        windows: [Window] = []
    ) throws(SamplingError) {
        for (name, period) in [("test", testEvery), ("validation", validationEvery)] {
            if let period, !Split.periods.contains(period) {
                throw SamplingError(
                    .split,
                    "one sample in \(period) cannot be \(name): the period must be from "
                        + "\(Split.periods.lowerBound) to \(Split.periods.upperBound), or left out")
            }
        }
        var shares: [Percentage] = []
        for subset in subsets { shares.append(try Percentage(subset)) }
        guard shares.last == .hundred, zip(shares, shares.dropFirst()).allSatisfy(<) else {
            throw SamplingError(
                .split,
                "subsets \(subsets) are not possible: they must increase, and end with 100")
        }
        try Split.check(windows)
        self.testEvery = testEvery
        self.validationEvery = validationEvery
        self.subsets = shares
        self.windows = windows
    }

    /// All samples are for training: ranks count them in the order of `SampleSequence`.
    public static let none = Split(undivided: ())

    private init(undivided: Void) {
        (testEvery, validationEvery, subsets, windows) = (nil, nil, [.hundred], [])
    }

    /// Where the sample of any stratum at `index`, at least 0, stands. O(1).
    public func place(_ index: Int) -> Place {
        precondition(index >= 0, "indices start at 0")
        var rest = index  // number of samples before this one that are not test
        if let period = testEvery {
            let tests = index / period
            if index % period == period - 1 { return Place(part: .test, position: tests) }
            rest -= tests
        }
        if let period = validationEvery {
            let validations = rest / period
            if rest % period == period - 1 {
                return Place(part: .validation, position: validations)
            }
            rest -= validations
        }
        return Place(part: .train, position: rest)
    }

    /// The index of the sample at `place`, the inverse of `place(_:)`; nil where the split has no
    /// such part. The position must be from 0 to `SampleSequence.maximumCount`. O(1).
    public func index(_ place: Place) -> Int? {
        precondition(
            (0...SampleSequence.maximumCount).contains(place.position),
            "a position is out of range")
        // Without every t-th element, the q-th that is left has t − 1 for each that was taken: q +
        // ⌊q/(t−1)⌋.
        func amongAll(_ rest: Int) -> Int { testEvery.map { rest + rest / ($0 - 1) } ?? rest }
        switch place.part {
        case .test: return testEvery.map { place.position * $0 + $0 - 1 }
        case .validation: return validationEvery.map { amongAll(place.position * $0 + $0 - 1) }
        case .train:
            return amongAll(
                validationEvery.map { place.position + place.position / ($0 - 1) } ?? place.position
            )
        }
    }

    /// Number of samples of `part` among the first `count` of a stratum.
    public func positions(of part: Part, among count: Int) -> Int {
        let tests = testEvery.map { count / $0 } ?? 0
        let validations = validationEvery.map { (count - tests) / $0 } ?? 0
        return switch part {
        case .test: tests
        case .validation: validations
        case .train: count - tests - validations
        }
    }

    /// The part of the sample at `address`, and its rank in that part, position·strata + stratum.
    /// O(1).
    public func rank(of address: SampleAddress, strata: Int) -> (part: Part, rank: Int) {
        let place = place(address.index)
        return (place.part, place.position * strata + address.stratum)
    }

    /// The sample with `rank` in `part`, the inverse of `rank(of:strata:)`; nil where the split has
    /// no such part. Whether its stratum has that many samples is not asked, but for
    /// `SampleSequence.maximumCount`. O(1).
    public func address(part: Part, rank: Int, strata: Int) -> SampleAddress? {
        guard rank >= 0, strata > 0, rank / strata <= SampleSequence.maximumCount else {
            return nil
        }
        let (position, stratum) = rank.quotientAndRemainder(dividingBy: strata)
        return index(Place(part: part, position: position)).map {
            SampleAddress(stratum: stratum, index: $0)
        }
    }

    private static func check(_ windows: [Window]) throws(SamplingError) {
        var names: Set<String> = []
        for window in windows {
            let proper = window.name.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
                    || $0 == 95
            }
            guard proper, !window.name.isEmpty else {
                throw SamplingError(
                    .split,
                    "a window cannot be called '\(window.name)': names are letters, digits and "
                        + "underscores")
            }
            guard Part(rawValue: window.name) == nil else {
                throw SamplingError(
                    .split,
                    "a window cannot be called '\(window.name)', which is the name of a part: "
                        + "choose another")
            }
            guard names.insert("\(window.share)-\(window.name)").inserted else {
                throw SamplingError(
                    .split, "two windows of \(window.share)% are called '\(window.name)'")
            }
            guard (0...SampleSequence.maximumCount).contains(window.offset) else {
                throw SamplingError(
                    .split,
                    "window '\(window.name)' of \(window.share)% has offset \(window.offset): "
                        + "offsets start at 0")
            }
        }
    }
}
