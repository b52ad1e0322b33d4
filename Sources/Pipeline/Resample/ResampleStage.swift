internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Parallel
internal import Sampling
internal import Shards

/// What a round begins with: candidates are scored, and those that the model is weak at are chosen.
/// Its record says whether the round takes place.
struct ResampleStage: PipelineStage {
    /// Who says how hard candidates are.
    enum Scorer {
        /// The model of the round before, or of the dataset.
        case model
        /// The user's own program; see `TrainerCall`.
        case trainer(ExternalTrainer)
        /// A table that is there already.
        case table(GivenScores)
    }

    let pipeline: PipelineFile
    let curation: Curation
    let round: Int
    let scorer: Scorer
    /// The training selection that the round goes on from, an expression.
    let selection: String
    /// The name of the training selection that it makes.
    let name: String

    let stage = Stage.resample
    let decides = true

    /// The version that it goes on from.
    private var earlier: PackedShardsOrigin {
        var given: Dataset?
        if case .table(let scores) = scorer { given = scores.parent }
        return PackedShardsOrigin(round: round - 1, data: given)
    }

    /// Whether the model of the round before scores.
    private var hasModel: Bool { if case .model = scorer { true } else { false } }

    /// Whether scores are there already, so that this is no round of a pipeline's.
    private var isGiven: Bool { if case .table = scorer { true } else { false } }

    private var modelStep: String {
        round == 1 ? Stage.train.rawValue : Dataset.roundStep(round - 1, .train)
    }

    var upstream: [String] { [earlier.id] + (hasModel ? [modelStep] : []) }

    func inputs(_ listing: SampleListing) -> [String] {
        var paths = [earlier.path]
        if hasModel { paths.append(Stage.train.manifestPath(round: round - 1)) }
        // The rule that ends rounds may go by errors that were written for everybody.
        if hasModel, curation.stop != nil {
            paths.append(Stage.evaluate.manifestPath(round: round - 1))
        }
        return paths
    }

    func outputs(_ listing: SampleListing) -> [String] {
        [
            stage.manifestPath(round: round), stage.path(StageFile.choices, round: round),
            stage.path(StageFile.configurations, round: round), stage.recordPath(round: round),
        ]
    }

    func fingerprint(upstream: [Digest]) -> Digest {
        var (judge, design) = (JSON.string("model"), pipeline.design)
        switch scorer {
        case .model: break
        case .trainer(let trainer): judge = .object(["command": .string(trainer.command)])
        case .table(let scores): (judge, design) = (scores.json, nil)
        }
        return Fingerprint.resample(
            round, name: name, selection: selection, curation, judge: judge,
            design: design, accuracy: pipeline.accuracy, pack: upstream[0],
            model: hasModel ? upstream[1] : nil)
    }

    func upstream(in context: StageContext) throws -> [Digest] {
        if !isGiven { try RoundRecords(of: context.base).checkEnd(upTo: round - 1, for: round) }
        let pack = try earlier.fingerprint(in: context)
        guard hasModel else { return [pack] }
        let model = context.of(round: round - 1)
        return [
            pack, model.dataset.fingerprint(of: try model.dataset.manifest(TrainManifest.self)),
        ]
    }

    func isReadable(_ record: StepRecord, in context: StageContext) -> Bool {
        record.files.isEmpty || (try? context.dataset.manifest(stage)) != nil
    }

    func skip(in context: StageContext) throws {
        guard record(in: context).record?.files.isEmpty == true else { return }
        throw RoundsEnd(
            "no round \(round): there was too little to choose from, or to gain, before, and "
                + "would be again; rounds end here, with \(round - 1) of at most \(curation.count)")
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        if !isGiven {
            if let stop = curation.stop { try checkGain(stop, in: context, fingerprint) }
            context.reporter.noted("round \(round) of \(curation.count)")
        }
        let judge: Round.Judge =
            switch scorer {
            case .model: .model(context.of(round: round - 1).dataset)
            case .trainer(let trainer): .trainer(trainer)
            case .table(let scores): .table(scores)
            }
        let made = Round(
            round, in: context, pipeline, from: try earlier.dataset(in: context),
            selection: selection, curation, judge: judge, name: name)
        do { try made.perform(fingerprint) } catch let end as RoundsEnd {
            if isGiven { throw end }
            throw try ended(
                "\(end.message). Rounds end here, with \(round - 1) of at most \(curation.count); "
                    + "the last model is that of \(selection)", in: context, fingerprint)
        }
        let path = TrainerCall.testErrors(round - 1, of: context.base)
        if case .trainer = scorer, curation.stop != nil, InputFile.isFolder(path) != false {
            context.reporter.warned(
                "the trainer wrote no errors of the test part, which STEADYSET_TEST_ERRORS names, "
                    + "so 'stop' cannot tell what round \(round) is worth")
        }
    }

    /// Ends the rounds where the next one would gain too little.
    private func checkGain(_ stop: Double, in context: StageContext, _ fingerprint: Digest) throws {
        var curve = RoundsCurve(context, curation)
        try curve.addRounds(before: round, start: pipeline.trainingSelection, hasModels: hasModel)
        guard curve.isFlat(next: curation.add - curation.drop, standardErrors: stop) else { return }
        throw try ended(
            "it would gain less than \(ErrorTable.digits(stop)) standard errors, by the curve of "
                + "those before", in: context, fingerprint)
    }

    /// Records that the round does not take place: nothing was made, and nothing will be by the
    /// same rule from the same samples.
    private func ended(_ message: String, in context: StageContext, _ fingerprint: Digest) throws
        -> RoundsEnd
    {
        let dataset = context.dataset
        try Dataset.createFolder(dataset.stepsFolder)
        try AtomicFile.withdraw("\(dataset.folder(stage))/\(Manifest.fileName)")
        try StepRecord(step: stage.rawValue, fingerprint: fingerprint, files: [], seconds: 0).write(
            in: dataset)
        return RoundsEnd("no round \(round): \(message)")
    }
}

/// A table of scores that is there already.
struct GivenScores {
    /// The table.
    let path: String
    /// The configurations that were scored; nil where the training samples of `parent` were.
    let from: String?
    /// The version that the round goes on from.
    let parent: Dataset
    /// SHA-256 of the table.
    let digest: Digest

    /// How manifests and fingerprints name it.
    var json: JSON { .object(["scores": .string(digest.description)]) }
}
