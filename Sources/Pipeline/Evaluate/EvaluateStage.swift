internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

extension Job {
    /// The evaluate stage of a pipeline: its model on the test part, or on validation or training
    /// where there is no other.
    func evaluate() throws {
        try Dataset.createFolder(dataset.folder(.evaluate))
        let (evaluator, part) = try evaluation()
        if part != .test { reporter.warned(PipelineCheck.withoutTest(part)) }
        try evaluator.run()
    }

    /// The evaluation that a pipeline asks for.
    func pipelineEvaluation() throws -> Evaluator { try evaluation().0 }

    /// The same, with the part that it judges on.
    private func evaluation() throws -> (Evaluator, Split.Part) {
        guard pipeline.training != nil else {
            throw PipelineError(
                .data, "\(pipelinePath): has no 'train', so there is no model to " + "evaluate")
        }
        let parts =
            try source.manifest(.pack).content["parts"]?.array?.compactMap { $0["part"]?.string }
            ?? []
        let part =
            [Split.Part.test, .validation, .train].first { parts.contains($0.rawValue) } ?? .train
        let evaluator = try Evaluator(
            .packed(source, selection: part.rawValue),
            predictions: .models(try Ensemble([dataset.root], dropoutSamples: 0, threads: threads)),
            output: dataset, replace: replace, threads: threads, pipeline: pipeline.name,
            reporter: reporter)
        return (evaluator, part)
    }
}
