internal import Fields
internal import Foundation
internal import Multigrid
internal import Sampling
internal import Shards

extension Job {
    /// The pack stage: shards in rank order, so that a subset is a prefix of them. Compressed chunks are carried over.
    func pack() throws {
        let started = Date()
        let (sampleManifest, listing) = try listing()
        let (solveManifest, splitManifest) = (try dataset.manifest(.solve), try dataset.manifest(.split))
        try require(solveManifest, madeFrom: sampleManifest)
        try require(splitManifest, madeFrom: solveManifest)
        let fingerprint = Fingerprint.pack(
            split: splitManifest.id, level: SolvedSamples.compressionLevel(solveManifest),
            samplesPerShard: pipeline.samplesPerShard)
        if let manifest = finished("pack", .pack, fingerprint: fingerprint) {
            return skipped(manifest, stage: .pack)
        }
        let samples = solveManifest.content["samples"]?.int ?? 0
        reporter.began(.pack, total: samples, done: 0)
        try invalidate(.pack)

        let store = SolvedSamples(solveManifest, in: dataset.folder(.solve))
        let split = try Split(json: splitManifest.parameters)
        let order = try RankOrder(store, split: split, strata: listing.strata)
        let accuracy = Accuracy(json: solveManifest.parameters)
        var all = Digest.Hasher()
        var files: [Manifest.File] = []
        var largest = 0.0
        var done = 0
        for plan in order.shards(of: pipeline.samplesPerShard) {
            try Interruption.check()
            var content = Digest.Hasher()
            for sample in plan.samples {
                let (bytes, bound) = try store.content(sample)
                content.update(bytes)
                all.update(bytes)
                largest = max(largest, bound)
            }
            let digest = content.finish()
            let file = try shard(plan, digest, store, listing, accuracy)
            files.append(
                Manifest.File(
                    path: plan.name, bytes: file.bytes, sha256: file.sha256, samples: plan.samples.count,
                    extra: [
                        "part": .string(plan.part.rawValue), "digest": .string(digest.description),
                        "ranks": .array([.integer(plan.ranks.lowerBound), .integer(plan.ranks.upperBound)]),
                    ]))
            done += plan.samples.count
            reporter.advanced(.pack, done: done)
        }
        let locations = try locations(of: files, physics: listing.physics)
        sweep(.pack, keeping: Set(files.map(\.path)), steps: Set(files.map { Job.step(ofShard: $0.path) }))

        let manifest = Manifest(
            stage: Stage.pack.rawValue,
            parameters: .object((accuracy.json.object ?? [:]).merging(["physics": listing.physics.json]) { $1 }),
            inputs: [input(.solve, solveManifest), input(.split, splitManifest)],
            content: .object([
                "samples": .integer(done), "strata": solveManifest.content["strata"] ?? .null,
                "parts": splitManifest.content["parts"] ?? .null,
                "selections": splitManifest.content["selections"] ?? .null,
                "digest": .string(all.finish().description), "largest_error_bound": .number(largest),
            ]),
            layout: .object([
                "codec": .string("standard"), "samples_per_shard": .integer(pipeline.samplesPerShard),
                "locations": .object([
                    "path": .string(locations.path), "bytes": .integer(locations.bytes),
                    "sha256": .string(locations.sha256.description),
                ]),
            ]), files: files)
        try commit(
            manifest, stage: .pack, fingerprint: fingerprint, further: [locations], samples: done, started: started)
    }

    /// Writes where every sample of the shards lies; see `LocationTable`.
    private func locations(of files: [Manifest.File], physics: Physics) throws -> Manifest.File {
        let samples = files.reduce(0) { $0 + $1.samples }
        let writer = try AtomicFile.Writer(dataset.path("pack/\(LocationTable.fileName)"))
        try writer.append(LocationTable.header(samples: samples, coefficients: ShardCoefficient.drawn(under: physics)))
        for file in files {
            try Interruption.check()
            let reader = try ShardReader(path: dataset.path("pack/\(file.path)"), followingLinks: false)
            try writer.append(try LocationTable.records(of: reader))
        }
        try writer.commit()
        return try entry(LocationTable.fileName, of: .pack, samples: samples)
    }

    static func step(ofShard name: String) -> String { "pack-" + name.replacing(".h5", with: "") }

    /// Writes one shard, unless it is there already with the same content.
    private func shard(
        _ plan: RankOrder.Shard, _ content: Digest, _ store: SolvedSamples, _ listing: SampleListing,
        _ accuracy: Accuracy
    ) throws -> Manifest.File {
        let step = Job.step(ofShard: plan.name)
        let level = store.compressionLevel
        let fingerprint = Fingerprint.shard(
            content: content, physics: listing.physics, accuracy: accuracy, level: level)
        if let record = StepRecord(step: step, in: dataset), record.fingerprint == fingerprint,
            record.isIntact(in: dataset), let file = record.files.first
        {
            return file
        }
        let started = Date()
        StepRecord.remove(step, in: dataset)
        let writer = try ShardWriter(
            path: AtomicFile.temporary(for: dataset.path("pack/\(plan.name)")), lattice: listing.physics.lattice,
            capacity: plan.samples.count,
            maximumSources: listing.strata.last ?? 1, kind: .shard,
            coefficients: ShardCoefficient.drawn(under: listing.physics),
            fixed: try ShardCoefficient.fixedValues(under: listing.physics),
            attributes: ShardAttribute.describing(listing.physics, accuracy), level: level)
        for sample in plan.samples {
            try Interruption.check()
            try writer.append(try store.sample(sample))
        }
        return try publish(
            writer, as: "pack/\(plan.name)", step: step, fingerprint: fingerprint, started: started)
    }
}
