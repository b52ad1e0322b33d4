internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards
internal import Solving

extension Job {
    /// The pack stage: shards in rank order, so that a subset is a prefix of them. Compressed
    /// chunks are carried over, but for what the codec makes of y.
    func pack() throws {
        let started = Stopwatch()
        let (sampleManifest, listing) = try listing()
        let (solveManifest, splitManifest) = (
            try dataset.manifest(.solve), try dataset.manifest(.split)
        )
        try require(solveManifest, madeFrom: sampleManifest)
        try require(splitManifest, madeFrom: solveManifest)
        let level = SolvedSamples.compressionLevel(solveManifest)
        let fingerprint = Fingerprint.pack(
            split: splitManifest.id, codec: codec, level: level,
            samplesPerShard: pipeline.samplesPerShard)
        if let manifest = finished("pack", .pack, fingerprint: fingerprint) {
            return skipped(manifest, stage: .pack)
        }
        let samples = solveManifest.content["samples"]?.int ?? 0
        reporter.began(.pack, total: samples, done: 0)

        let store = SolvedSamples(solveManifest, in: dataset.folder(.solve))
        try store.verify(threads: threads)
        let split = try Split(json: splitManifest.parameters)
        let order = try RankOrder(store, split: split, strata: listing.strata)
        let form = ShardFormat(
            physics: listing.physics, accuracy: Accuracy(json: solveManifest.parameters),
            maximumSources: listing.strata.last ?? 1, codec: codec, level: level)
        var packing = ShardPacking(dataset: dataset, store: store, form: form, threads: threads)
        var all = Digest.Hasher()
        var largest = 0.0
        let shards = try order.shards(of: pipeline.samplesPerShard).map { plan in
            ShardPacking.Shard(
                plan: plan,
                content: try packing.digest(of: plan.samples, all: &all, largest: &largest))
        }
        let done = shards.reduce(0) { $0 + $1.plan.samples.count }
        var manifest = Manifest(
            stage: Stage.pack.rawValue,
            parameters: .object(
                (form.accuracy.json.object ?? [:]).merging(["physics": listing.physics.json]) { $1 }
            ), inputs: [input(.solve, solveManifest), input(.split, splitManifest)],
            content: .object([
                "samples": .integer(done), "strata": solveManifest.content["strata"] ?? .null,
                "parts": splitManifest.content["parts"] ?? .null,
                "selections": splitManifest.content["selections"] ?? .null,
                "digest": .string(all.finish().description),
                "largest_error_bound": .number(largest),
            ]))
        try protectShards(store, packing, shards)
        packing.known = try protectVersions(from: manifest, packing, shards)
        try invalidate(.pack)
        manifest.files = try packing.write(shards) { [reporter] in
            reporter.advanced(.pack, done: $0)
        }
        let locations = try form.writeLocations(of: manifest.files, in: dataset.folder(.pack))
        manifest.layout = form.layout(
            samplesPerShard: pipeline.samplesPerShard, locations: locations)
        try sweep(
            .pack, keeping: Set(manifest.files.map(\.path)),
            steps: Set(manifest.files.map { ShardPacking.step($0.path) }))
        try commit(
            manifest, stage: .pack, fingerprint: fingerprint, further: [locations], samples: done,
            started: started)
    }
}
