internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards
internal import Solving

/// The pack stage: shards in rank order, so that a subset is a prefix of them. Parts that are
/// shards are taken over; of others compressed chunks are carried over, but for what the codec
/// makes of y.
struct PackStage: PipelineStage {
    /// What the samples must have been drawn from, where they were.
    let design: Design?
    /// How shards store labels.
    let codec: any ShardCodec
    let samplesPerShard: Int
    /// What the manifest says of the dataset.
    var about = DatasetAbout()

    let stage = Stage.pack
    let upstream = [Stage.split.rawValue]

    func inputs(_ listing: SampleListing) -> [String] {
        [Stage.solve.manifestPath(), Stage.split.manifestPath()]
            + listing.parts.map { Stage.solve.path($0.labels) }
    }

    func outputs(_ listing: SampleListing) -> [String] { [stage.manifestPath()] }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.pack(
            split: upstream[0], codec: codec, samplesPerShard: samplesPerShard, about: about)
    }

    func upstream(in context: StageContext) throws -> [Digest] {
        [context.dataset.fingerprint(of: try earlier(in: context).split)]
    }

    /// The samples, and the manifests of the stages before.
    private func earlier(in context: StageContext) throws -> (
        listing: SampleListing, solve: SolveManifest, split: SplitManifest
    ) {
        let (sample, listing) = try context.listing(of: design)
        let solve = try context.dataset.manifest(SolveManifest.self)
        let split = try context.dataset.manifest(SplitManifest.self)
        try context.require(solve, madeFrom: sample)
        try context.require(split, madeFrom: solve)
        return (listing, solve, split)
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let started = Stopwatch()
        let dataset = context.dataset
        let (listing, solveManifest, splitManifest) = try earlier(in: context)
        context.reporter.began(stage, total: solveManifest.samples, done: 0)

        let store = SolvedSamples(solveManifest, in: dataset.folder(.solve))
        try context.clock.time(.reading) { try store.verify(threads: context.threads) }
        let order = try RankOrder(store, split: splitManifest.split, strata: listing.strata)
        let form = ShardFormat(
            physics: listing.physics, accuracy: solveManifest.accuracy,
            maximumSources: listing.strata.last ?? 1, codec: codec,
            level: solveManifest.compressionLevel)
        var packing = ShardPacking(
            dataset: dataset, store: store, form: form, threads: context.threads)
        packing.clock = context.clock
        packing.incomplete = Set(
            solveManifest.leftOut.compactMap { sample in
                listing.strata.firstIndex(of: sample.sources).map {
                    listing.number(of: SampleAddress(stratum: $0, index: sample.index))
                }
            })
        var all = Digest.Hasher()
        var largest = 0.0
        let shards = try order.shards(of: samplesPerShard).map { plan in
            ShardPacking.Shard(
                plan: plan,
                content: try packing.digest(of: plan.samples, all: &all, largest: &largest))
        }
        let done = shards.reduce(0) { $0 + $1.plan.samples.count }
        var manifest = PackManifest(
            physics: listing.physics, accuracy: solveManifest.accuracy,
            inputs: [solveManifest.input, splitManifest.input], samples: done,
            strata: solveManifest.strata, parts: splitManifest.parts,
            selections: splitManifest.selections, digest: all.finish(),
            largestErrorBound: largest, codec: codec, compressionLevel: form.recordedLevel,
            samplesPerShard: samplesPerShard, about: about)
        if !context.replace { try protectShards(store, packing, shards, in: context) }
        packing.known = try VersionGuard(context, split: splitManifest.split).check(
            manifest, packing, shards)
        try context.invalidate(stage)
        manifest.shards = try packing.write(shards) { context.reporter.advanced(stage, done: $0) }
        let files = manifest.shards.map(\.file)
        let locations = try form.writeLocations(of: files, in: dataset.folder(stage))
        manifest.locations = PackManifest.Companion(locations)
        manifest.statistics = try statistics(
            of: manifest, solveManifest, isCutAlike: listing.cut.isCut(by: splitManifest.split),
            in: context)
        try context.sweep(
            stage, keeping: Set(files.map(\.path)),
            steps: Set(files.map { ShardName.step($0.path) }))
        try context.commit(
            manifest, fingerprint: fingerprint, further: [locations],
            samples: done, started: started)
    }
    /// Those that were taken when the labels were solved, where parts are cut by this split; else
    /// they are taken from the shards.
    private func statistics(
        of manifest: PackManifest, _ solve: SolveManifest, isCutAlike: Bool,
        in context: StageContext
    ) throws -> SampleStatistics? {
        let samples = manifest.shards.reduce(0) { $0 + ($1.part == .train ? $1.file.samples : 0) }
        if isCutAlike, let known = solve.statistics, known.samples == samples { return known }
        let packed = PackedShards(manifest, in: context.dataset.folder(stage), keeping: 4)
        return try packed.statistics(of: manifest.shards.indices, threads: context.threads)
    }
}
