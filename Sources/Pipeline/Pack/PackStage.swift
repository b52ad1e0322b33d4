internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards
internal import Solving

/// The pack stage: shards in rank order, so that a subset is a prefix of them. Compressed chunks are
/// carried over, but for what the codec makes of y.
struct PackStage: PipelineStage {
    /// What the samples must have been drawn from, where they were.
    let design: Design?
    /// How shards store labels.
    let codec: any ShardCodec
    let samplesPerPart: Int
    let samplesPerShard: Int

    let stage = Stage.pack
    let upstream = [Stage.split.rawValue]

    func inputs(_ listing: SampleListing) -> [String] {
        [Stage.solve.manifestPath(), Stage.split.manifestPath()]
            + listing.parts.map { Stage.solve.path($0.labels) }
    }

    func outputs(_ listing: SampleListing) -> [String] { [stage.manifestPath()] }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.pack(split: upstream[0], codec: codec, samplesPerShard: samplesPerShard)
    }

    func upstream(in context: StageContext) throws -> [Digest] {
        [context.dataset.fingerprint(of: .split, try earlier(in: context).split)]
    }

    /// The samples, and the manifests of the stages before.
    private func earlier(in context: StageContext) throws -> (
        listing: SampleListing, solve: Manifest, split: Manifest
    ) {
        let (sampleManifest, listing) = try context.listing(of: design)
        let solve = try context.dataset.manifest(.solve)
        let split = try context.dataset.manifest(.split)
        try context.require(solve, madeFrom: sampleManifest)
        try context.require(split, madeFrom: solve)
        return (listing, solve, split)
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let started = Stopwatch()
        let dataset = context.dataset
        let (listing, solveManifest, splitManifest) = try earlier(in: context)
        let samples = solveManifest.content["samples"]?.int ?? 0
        context.reporter.began(stage, total: samples, done: 0)

        let store = SolvedSamples(solveManifest, in: dataset.folder(.solve))
        try store.verify(threads: context.threads)
        let split = try Split(json: splitManifest.parameters)
        let order = try RankOrder(store, split: split, strata: listing.strata)
        let form = ShardFormat(
            physics: listing.physics, accuracy: Accuracy(json: solveManifest.parameters),
            maximumSources: listing.strata.last ?? 1, codec: codec,
            level: SolvedSamples.compressionLevel(solveManifest))
        var packing = ShardPacking(
            dataset: dataset, store: store, form: form, threads: context.threads)
        var all = Digest.Hasher()
        var largest = 0.0
        let shards = try order.shards(of: samplesPerShard).map { plan in
            ShardPacking.Shard(
                plan: plan,
                content: try packing.digest(of: plan.samples, all: &all, largest: &largest))
        }
        let done = shards.reduce(0) { $0 + $1.plan.samples.count }
        var manifest = Manifest(
            stage: stage.rawValue,
            parameters: .object(
                (form.accuracy.json.object ?? [:]).merging(["physics": listing.physics.json]) { $1 }
            ),
            inputs: [
                context.input(.solve, solveManifest), context.input(.split, splitManifest),
            ],
            content: .object([
                "samples": .integer(done), "strata": solveManifest.content["strata"] ?? .null,
                "parts": splitManifest.content["parts"] ?? .null,
                "selections": splitManifest.content["selections"] ?? .null,
                "digest": .string(all.finish().description),
                "largest_error_bound": .number(largest),
            ]))
        if !context.replace { try protectShards(store, packing, shards, in: context) }
        packing.known = try VersionGuard(context, split: split).check(
            manifest, packing, shards, samplesPerShard: samplesPerShard)
        try context.invalidate(stage)
        manifest.files = try packing.write(shards) { context.reporter.advanced(stage, done: $0) }
        let locations = try form.writeLocations(of: manifest.files, in: dataset.folder(stage))
        manifest.layout = form.layout(samplesPerShard: samplesPerShard, locations: locations)
        try context.sweep(
            stage, keeping: Set(manifest.files.map(\.path)),
            steps: Set(manifest.files.map { ShardPacking.step($0.path) }))
        try context.commit(
            manifest, stage: stage, fingerprint: fingerprint, further: [locations], samples: done,
            started: started)
    }
}
