public import Fields

extension Design {
    /// Attempts to place sources after which a configuration without overlap is given up.
    package static let maximumAttempts = 10_000

    /// Streams of the seed, one a purpose, so that no two purposes share a random word.
    private enum Stream {
        static let sources: UInt32 = 0
        static let centres: UInt32 = 1
        static let shapes: UInt32 = 3
        static let keys: UInt32 = 4
        static let orbits: UInt32 = 28
    }

    /// Returns the sample of the stratum with ordinal `stratum` at `index`: a pure function of the
    /// seed, the stratum's number of sources and the index, for every index from 0, whatever the
    /// counts are.
    ///
    /// Each attempted source takes one block of Philox4x32-10 at the counter (draw, number of
    /// sources, index mod 2³², index div 2³²), where draws number the attempts from 0. Its words 0
    /// and 1 give row and column, uniform over those from which the shape stays on the lattice by
    /// ⌊word·span/2³²⌋ (an element's chance is off by at most the fraction span/2³² < 2⁻²⁰), word 2
    /// the value (see `SourceValues`). Where shapes are drawn, a second block of another stream at
    /// the same counter gives in word 0 the alternative and in words 1 to 3 its parameters; the
    /// corners of a polygon take two to a block, with (draw + 2¹⁶·k) in place of draw for the k-th
    /// block from 1. Under the overlap policy `forbid` a source that meets an earlier one is drawn
    /// again with the next draw. Open keys of the physics are word 0 of a third stream at (place,
    /// number of sources, index mod 2³², index div 2³²). Where there is nothing else to draw, one
    /// source takes its orbit of places from `CentrePermutation` instead, and one place of that
    /// from a fourth stream at (0, 1, index mod 2³², index div 2³²): word 0 the symmetry, words 1
    /// and 2 row and column along axes that slide (`CentreOrbits`). O(n) time for n sources, O(n²)
    /// where overlap is forbidden.
    ///
    /// - Throws: `SamplingError` with code `.design` where there is no such stratum or index,
    ///   `.exhausted` where a single source has no centre left at `index`, `.doesNotFit` where
    ///   `maximumAttempts` attempts did not place all sources.
    public func configuration(stratum: Int, index: Int) throws(SamplingError) -> Configuration {
        guard strata.indices.contains(stratum), index >= 0 else {
            throw SamplingError(
                .design,
                "there is no sample with stratum ordinal \(stratum) and index \(index): ordinals "
                    + "are \(strata.indices), indices start at 0")
        }
        let count = strata[stratum]
        let sources: [Source]
        if count == 1, let orbits, let shape = fixedShape {
            sources = [try single(index, shape, orbits)]
        } else {
            sources = try several(count, index)
        }
        do {
            return try Configuration(
                physics: try physics.realised(keys: keys(count, index)), sources: sources)
        } catch {
            throw SamplingError(
                .doesNotFit,
                "the sample of \(strata[stratum]) sources at index \(index): \(error)")
        }
    }

    /// Returns the sample at `position` of `sequence`, which must be below `sampleCount`.
    ///
    /// - Throws: as `configuration(stratum:index:)`.
    public func configuration(at position: Int) throws(SamplingError) -> Configuration {
        let address = sequence[position]
        return try configuration(stratum: address.stratum, index: address.index)
    }

    /// The keys of the random coefficients that have none.
    private func keys(_ count: Int, _ index: Int) -> [UInt32] {
        let philox = Philox(seed: seed, stream: Stream.keys)
        return (0..<physics.openKeys).map { philox(Design.counter(UInt32($0), count, index)).x }
    }

    private static func counter(_ first: UInt32, _ count: Int, _ index: Int) -> SIMD4<UInt32> {
        SIMD4(
            first, UInt32(count), UInt32(truncatingIfNeeded: index),
            UInt32(truncatingIfNeeded: index >> 32))
    }

    /// The only source of a sample: value 1, places without replacement.
    private func single(_ index: Int, _ shape: Shape, _ orbits: CentreOrbits) throws(SamplingError)
        -> Source
    {
        guard index < orbits.count else {
            throw SamplingError(
                .exhausted,
                "there is no sample of 1 source at index \(index): only \(orbits.count) different "
                    + "ones exist, at indices \(0..<orbits.count)")
        }
        let orbit = CentrePermutation(
            count: orbits.count, philox: Philox(seed: seed, stream: Stream.centres))(index)
        let words = Philox(seed: seed, stream: Stream.orbits)(Design.counter(0, 1, index))
        let (row, column) = orbits.place(orbit, words)
        return Source(row: row, column: column, shape: shape, value: 1)
    }

    /// The sources of a sample.
    private func several(_ count: Int, _ index: Int) throws(SamplingError) -> [Source] {
        let philox = Philox(seed: seed, stream: Stream.sources)
        let fixed = fixedShape
        let fixedFootprint = fixed?.footprint
        // Values are set at the end: some rules need all of them.
        var placed: [(source: Source, footprint: Footprint)] = []
        var steps: [Int] = []
        var draw = 0
        while placed.count < count {
            guard draw < Design.maximumAttempts else {
                throw SamplingError(
                    .doesNotFit,
                    "the sample of \(count) sources at index \(index) found room for "
                        + "\(placed.count) of them in \(draw) attempts: lower the number of "
                        + "sources or their size, or allow overlap")
            }
            let words = philox(Design.counter(UInt32(draw), count, index))
            let shape = fixed ?? self.shape(draw, count, index)
            let footprint = fixedFootprint ?? shape.footprint
            draw += 1
            // Every alternative was found to fit and to cover its centre or a ring around it.
            guard let box = footprint.box else { continue }
            let rows = -box.rows.lowerBound..<physics.lattice.rows - box.rows.upperBound
            let columns = -box.columns.lowerBound..<physics.lattice.columns - box.columns.upperBound
            let source = Source(
                row: Design.element(of: rows, words.x),
                column: Design.element(of: columns, words.y), shape: shape, value: 1)
            if physics.overlap == .forbid,
                placed.contains(where: {
                    $0.footprint.meets(
                        footprint, down: $0.source.row - source.row,
                        across: $0.source.column - source.column)
                })
            {
                continue
            }
            placed.append((source, footprint))
            steps.append(values.step(words.z))
        }
        return zip(placed, values.values(ofSteps: steps)).map {
            Source(row: $0.source.row, column: $0.source.column, shape: $0.source.shape, value: $1)
        }
    }

    /// The shape of one attempted source.
    private func shape(_ draw: Int, _ count: Int, _ index: Int) -> Shape {
        let philox = Philox(seed: seed, stream: Stream.shapes)
        let words = philox(Design.counter(UInt32(draw), count, index))
        let alternative = shapes[Design.element(of: 0..<shapes.count, words.x)]
        return alternative.draw(words) { pair in
            philox(Design.counter(UInt32(draw) | UInt32(pair + 1) << 16, count, index))
        }
    }

    /// The element of a range of less than 2¹² integers that a random word chooses (multiply-high,
    /// Lemire 2019 without its rejection).
    private static func element(of range: Range<Int>, _ word: UInt32) -> Int {
        range.lowerBound + Int((UInt64(word) * UInt64(range.count)) >> 32)
    }
}
