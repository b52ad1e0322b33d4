/// All samples of a design or an import in one order: by index, then by stratum, without the
/// indices that a stratum does not have.
///
/// Positions in it are what the work is cut by. With equal counts the sample at position p is index
/// p / strata of stratum p mod strata; with unequal counts strata end one after another, and
/// between two ends the same holds for those that go on. A lookup is O(log strata) to find that
/// stretch, and O(strata) to count within it.
public struct SampleSequence: Hashable, Sendable {
    /// Most samples in a stratum, 2⁴⁰: with 1024 strata every rank and position stays exact in a
    /// JSON number.
    public static let maximumCount = 1 << 40
    /// Most strata.
    public static let maximumStrata = 1024

    /// Indices over which the same strata go on.
    private struct Stretch: Hashable, Sendable {
        /// First index of the stretch.
        let index: Int
        /// Position of the first sample of the stretch.
        let position: Int
        /// Number of strata that have these indices.
        let strata: Int
    }

    /// Samples per stratum.
    public let counts: [Int]
    /// Number of samples.
    public let count: Int
    private let stretches: [Stretch]

    /// Creates the sequence of strata with these numbers of samples. O(strata · log) time.
    ///
    /// - Throws: `SamplingError` with code `.design` where there are more than `maximumStrata`
    ///   counts, or one is negative or above `maximumCount`.
    public init(counts: [Int]) throws(SamplingError) {
        guard counts.count <= SampleSequence.maximumStrata else {
            throw SamplingError(
                .design,
                "\(counts.count) strata are too many: at most \(SampleSequence.maximumStrata) are "
                    + "possible")
        }
        if let wrong = counts.firstIndex(where: { $0 < 0 || $0 > SampleSequence.maximumCount }) {
            throw SamplingError(
                .design,
                "stratum \(wrong) has \(counts[wrong]) samples: counts must be from 0 to "
                    + "\(SampleSequence.maximumCount)")
        }
        var stretches: [Stretch] = []
        var index = 0
        var position = 0
        let ends = counts.sorted()
        for (ended, end) in ends.enumerated() where end > index {
            let strata = ends.count - ended
            stretches.append(Stretch(index: index, position: position, strata: strata))
            position += (end - index) * strata
            index = end
        }
        self.counts = counts
        self.count = position
        self.stretches = stretches
    }

    /// The sample at `position`, which must be in `0..<count`.
    public subscript(position: Int) -> SampleAddress {
        precondition((0..<count).contains(position), "position \(position) is outside 0..<\(count)")
        let stretch = stretches[stretchIndex(of: position)]
        let (turns, place) = (position - stretch.position).quotientAndRemainder(
            dividingBy: stretch.strata)
        return SampleAddress(stratum: ordinals(of: stretch)[place], index: stretch.index + turns)
    }

    /// The samples at `positions`, a range within `0..<count`, in order. O(positions + strata ·
    /// stretches touched) time.
    public func addresses(in positions: Range<Int>) -> [SampleAddress] {
        precondition(
            positions.lowerBound >= 0 && positions.upperBound <= count,
            "\(positions) is outside 0..<\(count)")
        var addresses: [SampleAddress] = []
        addresses.reserveCapacity(positions.count)
        var position = positions.lowerBound
        while position < positions.upperBound {
            let number = stretchIndex(of: position)
            let stretch = stretches[number]
            let end = number + 1 < stretches.count ? stretches[number + 1].position : count
            let ordinals = ordinals(of: stretch)
            for position in position..<min(end, positions.upperBound) {
                let (turns, place) = (position - stretch.position).quotientAndRemainder(
                    dividingBy: stretch.strata)
                addresses.append(
                    SampleAddress(stratum: ordinals[place], index: stretch.index + turns))
            }
            position = min(end, positions.upperBound)
        }
        return addresses
    }

    /// The position of the sample at `address`, or nil where there is none.
    public func position(of address: SampleAddress) -> Int? {
        guard counts.indices.contains(address.stratum),
            (0..<counts[address.stratum]).contains(address.index)
        else { return nil }
        // A sample comes after all with a smaller index, and after those of its own index in
        // earlier strata.
        var position = 0
        for (stratum, count) in counts.enumerated() {
            position += min(count, stratum < address.stratum ? address.index + 1 : address.index)
        }
        return position
    }

    /// The number of the stretch that `position` lies in: the last that starts at or before it.
    private func stretchIndex(of position: Int) -> Int {
        var low = 0
        var high = stretches.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if stretches[middle].position <= position { low = middle } else { high = middle }
        }
        return low
    }

    /// The strata that have the indices of `stretch`, ascending.
    private func ordinals(of stretch: Stretch) -> [Int] {
        counts.indices.filter { counts[$0] > stretch.index }
    }
}
