public import Fields

extension Design {
    /// Attempts to place sources after which a configuration without overlap is given up.
    package static let maximumAttempts = 10_000

    /// Streams of the seed, one a purpose, so that no two purposes share a random word.
    private enum Stream {
        static let sources: UInt32 = 0
        static let centres: UInt32 = 1
    }

    /// Returns the sample of the stratum with ordinal `stratum` at `index`: a pure function of the seed, the stratum's
    /// number of sources and the index, for every index from 0, whatever the counts are.
    ///
    /// Each attempted source takes one block of Philox4x32-10 at the counter (draw, number of sources, index mod 2³²,
    /// index div 2³²), where draws number the attempts from 0. Its words 0 and 1 give row and column, uniform over
    /// `centres` by ⌊word·span/2³²⌋ (an element's chance is off by at most the fraction span/2³² < 2⁻²⁰), word 2 the
    /// value (see `SourceValues`). Under the overlap policy `forbid` a source that meets an earlier one is drawn again
    /// with the next draw. One source takes its centre from `CentrePermutation` instead. O(n) time for n sources, O(n²)
    /// where overlap is forbidden.
    ///
    /// - Throws: `SamplingError` with code `.design` where there is no such stratum or index, `.exhausted` where a
    ///   single source has no centre left at `index`, `.doesNotFit` where `maximumAttempts` attempts did not place all
    ///   sources.
    public func configuration(stratum: Int, index: Int) throws(SamplingError) -> Configuration {
        guard strata.indices.contains(stratum), index >= 0 else {
            throw SamplingError(
                .design,
                "there is no sample with stratum ordinal \(stratum) and index \(index): ordinals are \(strata.indices), "
                    + "indices start at 0")
        }
        let sources = strata[stratum] == 1 ? [try single(index)] : try several(strata[stratum], index)
        do {
            return try Configuration(physics: physics, sources: sources)
        } catch {
            throw SamplingError(.doesNotFit, "the sample of \(strata[stratum]) sources at index \(index): \(error)")
        }
    }

    /// Returns the sample at `position` of `sequence`, which must be below `sampleCount`.
    ///
    /// - Throws: as `configuration(stratum:index:)`.
    public func configuration(at position: Int) throws(SamplingError) -> Configuration {
        let address = sequence[position]
        return try configuration(stratum: address.stratum, index: address.index)
    }

    /// The only source of a sample: value 1, centres without replacement.
    private func single(_ index: Int) throws(SamplingError) -> Source {
        guard index < centreCount else {
            throw SamplingError(
                .exhausted,
                "there is no sample of 1 source at index \(index): only \(centreCount) different ones exist, at indices "
                    + "\(0..<centreCount)")
        }
        let (rows, columns) = centres
        let centre = CentrePermutation(count: centreCount, philox: Philox(seed: seed, stream: Stream.centres))(index)
        return Source(
            row: rows.lowerBound + centre / columns.count, column: columns.lowerBound + centre % columns.count,
            radius: radius, value: 1)
    }

    /// The sources of a sample of two or more.
    private func several(_ count: Int, _ index: Int) throws(SamplingError) -> [Source] {
        let philox = Philox(seed: seed, stream: Stream.sources)
        let (rows, columns) = centres
        let low = UInt32(truncatingIfNeeded: index)
        let high = UInt32(truncatingIfNeeded: index >> 32)
        var placed: [Source] = []  // values are set at the end: some rules need all of them
        var steps: [Int] = []
        var draw = 0
        while placed.count < count {
            guard draw < Design.maximumAttempts else {
                throw SamplingError(
                    .doesNotFit,
                    "the sample of \(count) sources at index \(index) found room for \(placed.count) disks of radius "
                        + "\(radius) in \(draw) attempts: lower the number of sources or the radius, or allow overlap")
            }
            let words = philox(SIMD4(UInt32(draw), UInt32(count), low, high))
            draw += 1
            let source = Source(
                row: Design.element(of: rows, words.x), column: Design.element(of: columns, words.y), radius: radius,
                value: 1)
            if physics.overlap == .forbid, placed.contains(where: { Configuration.meet($0, source) }) { continue }
            placed.append(source)
            steps.append(values.step(words.z))
        }
        return zip(placed, values.values(ofSteps: steps)).map {
            Source(row: $0.row, column: $0.column, radius: radius, value: $1)
        }
    }

    /// The element of a range of less than 2¹² integers that a random word chooses (multiply-high, Lemire 2019 without
    /// its rejection).
    private static func element(of range: Range<Int>, _ word: UInt32) -> Int {
        range.lowerBound + Int((UInt64(word) * UInt64(range.count)) >> 32)
    }
}
