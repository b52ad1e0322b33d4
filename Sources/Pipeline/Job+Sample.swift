internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

extension Job {
    /// The sample stage: writes every configuration, as JSON Lines, cut into the parts that will be solved.
    func sample() throws {
        let started = Date()
        let origin = try origin()
        let fingerprint = Fingerprint.sample(origin, samplesPerPart: pipeline.samplesPerPart)
        if let manifest = finished("sample", .sample, fingerprint: fingerprint) {
            return skipped(manifest, stage: .sample)
        }
        try checkAhead(upTo: .sample, origin)
        try protectSolvedSamples(origin)
        try protectVersions(.sample, parameters: origin.parameters)
        let total = origin.counts.reduce(0, +)
        reporter.began(.sample, total: total, done: 0)
        try invalidate(.sample)
        var files: [Manifest.File] = []
        let listing = try SampleListing(
            origin, samplesPerPart: pipeline.samplesPerPart, threads: threads, lines: true, findsCopies: findsCopies
        ) { [self] part, lines in
            try AtomicFile.write(lines, to: "\(dataset.folder(.sample))/\(part.configurations)")
            files.append(
                Manifest.File(
                    path: part.configurations, bytes: lines.count, sha256: Digest(of: lines), samples: part.count,
                    extra: ["first": .integer(part.first), "ids": .string(part.ids.description)]))
            reporter.advanced(.sample, done: part.first + part.count)
        }
        sweep(.sample, keeping: Set(files.map(\.path)))
        warn(of: listing.copies, among: total)
        var content: [String: JSON] = [
            "samples": .integer(total), "digest": .string(listing.digest.description),
            "strata": SampleListing.table(strata: listing.strata, counts: listing.sequence.counts),
        ]
        content["copies"] = listing.copies.json
        let manifest = Manifest(
            stage: Stage.sample.rawValue, parameters: origin.parameters, inputs: [],
            content: .object(content), layout: .object(["samples_per_part": .integer(pipeline.samplesPerPart)]),
            files: files)
        try commit(manifest, stage: .sample, fingerprint: fingerprint, samples: total, started: started)
    }

    /// Says how many samples are left out because earlier ones are the same problem.
    private func warn(of copies: Copies, among total: Int) {
        guard let first = copies.entries.first else { return }
        let table = Dictionary(grouping: copies.entries, by: \.sources).sorted { $0.key < $1.key }
            .map { "\($0.value.count) of \($0.key) \($0.key == 1 ? "source" : "sources")" }.joined(separator: ", ")
        reporter.warned(
            "\(copies.count) of \(total) samples are left out (\(table)): each is the image of an earlier one, as it is or seen "
                + "from another side, such as \(first.id) of \(first.original); sample/manifest.json lists them all")
    }

    /// Refuses to go on where solved parts would be lost that the new configurations do not contain.
    ///
    /// Growing a design keeps them all: a part's samples stay the first of the part with its number.
    func protectSolvedSamples(_ origin: Origin) throws {
        let steps = StepRecord.steps(.solve, in: dataset).filter { $0 != Stage.solve.rawValue }
        guard !replace, !steps.isEmpty, let old = try? SampleListing(try dataset.manifest(.sample)) else { return }
        var lost = 0
        let copies = try SampleListing(
            origin, samplesPerPart: pipeline.samplesPerPart, threads: threads, lines: false, findsCopies: findsCopies
        ) { _, _ in }.copies
        for part in old.parts where steps.contains(part.step) {
            let same =
                try isUnchanged(part, in: origin, old: old)
                && copies.positions(in: part.positions) == old.copies.positions(in: part.positions)
            if !same { lost += part.count }
        }
        guard lost == 0 else {
            throw PipelineError(
                .cannotCreate,
                "\(dataset.root) holds \(lost) solved samples that this pipeline does not ask for, or not in parts of "
                    + "\(pipeline.samplesPerPart): choose another folder for --output, or pass --replace to remove them"
            )
        }
    }

    /// Whether the samples of an old part are the first ones of the new part with its number.
    private func isUnchanged(_ part: SampleListing.Part, in origin: Origin, old: SampleListing) throws -> Bool {
        let sequence = try SampleSequence(counts: origin.counts)
        guard part.first == part.number * pipeline.samplesPerPart, part.count <= pipeline.samplesPerPart,
            part.first + part.count <= sequence.count, origin.physics == old.physics
        else { return false }
        let ids = try sequence.addresses(in: part.first..<part.first + part.count).map {
            try origin.configuration($0).id
        }
        return Digest(of: ids.flatMap(\.bits.littleEndianBytes)) == part.ids
    }
}
