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
        try checkSplit(origin)
        try protectSolvedSamples(origin)
        try protectVersions(.sample, parameters: origin.parameters, strata: origin.strata, counts: origin.counts)
        let total = origin.counts.reduce(0, +)
        reporter.began(.sample, total: total, done: 0)
        try invalidate(.sample)
        var files: [Manifest.File] = []
        let listing = try SampleListing(
            origin, samplesPerPart: pipeline.samplesPerPart, threads: threads, lines: true
        ) { [self] part, lines in
            try AtomicFile.write(lines, to: "\(dataset.folder(.sample))/\(part.configurations)")
            files.append(
                Manifest.File(
                    path: part.configurations, bytes: lines.count, sha256: Digest(of: lines), samples: part.count,
                    extra: ["first": .integer(part.first), "ids": .string(part.ids.description)]))
            reporter.advanced(.sample, done: part.first + part.count)
        }
        try sweep(.sample, keeping: Set(files.map(\.path)))
        let manifest = Manifest(
            stage: Stage.sample.rawValue, parameters: origin.parameters, inputs: [],
            content: .object([
                "samples": .integer(total), "digest": .string(listing.digest.description),
                "strata": SampleListing.table(strata: listing.strata, counts: listing.sequence.counts),
            ]), layout: .object(["samples_per_part": .integer(pipeline.samplesPerPart)]), files: files)
        try commit(manifest, stage: .sample, fingerprint: fingerprint, samples: total, started: started)
    }
}
