internal import Datasets
internal import Fields
internal import Shards

/// A stage of a pipeline, or a step of one: what it is called, what it is made from, what it
/// writes, and how. `run`, `plan`, `step` and `run --dry-run` all go over a list of these.
protocol PipelineStage {
    /// The stage, which is also the name of the folder that it writes.
    var stage: Stage { get }
    /// The round that it belongs to, from 1; 0 for the dataset's own stages.
    var round: Int { get }
    /// Its name in a plan.
    var id: String { get }
    /// Whether its result says whether the steps after it take place.
    var decides: Bool { get }

    /// The steps in a plan whose fingerprints its own covers.
    var upstream: [String] { get }
    /// Files that must be there, relative to the dataset.
    func inputs(_ listing: SampleListing) -> [String]
    /// Files that it writes, relative to the dataset.
    func outputs(_ listing: SampleListing) -> [String]
    /// What its result depends on: its own description, and the fingerprints of `upstream`.
    func fingerprint(upstream: [Digest]) -> Digest

    /// The fingerprints of `upstream` as the records on the disk have them.
    ///
    /// - Throws: `PipelineError` where what is there is missing or does not fit together, and
    ///   `RoundsEnd` where the stage does not take place.
    func upstream(in context: StageContext) throws -> [Digest]
    /// Where its record is.
    func record(in context: StageContext) -> RecordPlace
    /// Whether what a record tells of can be read.
    func isReadable(_ record: StepRecord, in context: StageContext) -> Bool
    /// Whether what is there is the very same, though its record has another fingerprint.
    func isSame(in context: StageContext) -> Bool
    /// Does all of it, and commits it with `fingerprint`.
    func perform(in context: StageContext, fingerprint: Digest) throws
    /// What is left to do where it is done: to say so.
    func skip(in context: StageContext) throws
}

/// Where the record of a step is.
struct RecordPlace {
    let dataset: Dataset
    let step: String

    /// The record, or nil where there is none.
    var record: StepRecord? { StepRecord(step: step, in: dataset) }
}

extension PipelineStage {
    var round: Int { 0 }
    var id: String { round == 0 ? stage.rawValue : Dataset.roundStep(round, stage) }
    var decides: Bool { false }

    func record(in context: StageContext) -> RecordPlace {
        RecordPlace(dataset: context.dataset, step: stage.rawValue)
    }

    func isReadable(_ record: StepRecord, in context: StageContext) -> Bool {
        !record.files.isEmpty && (try? context.dataset.manifest(stage)) != nil
    }

    func isSame(in context: StageContext) -> Bool { false }

    func skip(in context: StageContext) throws {
        context.skipped(try context.dataset.typedManifest(stage))
    }

    /// Does the stage, unless it is done.
    ///
    /// - Parameter context: That of the whole dataset.
    func complete(in context: StageContext) throws {
        let context = context.of(round: round)
        let name = StepName(id: id, stage: stage, round: round)
        context.enter(name)
        let fingerprint = fingerprint(upstream: try upstream(in: context))
        guard isDone(fingerprint, in: context) else {
            return try context.measuring(name) {
                try perform(in: context, fingerprint: fingerprint)
            }
        }
        let place = record(in: context)
        if var record = place.record, record.fingerprint != fingerprint {
            record.fingerprint = fingerprint
            try record.write(in: place.dataset)
        }
        try skip(in: context)
    }

    /// Whether the stage has nothing to do where its fingerprint is `fingerprint`.
    func isDone(_ fingerprint: Digest, in context: StageContext) -> Bool {
        let place = record(in: context)
        guard let record = place.record, record.isIntact(in: place.dataset),
            isReadable(record, in: context)
        else { return false }
        return record.fingerprint == fingerprint || isSame(in: context)
    }
}

extension Stage {
    /// The path of its manifest, relative to the dataset, in the folder of a round or, for 0, in
    /// the dataset's own.
    func manifestPath(round: Int = 0) -> String {
        path(Manifest.fileName, round: round)
    }

    /// The path of a file in its folder.
    func path(_ name: String, round: Int = 0) -> String {
        (round == 0 ? "" : "\(Dataset.roundsName)/\(round)/") + "\(rawValue)/\(name)"
    }

    /// The path of its record in the folder of a round.
    func recordPath(round: Int) -> String {
        "\(Dataset.roundsName)/\(round)/\(StepRecord.path(of: rawValue))"
    }
}
