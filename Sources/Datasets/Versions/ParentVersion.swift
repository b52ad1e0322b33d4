internal import Documents
package import Fields
internal import Sampling
internal import Shards
internal import Solving

/// A version that another is made from: its samples, and what the other continues.
package struct ParentVersion {
    package let manifest: PackManifest
    package let samples: PackedSamples
    /// Has seen all samples, as the manifest's digest has.
    package let digest: Digest.Hasher
    /// Ranks of the training samples, ascending.
    package let ranks: [Int]
    /// Numbers of sources, ascending.
    package var strata: [Int] { manifest.strata.map(\.sources) }

    /// The first rank of a new training sample: after all ranks that there are, and after those of
    /// all selections, of which the last may be of no sample.
    package let nextRank: Int
    /// Samples in a shard at most.
    package var samplesPerShard: Int { manifest.samplesPerShard }

    /// Reads the columns of all shards.
    ///
    /// - Throws: `DatasetError` where they are not what the manifest's digest covers.
    package init(_ dataset: Dataset) throws {
        let manifest = try dataset.manifest(PackManifest.self)
        var hasher = Digest.Hasher()
        samples = try PackedSamples(manifest, in: dataset.folder(.pack)) { reader in
            for row in 0..<reader.count {
                hasher.update(
                    reader.content(at: row, rank: reader.ranks.map { Int(clamping: $0[row]) }))
            }
        }
        guard hasher.finish() == manifest.digest else {
            throw DatasetError(
                .data,
                "\(dataset.name): the samples are not those that its manifest's digest covers: "
                    + "run 'steadyset verify'")
        }
        self.manifest = manifest
        digest = hasher
        ranks = samples.all(of: .train).map(\.rank)
        let ends = manifest.selections.filter { $0.part == .train }.map(\.span.upperBound)
        nextRank = max((ranks.last ?? -1) + 1, ends.max() ?? 0)
    }

    /// What shards of added samples have in common with those that are there; `level` is that of
    /// the chunks.
    package func form(level: Int) -> ShardFormat {
        ShardFormat(
            physics: samples.physics, accuracy: manifest.accuracy,
            maximumSources: strata.last ?? 1, codec: manifest.codec, level: level)
    }
}

/// The solved samples that a round may add.
package struct Additions {
    /// Where each is.
    package private(set) var places: [SampleID: (file: Int32, row: Int32, sources: Int)] = [:]
    /// Those whose label could not be certified.
    package private(set) var leftOut: Set<SampleID> = []
    /// The files; nil where there are none.
    package let store: SolvedSamples?
    /// zstd's level of their chunks.
    package let level: Int
    /// The statistics of all of them, where they were taken.
    package let statistics: SampleStatistics?

    /// Finds the samples of a finished solve stage, and checks that they belong to the problem of
    /// `parent`.
    package init(_ solved: Dataset?, parent: PackManifest, threads: Int) throws {
        guard let solved else {
            store = nil
            level = parent.level
            statistics = nil
            return
        }
        let sample = try solved.manifest(SampleManifest.self)
        let solve = try solved.manifest(SolveManifest.self)
        guard solve.wasMade(from: sample) else {
            throw DatasetError(
                .data,
                "\(solved.root)/solve was made from another 'sample' than is there: solve again")
        }
        guard sample.origin.physics == parent.physics, solve.accuracy == parent.accuracy else {
            throw DatasetError(
                .data,
                "\(solved.root) has another physics or accuracy than the dataset that its samples "
                    + "are to be added to")
        }
        level = solve.compressionLevel
        statistics = solve.statistics
        let given = parent.compressionLevel ?? level
        guard given == level else {
            throw DatasetError(
                .data,
                "\(solved.root) was solved with compression level \(level), the dataset has "
                    + "\(given): solve with that")
        }
        let store = SolvedSamples(solve, in: solved.folder(.solve))
        try store.verify(threads: threads)
        self.store = store
        for file in store.files.indices {
            let reader = try store.reader(file)
            for (row, id) in reader.ids.enumerated() {
                places[id] = (Int32(file), Int32(row), reader.sourceCounts[row])
            }
        }
        leftOut = Set(solve.leftOut.map(\.id))
    }
}
