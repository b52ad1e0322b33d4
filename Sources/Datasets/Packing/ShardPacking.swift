internal import Documents
package import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// Writes shards of solved samples into a dataset's pack stage, for the stage itself and for
/// further versions. A part that is the shard becomes it, under a second name; else compressed
/// chunks are carried over, but for what the codec makes of y.
package struct ShardPacking {
    /// A shard to be, and the digest of its samples.
    package struct Shard {
        package let plan: RankOrder.Shard
        package let content: Digest

        package init(plan: RankOrder.Shard, content: Digest) {
            self.plan = plan
            self.content = content
        }
    }

    package let dataset: Dataset
    package let store: SolvedSamples
    package let form: ShardFormat
    package let threads: Int
    /// Whether these are shards that a version adds: the index of their samples is their rank.
    package var isAddition = false
    /// Shards that versions list: one that is there as they list it stays as it is, whatever wrote
    /// it.
    package var known: [PackManifest.Shard] = []
    /// Numbers of parts that lack samples they were made for, so that their files are laid out in
    /// another way than a shard of what is left.
    package var incomplete: Set<Int> = []
    /// Told what threads do.
    package var clock = PhaseClock()

    package init(
        dataset: Dataset, store: SolvedSamples, form: ShardFormat, threads: Int,
        isAddition: Bool = false, known: [PackManifest.Shard] = []
    ) {
        self.isAddition = isAddition
        self.dataset = dataset
        self.store = store
        self.form = form
        self.threads = threads
        self.known = known
    }

    /// Computes what the digests of a shard and of all samples cover; `largest` becomes the largest
    /// bound.
    package func digest(
        of samples: [RankedSample], all: inout Digest.Hasher, largest: inout Double
    ) throws -> Digest {
        try Interruption.check()
        var content = Digest.Hasher()
        for sample in samples {
            let (bytes, bound) = try store.content(sample)
            content.update(bytes)
            all.update(bytes)
            largest = max(largest, bound)
        }
        return content.finish()
    }

    /// Writes the shards, several at a time; where there are few, several threads work on each.
    ///
    /// - Parameter progress: Called with the number of samples that are done.
    /// - Returns: their entries in a manifest.
    package func write(_ shards: [Shard], progress: @escaping (Int) -> Void) throws
        -> [PackManifest.Shard]
    {
        var files: [PackManifest.Shard] = []
        var done = 0
        let atOnce = max(1, min(threads, shards.count))
        let threadsOfOne = max(1, threads / atOnce)
        try OrderedWork.run(count: shards.count, threads: atOnce) { [self] in
            let own = store.copy()
            return { number in try write(shards[number], from: own, threads: threadsOfOne) }
        } consume: { number, file in
            let plan = shards[number].plan
            files.append(
                PackManifest.Shard(
                    file: Manifest.File(
                        path: plan.name, bytes: file.bytes, sha256: file.sha256,
                        samples: plan.samples.count), part: plan.part, ranks: plan.ranks,
                    digest: shards[number].content))
            done += plan.samples.count
            progress(done)
        }
        return files
    }

    /// Whether the record of a shard says that it is this one.
    package func isRecorded(_ shard: Shard) -> Bool {
        StepRecord(step: ShardName.step(shard.plan.name), in: dataset)?.fingerprint
            == fingerprint(shard)
    }

    /// Whether a shard is there already with other content, by what its file says.
    package func changes(_ shard: Shard) throws -> Bool {
        let path = dataset.path("pack/\(shard.plan.name)")
        guard try PathEntry(at: path) != .nothing else { return false }
        // One that cannot be read, and was this one by its record, is made again.
        guard let reader = try? ShardReader(path: path, followingLinks: false) else {
            return !isRecorded(shard)
        }
        guard let ranks = reader.ranks, reader.codec.name == form.codec.name,
            reader.isOf(form.physics, form.accuracy),
            form.levelAttribute.allSatisfy({ reader.attributes[$0.name] == $0.value })
        else { return true }
        var content = Digest.Hasher()
        for row in 0..<reader.count {
            content.update(reader.content(at: row, rank: Int(ranks[row])))
        }
        return content.finish() != shard.content
    }

    /// The file of a shard where it is the very one that versions list, to the byte.
    private func listed(_ shard: Shard) throws -> Manifest.File? {
        let name = shard.plan.name
        guard let listed = known.first(where: { $0.file.path == name }),
            listed.digest == shard.content, case let entry = listed.file,
            let found = try? FileDigest(of: dataset.path("pack/\(name)"), followingLinks: false),
            found.sha256 == entry.sha256, found.bytes == entry.bytes, try !changes(shard)
        else { return nil }
        return Manifest.File(
            path: "pack/\(name)", bytes: found.bytes, sha256: found.sha256, samples: entry.samples)
    }

    /// Gives the part that is this very shard its name, too; nil where none is, or the file system
    /// has no second names.
    private func linked(_ plan: RankOrder.Shard, from store: SolvedSamples) throws -> Manifest.File?
    {
        let path = "pack/\(plan.name)"
        guard let part = try part(thatIs: plan, in: store),
            try AtomicFile.link(store.path(of: part), as: dataset.path(path))
        else { return nil }
        let own = store.files[part]
        return Manifest.File(
            path: path, bytes: own.bytes, sha256: own.sha256, samples: own.samples)
    }

    /// The number of the part file that is this very shard, to the byte; nil where none is.
    private func part(thatIs plan: RankOrder.Shard, in store: SolvedSamples) throws -> Int? {
        guard !isAddition, let number = plan.samples.first.map({ Int($0.file) }),
            plan.samples.allSatisfy({ Int($0.file) == number }), !incomplete.contains(number),
            store.files[number].samples == plan.samples.count
        else { return nil }
        let reader = try store.reader(number)
        guard reader.ranks == plan.samples.map({ UInt64($0.rank) }),
            reader.codec.name == form.codec.name, reader.isOf(form.physics, form.accuracy),
            reader.maximumSources == form.maximumSources,
            form.levelAttribute.allSatisfy({ reader.attributes[$0.name] == $0.value })
        else { return nil }
        return number
    }

    private func fingerprint(_ shard: Shard) -> Digest {
        Fingerprint.shard(
            content: shard.content, codec: form.codec, physics: form.physics,
            accuracy: form.accuracy, level: form.level)
    }

    /// Writes one shard, unless it is there already with the same content.
    private func write(_ shard: Shard, from store: SolvedSamples, threads: Int) throws
        -> Manifest.File
    {
        let plan = shard.plan
        let step = ShardName.step(plan.name)
        let fingerprint = fingerprint(shard)
        if let record = StepRecord(step: step, in: dataset), record.fingerprint == fingerprint,
            record.isIntact(in: dataset), let file = record.files.first
        {
            return file
        }
        let started = Stopwatch()
        try StepRecord.remove(step, in: dataset)
        if let file = try listed(shard) ?? linked(plan, from: store) {
            try StepRecord(
                step: step, fingerprint: fingerprint, files: [file], seconds: started.seconds
            ).write(in: dataset)
            return file
        }
        let writer = try form.writer(
            for: dataset.path("pack/\(plan.name)"), capacity: plan.samples.count)
        try OrderedWork.run(count: plan.samples.count, threads: threads) {
            let (own, converter) = (store.copy(), try SampleConverter(form))
            return { position in
                try Interruption.check()
                var sample = try clock.time(.reading) { try own.sample(plan.samples[position]) }
                if isAddition { sample.index = UInt64(plan.samples[position].rank) }
                let read = sample
                return try clock.time(.compressing) { try converter.converted(read) }
            }
        } consume: { _, sample in
            try clock.time(.writing) { try writer.append(sample) }
        }
        return try clock.time(.writing) {
            try dataset.publish(
                writer, as: "pack/\(plan.name)", step: step, fingerprint: fingerprint,
                started: started)
        }
    }
}
