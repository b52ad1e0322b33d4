internal import Fields
internal import Foundation
internal import Multigrid
internal import Sampling
internal import Shards

extension Job {
    /// The pack stage: shards in rank order, so that a subset is a prefix of them. Compressed chunks are carried over, but
    /// for what a codec other than the standard one makes of y.
    func pack() throws {
        let started = Date()
        let (sampleManifest, listing) = try listing()
        let (solveManifest, splitManifest) = (try dataset.manifest(.solve), try dataset.manifest(.split))
        try require(solveManifest, madeFrom: sampleManifest)
        try require(splitManifest, madeFrom: solveManifest)
        let level = SolvedSamples.compressionLevel(solveManifest)
        let fingerprint = Fingerprint.pack(
            split: splitManifest.id, codec: codec, level: level, samplesPerShard: pipeline.samplesPerShard)
        if let manifest = finished("pack", .pack, fingerprint: fingerprint) {
            return skipped(manifest, stage: .pack)
        }
        let samples = solveManifest.content["samples"]?.int ?? 0
        reporter.began(.pack, total: samples, done: 0)
        try invalidate(.pack)

        let store = SolvedSamples(solveManifest, in: dataset.folder(.solve))
        try store.verify(threads: threads)
        let split = try Split(json: splitManifest.parameters)
        let order = try RankOrder(store, split: split, strata: listing.strata)
        let form = ShardForm(
            physics: listing.physics, accuracy: Accuracy(json: solveManifest.parameters),
            maximumSources: listing.strata.last ?? 1, codec: codec, level: level)
        var all = Digest.Hasher()
        var largest = 0.0
        let plans = order.shards(of: pipeline.samplesPerShard)
        let digests = try plans.map { plan in
            try Interruption.check()
            var content = Digest.Hasher()
            for sample in plan.samples {
                let (bytes, bound) = try store.content(sample)
                content.update(bytes)
                all.update(bytes)
                largest = max(largest, bound)
            }
            return content.finish()
        }
        let files = try write(plans, digests, store, form)
        let locations = try form.writeLocations(of: files, in: dataset.folder(.pack))
        sweep(.pack, keeping: Set(files.map(\.path)), steps: Set(files.map { Job.step(ofShard: $0.path) }))

        let done = plans.reduce(0) { $0 + $1.samples.count }
        let manifest = Manifest(
            stage: Stage.pack.rawValue,
            parameters: .object((form.accuracy.json.object ?? [:]).merging(["physics": listing.physics.json]) { $1 }),
            inputs: [input(.solve, solveManifest), input(.split, splitManifest)],
            content: .object([
                "samples": .integer(done), "strata": solveManifest.content["strata"] ?? .null,
                "parts": splitManifest.content["parts"] ?? .null,
                "selections": splitManifest.content["selections"] ?? .null,
                "digest": .string(all.finish().description), "largest_error_bound": .number(largest),
            ]),
            layout: form.layout(samplesPerShard: pipeline.samplesPerShard, locations: locations), files: files)
        try commit(
            manifest, stage: .pack, fingerprint: fingerprint, further: [locations], samples: done, started: started)
    }

    /// Writes the shards, several at a time; where there are few, several threads work on each.
    private func write(
        _ plans: [RankOrder.Shard], _ digests: [Digest], _ store: SolvedSamples, _ form: ShardForm
    ) throws -> [Manifest.File] {
        var files: [Manifest.File] = []
        var done = 0
        let atOnce = max(1, min(threads, plans.count))
        let threadsOfOne = max(1, threads / atOnce)
        try OrderedWork.run(count: plans.count, threads: atOnce) { [self] in
            let own = store.copy()
            return { [self] number in try shard(plans[number], digests[number], own, form, threads: threadsOfOne) }
        } consume: { [reporter] number, file in
            let plan = plans[number]
            files.append(
                Manifest.File(
                    path: plan.name, bytes: file.bytes, sha256: file.sha256, samples: plan.samples.count,
                    extra: [
                        "part": .string(plan.part.rawValue), "digest": .string(digests[number].description),
                        "ranks": .array([.integer(plan.ranks.lowerBound), .integer(plan.ranks.upperBound)]),
                    ]))
            done += plan.samples.count
            reporter.advanced(.pack, done: done)
        }
        return files
    }

    static func step(ofShard name: String) -> String { "pack-" + name.replacing(".h5", with: "") }

    /// Writes one shard, unless it is there already with the same content.
    private func shard(
        _ plan: RankOrder.Shard, _ content: Digest, _ store: SolvedSamples, _ form: ShardForm, threads: Int
    ) throws -> Manifest.File {
        let step = Job.step(ofShard: plan.name)
        let fingerprint = Fingerprint.shard(
            content: content, codec: form.codec, physics: form.physics, accuracy: form.accuracy, level: form.level)
        if let record = StepRecord(step: step, in: dataset), record.fingerprint == fingerprint,
            record.isIntact(in: dataset), let file = record.files.first
        {
            return file
        }
        let started = Date()
        StepRecord.remove(step, in: dataset)
        let writer = try form.writer(for: dataset.path("pack/\(plan.name)"), capacity: plan.samples.count)
        try OrderedWork.run(count: plan.samples.count, threads: threads) {
            let (own, transcode) = (store.copy(), try form.transcoder())
            return { position in
                try Interruption.check()
                return try transcode(try own.sample(plan.samples[position]))
            }
        } consume: {
            try writer.append($1)
        }
        return try publish(
            writer, as: "pack/\(plan.name)", step: step, fingerprint: fingerprint, started: started)
    }
}
