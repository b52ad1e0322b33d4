internal import Datasets
internal import Documents
internal import Fields
internal import Sampling
internal import Shards

/// Makes the next version of the dataset of what a round chose and solved.
struct RoundPackStage: PipelineStage {
    let pipeline: PipelineFile
    let round: Int
    /// The name of the training selection that it makes, and the version's tag.
    let name: String
    /// The version that the round goes on from; nil for that of the round before.
    var parent: Dataset?

    let stage = Stage.pack
    private var solving: RoundSolveStage { RoundSolveStage(pipeline: pipeline, round: round) }
    private var earlier: PackedShardsOrigin { PackedShardsOrigin(round: round - 1, data: parent) }

    var upstream: [String] { [solving.id] }

    func inputs(_ listing: SampleListing) -> [String] {
        [
            earlier.path, Stage.resample.manifestPath(round: round),
            Stage.resample.path(StageFile.choices, round: round),
            Stage.solve.recordPath(round: round),
        ]
    }

    /// The version's own files are named by what is in them.
    func outputs(_ listing: SampleListing) -> [String] {
        [stage.path(Versions.tagsName), StepRecord.path(of: id)]
    }

    func fingerprint(upstream: [Digest]) -> Digest { Fingerprint.round(stage, after: upstream[0]) }

    func upstream(in context: StageContext) throws -> [Digest] {
        let asked = solving.fingerprint(upstream: try solving.upstream(in: context))
        guard solving.record(in: context).record?.fingerprint == asked else {
            throw PipelineError(
                .noInput,
                "\(solving.id) is not done: run 'steadyset step … \(solving.id)' first")
        }
        return [asked]
    }

    func record(in context: StageContext) -> RecordPlace {
        RoundRecords(of: context.base).place(of: round)
    }

    func isReadable(_ record: StepRecord, in context: StageContext) -> Bool {
        RoundRecords(of: context.base).version(of: record) != nil
    }

    func skip(in context: StageContext) throws {
        let versions = Versions(of: context.base)
        // A name that somebody gave to another version stays there.
        if try versions.holder(of: name) == nil,
            let id = try RoundRecords(of: context.base).version(after: round).version
        {
            try versions.tag(id, as: name)
        }
        try removeWork(in: context)
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let started = Stopwatch()
        let parent = try earlier.dataset(in: context)
        let resampled = try context.dataset.manifest(ResampleManifest.self)
        let path = "\(context.dataset.folder(.resample))/\(StageFile.choices)"
        var writer = VersionWriter(
            parent: parent, solved: try added(in: context), threads: context.threads,
            reporter: context.reporter)
        (writer.movesName, writer.clock) = (context.replace, context.clock)
        let manifest = try writer.write(
            VersionWriter.Round(
                name: name, from: resampled.selection,
                choices: try ChosenSample.read(path: path), number: round,
                acquisition: resampled.curation.acquisition.name,
                facts: [
                    "curation": resampled.curation.json, "judge": resampled.judge.json,
                    "candidates": .integer(resampled.candidates),
                    "mean_candidate_score": .number(resampled.meanCandidateScore),
                ]))
        try StepRecord(
            step: id, fingerprint: fingerprint,
            files: try RoundPackStage.files(of: manifest, in: context.base.at(manifest.id), parent),
            seconds: started.seconds
        ).write(in: context.base)
        try removeWork(in: context)
    }

    /// Where what was chosen is solved; nil where that is nothing.
    private func added(in context: StageContext) throws -> Dataset? {
        let place = solving.record(in: context)
        if let record = place.record, !record.files.isEmpty, record.isIntact(in: place.dataset) {
            return RoundWork(of: context).added
        }
        // It went when it had joined a version, which was forgotten since.
        return try solving.solve(in: context)
    }

    /// The files of a version that are not its parent's, with its manifest first.
    private static func files(of manifest: PackManifest, in version: Dataset, _ parent: Dataset)
        throws -> [Manifest.File]
    {
        let own = try FileDigest(of: version.packManifest, followingLinks: false)
        let added = manifest.shards.map(\.file).dropFirst(
            try parent.manifest(PackManifest.self).shards.count)
        return [
            Manifest.File(
                path: manifest.packPath, bytes: own.bytes, sha256: own.sha256,
                samples: manifest.shards.count)
        ]
            + added.map {
                Manifest.File(
                    path: Stage.pack.path($0.path), bytes: $0.bytes, sha256: $0.sha256,
                    samples: $0.samples)
            }
    }

    /// Removes what was solved on the way, which is in the dataset now.
    private func removeWork(in context: StageContext) throws {
        let place = solving.record(in: context)
        if var record = place.record, !record.files.isEmpty {
            record.files = []
            try record.write(in: place.dataset)
        }
        RoundWork(of: context).remove()
    }
}

extension Dataset {
    /// The path of the manifest of its shards, that of the version which is meant.
    var packManifest: String {
        "\(folder(.pack))/\(version.map(PackManifest.fileName) ?? Manifest.fileName)"
    }
}
