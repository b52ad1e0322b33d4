internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards
internal import Solving

/// The split stage: which sample is for what, as ranges of ranks; it copies nothing.
struct SplitStage: PipelineStage {
    /// What the samples must have been drawn from, where they were.
    let design: Design?
    /// What their labels must satisfy.
    let accuracy: Accuracy
    let split: Split

    let stage = Stage.split
    let upstream = [Stage.solve.rawValue]

    func inputs(_ listing: SampleListing) -> [String] { [Stage.solve.manifestPath()] }
    func outputs(_ listing: SampleListing) -> [String] { [stage.manifestPath()] }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.split(solve: upstream[0], split)
    }

    func upstream(in context: StageContext) throws -> [Digest] {
        let (_, solve) = try solved(in: context)
        return [context.dataset.fingerprint(of: solve)]
    }

    /// The samples, and the manifest of their labels.
    private func solved(in context: StageContext) throws -> (SampleListing, SolveManifest) {
        let (sampleManifest, listing) = try context.listing(of: design)
        let manifest = try context.dataset.manifest(SolveManifest.self)
        try context.require(manifest, madeFrom: sampleManifest)
        guard manifest.accuracy == accuracy else {
            throw PipelineError(
                .data,
                "\(context.dataset.folder(.solve)) was solved with another 'solver' than "
                    + "\(context.pipelinePath) has: run 'steadyset solve' with this pipeline first")
        }
        return (listing, manifest)
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let started = Stopwatch()
        let (listing, solveManifest) = try solved(in: context)
        if !context.replace {
            try VersionGuard(context, split: split).check(
                split, strata: listing.strata,
                counts: listing.sequence.counts)
        }
        let samples = solveManifest.samples
        context.reporter.began(stage, total: samples, done: 0)
        try context.invalidate(stage)
        try context.sweep(stage, keeping: [])
        let selections = try SplitSelections.of(split, listing, solveManifest)
        let manifest = SplitManifest(
            split: split, inputs: [solveManifest.input],
            parts: SplitSelections.counts(ofParts: selections), selections: selections)
        try context.commit(
            manifest, fingerprint: fingerprint, samples: samples, started: started)
    }
}
