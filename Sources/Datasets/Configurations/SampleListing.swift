internal import Documents
package import Fields
internal import Parallel
package import Sampling
package import Shards

/// What the sample stage holds: how many configurations of which stratum, cut into which parts.
package struct SampleListing {
    /// Consecutive samples that are solved and stored together.
    package struct Part {
        package let number: Int
        /// Position of the first sample.
        package let first: Int
        package let count: Int
        /// SHA-256 of the ids, as little-endian words.
        package let ids: Digest

        /// Positions of its samples.
        package var positions: Range<Int> { first..<first + count }
        /// The configurations file in the sample folder.
        package var configurations: String { "configurations-\(Part.digits(number)).jsonl" }
        /// The file in the solve folder.
        package var labels: String { "part-\(Part.digits(number)).h5" }
        /// The step that solves it.
        package var step: String { "solve-\(Part.digits(number))" }

        package static func digits(_ number: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, 5 - text.count)) + text
        }
    }

    package let physics: Physics
    package let strata: [Int]
    package let sequence: SampleSequence
    package let parts: [Part]
    /// SHA-256 of all ids.
    package let digest: Digest
    /// Samples that are the same problem as an earlier one, by position; see `Copies`.
    package let copies: Copies

    /// The most samples of a dataset: their ids are held in memory to find repeats, 16 bytes each.
    package static let maximumSamples = 1 << 28
    /// The most parts, which a manifest lists and a plan has steps for.
    package static let maximumParts = 1_000_000

    /// Refuses what could not be listed, before anything is drawn.
    package static func check(_ counts: [Int], samplesPerPart: Int) throws {
        let samples = counts.reduce(0, +)
        guard samples <= maximumSamples else {
            throw DatasetError(
                .data,
                "\(samples) samples are asked for; a dataset holds at most \(maximumSamples): "
                    + "lower samples_per_stratum")
        }
        guard (samples - 1) / samplesPerPart < maximumParts else {
            throw DatasetError(
                .data,
                "\(samples) samples in parts of \(samplesPerPart) make more than \(maximumParts) "
                    + "parts: raise solver.samples_per_part")
        }
    }

    /// Goes through all configurations of `origin` in parts of `samplesPerPart`, on `threads`
    /// threads.
    ///
    /// - Parameters:
    ///   - findsCopies: Whether samples that are the same problem as an earlier one are found, to
    ///     be left out.
    ///   - body: Called for each part in order with its JSON Lines; an empty array where `lines` is
    ///     false.
    /// - Throws: `DatasetError` where a configuration cannot be drawn, or most of them are the
    ///   same.
    package init(
        _ origin: ConfigurationOrigin, samplesPerPart: Int, threads: Int, lines: Bool,
        findsCopies: Bool = true, _ body: @escaping (Part, [UInt8]) throws -> Void
    ) throws {
        try SampleListing.check(origin.counts, samplesPerPart: samplesPerPart)
        let physics = origin.physics
        self.physics = physics
        strata = origin.strata
        let sequence = try SampleSequence(counts: origin.counts)
        self.sequence = sequence
        let count = (sequence.count + samplesPerPart - 1) / samplesPerPart
        var parts: [Part] = []
        var all = Digest.Hasher()
        var copies = Copies.Finder(strata: origin.strata, sequence: sequence)
        let classifier = ProblemClassifier(physics)
        try OrderedWork.run(count: count, threads: threads) {
            { number in
                try Interruption.check()
                let first = number * samplesPerPart
                let range = first..<min(sequence.count, first + samplesPerPart)
                var text: [UInt8] = []
                var ids: [SampleID] = []
                var classes: [ProblemClass] = []
                for address in sequence.addresses(in: range) {
                    let configuration = try origin.configuration(address)
                    ids.append(configuration.id)
                    if findsCopies { classes.append(classifier(configuration)) }
                    if lines {
                        SampleListing.append(
                            configuration, under: physics, index: address.index, to: &text)
                    }
                }
                return (text, ids, classes)
            }
        } consume: { number, result in
            let bytes = result.1.flatMap(\.bits.littleEndianBytes)
            for (offset, own) in zip(result.1, result.2).enumerated() {
                try copies.add(own.0, own.1, at: number * samplesPerPart + offset)
            }
            all.update(bytes)
            let part = Part(
                number: number, first: number * samplesPerPart, count: result.1.count,
                ids: Digest(of: bytes))
            parts.append(part)
            try body(part, result.0)
        }
        self.parts = parts
        digest = all.finish()
        self.copies = copies.copies
    }

    /// The listing that a sample stage's manifest describes.
    ///
    /// - Throws: `DatasetError` where its members contradict one another.
    package init(_ manifest: SampleManifest) throws(DatasetError) {
        physics = manifest.origin.physics
        strata = manifest.strata.map(\.sources)
        do { sequence = try SampleSequence(counts: manifest.strata.map(\.samples)) } catch {
            throw DatasetError(error)
        }
        digest = manifest.digest
        var parts: [Part] = []
        var next = 0
        for listed in manifest.parts {
            let part = Part(
                number: parts.count, first: next, count: listed.file.samples, ids: listed.ids)
            guard listed.file.path == part.configurations, listed.first == next else {
                throw DatasetError(
                    .data,
                    "the sample stage's manifest lists '\(listed.file.path)' out of order: run "
                        + "'steadyset sample' again", member: "files")
            }
            parts.append(part)
            next += part.count
        }
        self.parts = parts
        guard next == sequence.count else {
            throw DatasetError(
                .data,
                "the sample stage's manifest contradicts itself: run 'steadyset sample' again")
        }
        copies = try Copies(manifest.copies, strata: strata, sequence: sequence)
    }

    /// What the manifest says of it.
    package func manifest(
        of origin: SampleManifest.Origin, samplesPerPart: Int, files: [Manifest.File]
    )
        -> SampleManifest
    {
        SampleManifest(
            origin: origin, samples: sequence.count,
            strata: [Stratum](strata: strata, counts: sequence.counts), digest: digest,
            copies: copies.entries, samplesPerPart: samplesPerPart,
            parts: zip(parts, files).map { part, file in
                SampleManifest.Part(file: file, first: part.first, ids: part.ids)
            })
    }

    /// Appends the line of one configuration, with its keys where `physics` has open ones; `index`
    /// is that in its stratum, nil where it has none yet.
    package static func append(
        _ configuration: Configuration, under physics: Physics, index: Int?, to text: inout [UInt8]
    ) {
        var members: [String: JSON] = [
            "id": .string(configuration.id.description),
            "sources": .array(configuration.sources.map(\.json)),
        ]
        if let index { members["index"] = .integer(index) }
        let keys = physics.keys(of: configuration.physics)
        if !keys.isEmpty { members["keys"] = .array(keys.map { .integer(Int($0)) }) }
        text += JSON.object(members).canonicalBytes
        text.append(10)
    }
}

extension FixedWidthInteger {
    /// The bytes, least significant first.
    package var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
    }
}
