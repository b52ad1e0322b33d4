package import Datasets
package import Documents
internal import Fields
package import Learning
internal import Parallel
package import Pipeline
internal import Sampling

/// The rate of training steps of a pipeline's network, on images in memory: what a training would
/// do if samples cost nothing.
package struct BenchmarkTraining {
    /// Samples in a step: the pipeline's, or fewer where those would take much memory.
    package let batch: Int
    /// Numbers that the optimiser changes.
    package let parameters: Int
    /// One sample's share of a step on one thread, and on all threads together.
    package let one: Elapsed
    package let all: Elapsed
    /// Samples of all epochs; nil where the selection is no single one, so that its size is not
    /// known beforehand.
    package let samples: Int?

    /// Batches of more than this are cut.
    private static let megabytes = 4000

    /// Measures steps of forward pass, loss, backward pass and optimiser; the fastest of `repeats`
    /// after one to warm up.
    package init(
        _ training: TrainingDescription, _ pipeline: PipelineFile, threads: Int, repeats: Int
    ) throws {
        let lattice = pipeline.physics.lattice
        let model = try training.model(on: lattice)
        var shorter = training
        while shorter.batch > 1, let load = TrainingLoad(shorter, lattice, samples: 1),
            load.megabytes > BenchmarkTraining.megabytes
        { shorter.batch = (shorter.batch + 1) / 2 }
        batch = shorter.batch
        parameters = model.parameterCount
        one = try BenchmarkTraining.measure(shorter, model, threads: 1, repeats: repeats)
        all =
            try threads == 1
            ? one : BenchmarkTraining.measure(shorter, model, threads: threads, repeats: repeats)
        samples = BenchmarkTraining.samples(training, pipeline).map { $0 * training.epochs }
    }

    /// Samples per second of a number of threads.
    package static func rate(_ elapsed: Elapsed) -> Double { 1e3 / elapsed.wall }

    /// Samples of a selection that is a named one.
    private static func samples(_ training: TrainingDescription, _ pipeline: PipelineFile) -> Int? {
        guard let design = pipeline.design,
            let selections = try? pipeline.split.selections(
                strata: design.strata, counts: design.counts)
        else { return nil }
        return selections.first {
            $0.name == "train/\(training.selection)" || $0.name == training.selection
        }?.samples
    }

    private static func measure(
        _ training: TrainingDescription, _ model: ModelDescription, threads: Int, repeats: Int
    ) throws -> Elapsed {
        let timed = TimedTraining(training, model, threads: threads)
        timed.step()
        try Interruption.check()
        return try Elapsed.fastest(of: repeats) {
            try Interruption.check()
            timed.step()
        }.0 / training.batch
    }

    /// The members that `schemas/bench` describes.
    package var json: JSON {
        .object([
            "batch": .integer(batch), "parameters": .integer(parameters), "one": one.json,
            "all": all.json, "one_thread": .number(BenchmarkTraining.rate(one)),
            "all_threads": .number(BenchmarkTraining.rate(all)),
        ])
    }
}
