internal import Documents
package import Fields
internal import Sampling
package import Shards
internal import Solving

/// A version that another is made from: its samples, and what the other continues.
package struct ParentVersion {
    package let manifest: Manifest
    package let samples: PackedSamples
    /// Has seen all samples, as the manifest's digest has.
    package let digest: Digest.Hasher
    /// Ranks of the training samples, ascending.
    package let ranks: [Int]
    /// Numbers of sources, ascending.
    package let strata: [Int]
    private let accuracy: Accuracy
    private let codec: any ShardCodec

    /// The first rank of a new training sample: after all ranks that there are, and after those of
    /// all selections, of which the last may be of no sample.
    package let nextRank: Int
    /// Samples in a shard at most.
    package var samplesPerShard: Int { max(1, manifest.layout["samples_per_shard"]?.int ?? 1) }

    /// Reads the columns of all shards.
    ///
    /// - Throws: `DatasetError` where they are not what the manifest's digest covers.
    package init(_ dataset: Dataset) throws {
        let manifest = try dataset.manifest(.pack)
        var hasher = Digest.Hasher()
        samples = try PackedSamples(manifest, in: dataset.folder(.pack)) { reader in
            for row in 0..<reader.count {
                hasher.update(
                    reader.content(at: row, rank: reader.ranks.map { Int(clamping: $0[row]) }))
            }
        }
        guard hasher.finish().description == manifest.content["digest"]?.string else {
            throw DatasetError(
                .data,
                "\(dataset.name): the samples are not those that its manifest's digest covers: "
                    + "run 'steadyset verify'")
        }
        self.manifest = manifest
        digest = hasher
        ranks = samples.all(of: .train).map(\.rank)
        let ends = try (manifest.content["selections"]?.array ?? []).map { try Selection(json: $0) }
            .filter { $0.part == .train }.map(\.span.upperBound)
        nextRank = max((ranks.last ?? -1) + 1, ends.max() ?? 0)
        strata = (manifest.content["strata"]?.array ?? []).compactMap { $0["sources"]?.int }
        accuracy = Accuracy(json: manifest.parameters)
        codec = try manifest.codec
    }

    /// What shards of added samples have in common with those that are there; `level` is that of
    /// the chunks.
    package func form(level: Int) -> ShardFormat {
        ShardFormat(
            physics: samples.physics, accuracy: accuracy, maximumSources: strata.last ?? 1,
            codec: codec, level: level)
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

    /// Finds the samples of a finished solve stage, and checks that they belong to the problem of
    /// `parent`.
    package init(_ solved: Dataset?, parent: Manifest, threads: Int) throws {
        let given = parent.layout["compression_level"]?.int
        guard let solved else {
            store = nil
            level = given ?? Zstd.defaultLevel
            return
        }
        let (sample, solve) = (try solved.manifest(.sample), try solved.manifest(.solve))
        guard solve.inputs.contains(where: { $0.stage == sample.stage && $0.id == sample.id })
        else {
            throw DatasetError(
                .data,
                "\(solved.root)/solve was made from another 'sample' than is there: solve again")
        }
        var parameters = solve.parameters.object ?? [:]
        parameters["physics"] = try SampleListing(sample).physics.json
        guard .object(parameters) == parent.parameters else {
            throw DatasetError(
                .data,
                "\(solved.root) has another physics or accuracy than the dataset that its samples "
                    + "are to be added to")
        }
        level = SolvedSamples.compressionLevel(solve)
        guard given ?? level == level else {
            throw DatasetError(
                .data,
                "\(solved.root) was solved with compression level \(level), the dataset has "
                    + "\(given ?? level): solve with that")
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
        leftOut = Set(
            (solve.content["left_out"]?.array ?? []).compactMap {
                $0["id"]?.string.flatMap { SampleID($0) }
            })
    }
}
