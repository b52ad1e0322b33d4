internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

extension Job {
    /// The sample stage: writes every configuration, as JSON Lines, cut into the parts that will be
    /// solved.
    func sample() throws {
        let started = Stopwatch()
        let origin = try origin()
        let fingerprint = Fingerprint.sample(origin, samplesPerPart: pipeline.samplesPerPart)
        if let manifest = finished("sample", .sample, fingerprint: fingerprint) {
            return skipped(manifest, stage: .sample)
        }
        try checkAhead(upTo: .sample, origin)
        try protectSolvedSamples(origin)
        try protectVersions(
            .sample, parameters: origin.parameters, strata: origin.strata, counts: origin.counts)
        let total = origin.counts.reduce(0, +)
        reporter.began(.sample, total: total, done: 0)
        try invalidate(.sample)
        var files: [Manifest.File] = []
        let listing = try SampleListing(
            origin, samplesPerPart: pipeline.samplesPerPart, threads: threads, lines: true,
            findsCopies: findsCopies
        ) { [self] part, lines in
            try AtomicFile.write(lines, to: "\(dataset.folder(.sample))/\(part.configurations)")
            files.append(
                Manifest.File(
                    path: part.configurations, bytes: lines.count, sha256: Digest(of: lines),
                    samples: part.count,
                    extra: ["first": .integer(part.first), "ids": .string(part.ids.description)]))
            reporter.advanced(.sample, done: part.first + part.count)
        }
        try sweep(.sample, keeping: Set(files.map(\.path)))
        warn(of: listing.copies, among: total)
        var content: [String: JSON] = [
            "samples": .integer(total), "digest": .string(listing.digest.description),
            "strata": SampleListing.table(strata: listing.strata, counts: listing.sequence.counts),
        ]
        content["copies"] = listing.copies.json
        let manifest = Manifest(
            stage: Stage.sample.rawValue, parameters: origin.parameters, inputs: [],
            content: .object(content),
            layout: .object(["samples_per_part": .integer(pipeline.samplesPerPart)]), files: files)
        try commit(
            manifest, stage: .sample, fingerprint: fingerprint, samples: total, started: started)
    }

    /// Says how many samples are left out because earlier ones are the same problem.
    private func warn(of copies: Copies, among total: Int) {
        guard let first = copies.entries.first else { return }
        let table = Dictionary(grouping: copies.entries, by: \.sources).sorted { $0.key < $1.key }
            .map { "\($0.value.count) of \($0.key) \($0.key == 1 ? "source" : "sources")" }.joined(
                separator: ", ")
        reporter.warned(
            "\(copies.count) of \(total) samples are left out (\(table)): each is the image of an "
                + "earlier one, as it is or seen from another side, such as \(first.id) of "
                + "\(first.original); sample/manifest.json lists them all")
    }
}
