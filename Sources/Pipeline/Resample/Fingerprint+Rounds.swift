internal import Datasets
internal import Documents
internal import Fields
internal import Learning
internal import Sampling

extension Fingerprint {
    /// All rounds of a pipeline, after the step with the fingerprint `earlier`.
    static func rounds(_ pipeline: PipelineFile, _ curation: Curation, after earlier: Digest)
        -> Digest
    {
        of([
            "step": .string("rounds"), "earlier": .string(earlier.description),
            "curation": curation.json, "count": .integer(curation.count),
            "stop": curation.stop.map(JSON.number) ?? .null,
            "train": pipeline.training?.json ?? .null,
            "command": pipeline.trainer.map { .string($0.command) } ?? .null,
        ])
    }
}
