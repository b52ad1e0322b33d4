internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

extension Job {
    /// The split stage: which sample is for what, as ranges of ranks; it copies nothing.
    func split() throws {
        let started = Stopwatch()
        let (sampleManifest, listing) = try listing()
        let solveManifest = try dataset.manifest(.solve)
        try require(solveManifest, madeFrom: sampleManifest)
        guard solveManifest.parameters == pipeline.accuracy.json else {
            throw PipelineError(
                .data,
                "\(dataset.folder(.solve)) was solved with another 'solver' than \(pipelinePath) has: run 'steadyset solve' "
                    + "with this pipeline first")
        }
        let fingerprint = Fingerprint.split(solve: solveManifest.id, pipeline.split)
        if let manifest = finished("split", .split, fingerprint: fingerprint) {
            return skipped(manifest, stage: .split)
        }
        try protectVersions(
            .split, parameters: pipeline.split.json, strata: listing.strata, counts: listing.sequence.counts)
        reporter.began(.split, total: solveManifest.content["samples"]?.int ?? 0, done: 0)
        try invalidate(.split)
        try sweep(.split, keeping: [])
        let selections = try Job.selections(pipeline.split, listing, solveManifest)
        let samples = solveManifest.content["samples"]?.int ?? 0
        let manifest = Manifest(
            stage: Stage.split.rawValue, parameters: pipeline.split.json, inputs: [input(.solve, solveManifest)],
            content: .object([
                "parts": Job.table(ofParts: selections), "selections": .array(selections.map(\.json)),
            ]), layout: .object([:]), files: [])
        try commit(manifest, stage: .split, fingerprint: fingerprint, samples: samples, started: started)
    }

    /// The selections that a split makes of a solve stage's samples.
    static func selections(
        _ split: Split, _ listing: SampleListing, _ solveManifest: Manifest
    ) throws -> [Selection] {
        let leftOut = (solveManifest.content["left_out"]?.array ?? []).compactMap(StepRecord.LeftOut.init(json:))
        let addresses = leftOut.compactMap { item in
            listing.strata.firstIndex(of: item.sources).map { SampleAddress(stratum: $0, index: item.index) }
        }
        let copies = listing.copies.originals.keys.map { listing.sequence[$0] }
        return try split.selections(
            strata: listing.strata, counts: listing.sequence.counts, leftOut: Set(addresses + copies))
    }

    /// The number of samples in each part, from the selections that are whole parts.
    static func table(ofParts selections: [Selection]) -> JSON {
        .array(
            Split.Part.allCases.compactMap { part in
                selections.first { $0.name == "\(part.rawValue)/S100%" }.map {
                    .object(["part": .string(part.rawValue), "samples": .integer($0.samples)])
                }
            })
    }

    /// Refuses a stage that was made from another version of the one before it.
    func require(_ manifest: Manifest, madeFrom earlier: Manifest) throws {
        guard manifest.inputs.contains(where: { $0.stage == earlier.stage && $0.id == earlier.id }) else {
            throw PipelineError(
                .data,
                "\(dataset.root)/\(manifest.stage) was made from another '\(earlier.stage)' than the one that is there: run "
                    + "'steadyset \(manifest.stage)' again")
        }
    }
}
