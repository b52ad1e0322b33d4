internal import Datasets
internal import Fields
internal import Shards

/// Solves what a round chose, in its work; nothing where it chose among the dataset's own samples.
struct RoundSolveStage: PipelineStage {
    let pipeline: PipelineFile
    let round: Int

    let stage = Stage.solve
    var upstream: [String] { [Dataset.roundStep(round, .resample)] }

    func inputs(_ listing: SampleListing) -> [String] {
        [
            Stage.resample.manifestPath(round: round),
            Stage.resample.path(StageFile.configurations, round: round),
        ]
    }

    /// What it solves is in the work of the round, and goes when it has joined the dataset.
    func outputs(_ listing: SampleListing) -> [String] { [stage.recordPath(round: round)] }

    func fingerprint(upstream: [Digest]) -> Digest { Fingerprint.round(stage, after: upstream[0]) }

    func upstream(in context: StageContext) throws -> [Digest] {
        try RoundRecords(of: context.base).checkEnd(upTo: round, for: round)
        return [
            context.dataset.fingerprint(of: try context.dataset.manifest(ResampleManifest.self))
        ]
    }

    func isReadable(_ record: StepRecord, in context: StageContext) -> Bool { true }
    func skip(in context: StageContext) {}

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let started = Stopwatch()
        let solved = try solve(in: context)
        var files: [Manifest.File] = []
        if let solved {
            let path = "\(solved.folder(stage))/\(Manifest.fileName)"
            let digest = try FileDigest(of: path, followingLinks: false)
            files.append(
                Manifest.File(
                    path: RoundWork.path(of: stage.manifestPath()), bytes: digest.bytes,
                    sha256: digest.sha256, samples: 0))
        }
        try StepRecord(
            step: stage.rawValue, fingerprint: fingerprint, files: files, seconds: started.seconds
        ).write(in: context.dataset)
    }

    /// Solves the configurations that were chosen, as far as that is not done; returns where, nil
    /// where there are none.
    func solve(in context: StageContext) throws -> Dataset? {
        let path = "\(context.dataset.folder(.resample))/\(StageFile.configurations)"
        guard PathEntry.size(of: path) != 0 else { return nil }
        let stages = CandidateStages(pipeline)
        let file = try ImportedConfigurations(path: path, physics: pipeline.physics)
        let added = context.work(in: RoundWork(of: context).added, importing: path)
        try stages.sample(.imported(file)).complete(in: added)
        try stages.solve.complete(in: added)
        return added.dataset
    }
}
