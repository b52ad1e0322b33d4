internal import Datasets
internal import Fields
internal import Sampling
internal import Shards

/// The last call of a trainer of the user's own: it learns from the last version that the rounds
/// made, and is asked for no scores.
struct LastTrainerStage: PipelineStage {
    let trainer: ExternalTrainer
    let curation: Curation
    /// What the program learns from before any round.
    let start: String

    let stage = Stage.train
    /// The last round that there can be.
    var round: Int { curation.count }
    var upstream: [String] { [Dataset.roundStep(round, .pack)] }

    func inputs(_ listing: SampleListing) -> [String] {
        [StepRecord.path(of: Dataset.roundStep(round, .pack))]
    }

    func outputs(_ listing: SampleListing) -> [String] {
        ["\(Dataset.roundsName)/\(round)/\(TrainerCall.ended)", stage.recordPath(round: round)]
    }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.trainer(
            trainer.command, pack: upstream[0], selection: Dataset.roundName(round),
            candidates: nil, seed: curation.seed)
    }

    /// The number of the last round that took place.
    private func last(in context: StageContext) -> Int {
        RoundRecords(of: context.base).end(upTo: round).map { $0 - 1 } ?? round
    }

    func upstream(in context: StageContext) throws -> [Digest] {
        [try RoundRecords(of: context.base).fingerprint(after: last(in: context))]
    }

    func record(in context: StageContext) -> RecordPlace {
        RecordPlace(dataset: context.base.round(last(in: context)), step: stage.rawValue)
    }

    func isReadable(_ record: StepRecord, in context: StageContext) -> Bool {
        !record.files.isEmpty
    }

    func skip(in context: StageContext) {}

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let number = last(in: context)
        let call = TrainerCall(
            number: number, context: context,
            version: try RoundRecords(of: context.base).version(after: number),
            selection: number == 0 ? start : Dataset.roundName(number), curation: curation,
            candidates: nil)
        // Where the rounds ended as nothing was left to choose from, it was called for that.
        let wasMade = try number < round && call.wasMade()
        if !wasMade { try call.run(trainer, column: curation.column, scoring: []) }
        let dataset = context.base.round(number)
        let digest = try FileDigest(of: dataset.path(TrainerCall.ended), followingLinks: false)
        try StepRecord(
            step: stage.rawValue, fingerprint: fingerprint,
            files: [Manifest.File(TrainerCall.ended, digest, samples: 0)], seconds: 0
        ).write(in: dataset)
    }
}
