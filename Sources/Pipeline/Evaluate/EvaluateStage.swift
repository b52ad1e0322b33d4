internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

/// The evaluate stage of a pipeline: its model on the test part, or on validation or training where
/// there is no other.
struct EvaluateStage: PipelineStage {
    /// Whose shards the model is judged on; nil for those that it is trained on.
    var data: Dataset?
    var round = 0

    let stage = Stage.evaluate
    private var shards: PackedShardsOrigin { PackedShardsOrigin(round: round, data: data) }

    var upstream: [String] {
        [round == 0 ? Stage.train.rawValue : Dataset.roundStep(round, .train), shards.id]
    }

    func inputs(_ listing: SampleListing) -> [String] {
        [shards.path, Stage.train.manifestPath(round: round)]
    }

    func outputs(_ listing: SampleListing) -> [String] {
        [stage.manifestPath(round: round), stage.path(StageFile.errors, round: round)]
            + (round == 0 ? [] : [stage.recordPath(round: round)])
    }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.evaluate(
            parameters: .string(upstream[0].description), data: (Stage.pack.rawValue, upstream[1]))
    }

    func upstream(in context: StageContext) throws -> [Digest] {
        let pack = try shards.fingerprint(in: context)
        return [
            context.dataset.fingerprint(of: try context.dataset.manifest(TrainManifest.self)), pack,
        ]
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let source = try shards.dataset(in: context)
        let parts = try source.manifest(PackManifest.self).parts.map(\.part)
        let part = [Split.Part.test, .validation].first(where: parts.contains) ?? .train
        if part != .test { context.reporter.warned(PipelineCheck.withoutTest(part)) }
        try Evaluator(
            .packed(source, selection: part.rawValue),
            predictions: .models(
                try Ensemble(
                    [context.dataset.root], dropoutSamples: 0, threads: context.threads)),
            in: context, step: fingerprint
        ).run()
    }
}
