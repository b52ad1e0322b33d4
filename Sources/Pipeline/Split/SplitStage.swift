internal import Datasets
internal import Documents
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
                "\(dataset.folder(.solve)) was solved with another 'solver' than \(pipelinePath) "
                    + "has: run 'steadyset solve' with this pipeline first")
        }
        let fingerprint = Fingerprint.split(solve: solveManifest.id, pipeline.split)
        if let manifest = finished("split", .split, fingerprint: fingerprint) {
            return skipped(manifest, stage: .split)
        }
        try protectVersions(
            .split, parameters: pipeline.split.json, strata: listing.strata,
            counts: listing.sequence.counts)
        reporter.began(.split, total: solveManifest.content["samples"]?.int ?? 0, done: 0)
        try invalidate(.split)
        try sweep(.split, keeping: [])
        let selections = try SplitSelections.of(pipeline.split, listing, solveManifest)
        let samples = solveManifest.content["samples"]?.int ?? 0
        let manifest = Manifest(
            stage: Stage.split.rawValue, parameters: pipeline.split.json,
            inputs: [input(.solve, solveManifest)],
            content: .object([
                "parts": SplitSelections.table(ofParts: selections),
                "selections": .array(selections.map(\.json)),
            ]), layout: .object([:]), files: [])
        try commit(
            manifest, stage: .split, fingerprint: fingerprint, samples: samples, started: started)
    }

    /// Refuses a stage that was made from another version of the one before it.
    func require(_ manifest: Manifest, madeFrom earlier: Manifest) throws {
        guard manifest.inputs.contains(where: { $0.stage == earlier.stage && $0.id == earlier.id })
        else {
            throw PipelineError(
                .data,
                "\(dataset.root)/\(manifest.stage) was made from another '\(earlier.stage)' than "
                    + "the one that is there: run 'steadyset \(manifest.stage)' again")
        }
    }
}
