internal import Documents
package import Fields
internal import Parallel
package import Sampling
package import Shards

/// What the sample stage holds: how many configurations of which stratum, cut into which parts.
package struct SampleListing {
    /// Samples that are solved and stored together, in the order of their ranks.
    package struct Part {
        package let number: Int
        package let place: PartCut.Place
        /// SHA-256 of the ids, as little-endian words.
        package let ids: Digest

        package var count: Int { place.count }
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
    package let cut: PartCut
    package let parts: [Part]
    /// SHA-256 of all ids, in the order of the sequence.
    package let digest: Digest
    /// Samples that are the same problem as an earlier one, by position; see `Copies`.
    package let copies: Copies
    private let index: PartIndex

    /// The most samples of a dataset: their ids are held in memory to find repeats, 16 bytes each.
    package static let maximumSamples = 1 << 28
    /// The most parts, which a manifest lists and a plan has steps for.
    package static let maximumParts = 1_000_000
    /// Samples that a thread draws at a time.
    private static let block = 500

    /// Refuses what could not be listed, before anything is drawn.
    package static func check(_ counts: [Int], _ cut: PartCut) throws {
        let samples = counts.reduce(0, +)
        guard samples <= maximumSamples else {
            throw DatasetError(
                .data,
                "\(samples) samples are asked for; a dataset holds at most \(maximumSamples): "
                    + "lower samples_per_stratum")
        }
        guard cut.bound(counts) <= maximumParts else {
            throw DatasetError(
                .data,
                "\(samples) samples in parts of \(cut.size) make more than \(maximumParts) "
                    + "parts: raise solver.samples_per_part, which is pack.samples_per_shard where "
                    + "it is left out")
        }
    }

    /// Goes through all configurations of `origin`, in parts as `cut` says, on `threads` threads.
    ///
    /// - Parameters:
    ///   - findsCopies: Whether samples that are the same problem as an earlier one are found, to
    ///     be left out.
    ///   - clock: Told how long drawing takes.
    ///   - body: Called for each part when it is complete, with its JSON Lines; an empty array
    ///     where `lines` is false.
    /// - Throws: `DatasetError` where a configuration cannot be drawn, or most of them are the
    ///   same.
    package init(
        _ origin: ConfigurationOrigin, _ cut: PartCut, threads: Int, lines: Bool,
        findsCopies: Bool = true, clock: PhaseClock = PhaseClock(),
        _ body: @escaping (Part, [UInt8]) throws -> Void
    ) throws {
        try SampleListing.check(origin.counts, cut)
        let physics = origin.physics
        self.physics = physics
        self.cut = cut
        strata = origin.strata
        let sequence = try SampleSequence(counts: origin.counts)
        self.sequence = sequence
        let index = PartIndex(cut, try cut.places(origin.counts), strata: origin.strata.count)
        self.index = index
        let block = SampleListing.block
        var open: [Int: OpenPart] = [:]
        var parts: [Part?] = index.places.map { _ in nil }
        var all = Digest.Hasher()
        var copies = Copies.Finder(strata: origin.strata, sequence: sequence)
        let classifier = ProblemClassifier(physics)
        try OrderedWork.run(count: (sequence.count + block - 1) / block, threads: threads) {
            { number in
                try Interruption.check()
                let began = Stopwatch()
                defer { clock.add(.sampling, began.seconds) }
                let first = number * block
                let range = first..<min(sequence.count, first + block)
                var drawn: [(number: Int, id: SampleID, problem: ProblemClass?, line: [UInt8])] = []
                for address in sequence.addresses(in: range) {
                    let configuration = try origin.configuration(address)
                    let id = configuration.id
                    var line: [UInt8] = []
                    if lines {
                        SampleListing.append(
                            configuration, id, under: physics, index: address.index, to: &line)
                    }
                    drawn.append(
                        (
                            index.number(of: address), id,
                            findsCopies ? classifier(configuration) : nil, line
                        ))
                }
                return drawn
            }
        } consume: { number, drawn in
            var ids: [UInt8] = []
            ids.reserveCapacity(8 * drawn.count)
            for (offset, sample) in drawn.enumerated() {
                if let problem = sample.problem {
                    try copies.add(sample.id, problem, at: number * block + offset)
                }
                sample.id.bits.appendLittleEndian(to: &ids)
                let part = open[sample.number] ?? OpenPart()
                part.add(sample.id, sample.line)
                let place = index.places[sample.number]
                guard part.count == place.count else {
                    open[sample.number] = part
                    continue
                }
                open[sample.number] = nil
                let complete = Part(number: sample.number, place: place, ids: part.digest)
                parts[sample.number] = complete
                try body(complete, part.text)
            }
            all.update(ids)
        }
        self.parts = parts.compactMap { $0 }
        digest = all.finish()
        self.copies = copies.copies
    }

    /// The listing that a sample stage's manifest describes.
    ///
    /// - Throws: `DatasetError` where its members contradict one another.
    package init(_ manifest: SampleManifest) throws(DatasetError) {
        physics = manifest.origin.physics
        strata = manifest.strata.map(\.sources)
        cut = manifest.cut
        let contradiction = DatasetError(
            .data,
            "the sample stage's manifest contradicts itself: run 'steadyset sample' again")
        let counts = manifest.strata.map(\.samples)
        let places: [PartCut.Place]
        do {
            sequence = try SampleSequence(counts: counts)
            guard cut.bound(counts) <= SampleListing.maximumParts else { throw contradiction }
            places = try cut.places(counts)
        } catch { throw DatasetError(error) }
        digest = manifest.digest
        var parts: [Part] = []
        for (listed, place) in zip(manifest.parts, places) {
            let part = Part(number: parts.count, place: place, ids: listed.ids)
            guard listed.file.path == part.configurations else {
                throw DatasetError(
                    .data,
                    "the sample stage's manifest lists '\(listed.file.path)' out of order: run "
                        + "'steadyset sample' again", member: "files")
            }
            guard listed.file.samples == part.count, listed.first == place.first else {
                throw contradiction
            }
            parts.append(part)
        }
        guard parts.count == places.count, manifest.parts.count == places.count else {
            throw contradiction
        }
        self.parts = parts
        index = PartIndex(cut, places, strata: strata.count)
        copies = try Copies(manifest.copies, strata: strata, sequence: sequence)
    }

    /// What the manifest says of it.
    package func manifest(of origin: SampleManifest.Origin, files: [Manifest.File])
        -> SampleManifest
    {
        SampleManifest(
            origin: origin, samples: sequence.count,
            strata: [Stratum](strata: strata, counts: sequence.counts), digest: digest,
            copies: copies.entries, cut: cut,
            parts: zip(parts, files).map { part, file in
                SampleManifest.Part(file: file, first: part.place.first, ids: part.ids)
            })
    }

    /// Where the sample at a position of the sequence is: the number of its part, and its place in
    /// that. O(strata).
    package func place(of position: Int) -> (part: Int, offset: Int) {
        let address = sequence[position]
        let number = index.number(of: address)
        let (part, rank) = cut.split.rank(of: address, strata: strata.count)
        let start = parts[number].place.ranks.lowerBound
        return (number, cut.count(of: part, start..<rank, sequence.counts))
    }

    /// The positions in the sequence of the samples of a part, in its order.
    package func positions(of part: Part) -> [Int] {
        cut.addresses(part.place, sequence.counts).compactMap(sequence.position)
    }

    /// The rank of the sample at `address`.
    package func rank(of address: SampleAddress) -> Int {
        cut.split.rank(of: address, strata: strata.count).rank
    }

    /// The number of the part that has the sample at `address`.
    package func number(of address: SampleAddress) -> Int { index.number(of: address) }

    /// Reads and checks the configurations of a part from the folder of the sample stage that
    /// `manifest` is of.
    package func configurations(of part: Part, _ manifest: SampleManifest, in folder: String) throws
        -> [ListedConfiguration]
    {
        try ConfigurationsFile.read(
            manifest.parts[part.number].file, in: folder, physics: physics, ids: part.ids)
    }

    /// The part of the split that the samples of part `number` are of; nil where there is none.
    package func part(_ number: Int) -> Split.Part? {
        number < parts.count ? parts[number].place.part : nil
    }

    /// Places in a part of samples that are copies of earlier ones, ascending.
    package func copies(in part: Part) -> [Int] {
        copies.count == 0
            ? []
            : positions(of: part).enumerated().compactMap { offset, position in
                copies.contains(position) ? offset : nil
            }
    }

    /// The elements of a part's list whose samples are no copies.
    package func withoutCopies<Element>(_ elements: [Element], in part: Part) -> [Element] {
        let copies = Set(copies(in: part))
        return copies.isEmpty
            ? elements
            : elements.enumerated().filter { !copies.contains($0.offset) }.map(\.element)
    }

    /// Appends the line of one configuration, with its keys where `physics` has open ones; `index`
    /// is that in its stratum, nil where it has none yet.
    package static func append(
        _ configuration: Configuration, under physics: Physics, index: Int?, to text: inout [UInt8]
    ) {
        append(configuration, configuration.id, under: physics, index: index, to: &text)
    }

    /// Appends a line, in its canonical form, of a configuration whose id is known.
    private static func append(
        _ configuration: Configuration, _ id: SampleID, under physics: Physics, index: Int?,
        to text: inout [UInt8]
    ) {
        text += "{\"id\":\"".utf8
        text += id.description.utf8
        text.append(UInt8(ascii: "\""))
        if let index { text += ",\"index\":\(index)".utf8 }
        let keys = physics.keys(of: configuration.physics)
        if !keys.isEmpty {
            text += ",\"keys\":".utf8
            text += JSON.array(keys.map { .integer(Int($0)) }).canonicalBytes
        }
        text += ",\"sources\":[".utf8
        for (place, source) in configuration.sources.enumerated() {
            if place > 0 { text.append(UInt8(ascii: ",")) }
            source.appendCanonical(to: &text)
        }
        text += "]}\n".utf8
    }
}

/// A part of which not all samples have been drawn.
private final class OpenPart {
    private(set) var text: [UInt8] = []
    private(set) var count = 0
    private var hasher = Digest.Hasher()
    /// Ids that the hasher has not seen.
    private var ids: [UInt8] = []

    func add(_ id: SampleID, _ line: [UInt8]) {
        id.bits.appendLittleEndian(to: &ids)
        if ids.count >= 4096 { hashIDs() }
        text += line
        count += 1
    }

    private func hashIDs() {
        hasher.update(ids)
        ids.removeAll(keepingCapacity: true)
    }

    /// SHA-256 of all ids.
    var digest: Digest {
        hashIDs()
        return hasher.finish()
    }
}

/// Finds the part that a sample is in.
private struct PartIndex: Sendable {
    let places: [PartCut.Place]
    private let cut: PartCut
    private let strata: Int
    /// Numbers of the places, by part and the number of its ranks.
    private let numbers: [Split.Part: [Int: Int]]

    init(_ cut: PartCut, _ places: [PartCut.Place], strata: Int) {
        self.cut = cut
        self.places = places
        self.strata = strata
        var numbers: [Split.Part: [Int: Int]] = [:]
        for (number, place) in places.enumerated() {
            numbers[place.part, default: [:]][place.ranks.lowerBound / cut.size] = number
        }
        self.numbers = numbers
    }

    /// The number of the place that has `address`, which must exist.
    func number(of address: SampleAddress) -> Int {
        let (part, rank) = cut.split.rank(of: address, strata: strata)
        guard let number = numbers[part]?[rank / cut.size] else {
            preconditionFailure("every sample is in a part")
        }
        return number
    }
}
