internal import Datasets
internal import Fields
internal import Foundation
internal import Parallel
internal import Shards
internal import Solving

/// Some samples with their fields, as they are judged together.
struct EvaluationBatch: Sendable {
    /// The samples.
    var samples: [EvaluatedSample] = []
    /// Source images, (samples, rows, columns).
    var x: [Float] = []
    /// Labels, (samples, rows, columns); empty where none are asked for.
    var labels: [Float] = []
    /// Configurations; empty where labels are stored.
    var configurations: [Configuration] = []
    /// Configurations whose label could not be certified, with what was reached; they are in none
    /// of the others.
    var leftOut: [(id: SampleID, errorBound: Double)] = []
}

/// Reads samples ahead, and solves for the labels that are not stored, by threads of its own.
struct EvaluationReader: Sendable {
    /// What is judged.
    let samples: any EvaluatedSamples
    /// Where labels come from.
    let labels: Evaluator.Labels
    /// Samples in a batch; the last may have fewer.
    let size: Int
    /// Who solves.
    let solvers: SolverPool

    /// Bytes of batches that may wait to be taken.
    private static let memory = 256 << 20

    /// All batches in order.
    func read(threads: Int) -> Prefetch<EvaluationBatch> {
        let bytes = size * samples.physics.lattice.count * 8
        let ahead = max(1, min(max(4, threads), EvaluationReader.memory / max(1, bytes)))
        let reader = self
        return Prefetch(
            count: (samples.count + size - 1) / size, threads: min(threads, ahead), ahead: ahead
        ) {
            let read = try reader.samples.makeReader(
                reader.labels == .stored ? .label : .configuration)
            return { number in
                let positions =
                    number * reader.size..<min(reader.samples.count, (number + 1) * reader.size)
                return try reader.batch(positions, read)
            }
        }
    }

    private func batch(_ positions: Range<Int>, _ read: (Int) throws -> EvaluatedFields) throws
        -> EvaluationBatch
    {
        var batch = EvaluationBatch()
        batch.x.reserveCapacity(positions.count * samples.physics.lattice.count)
        for position in positions {
            try Interruption.check()
            var fields = try read(position)
            if labels == .solved, let configuration = fields.configuration {
                let (label, solution) = solvers.withSolver { solver in
                    var label = [Float](repeating: 0, count: solver.lattice.count)
                    let solution = solver.solve(
                        SourceImage(configuration), physics: configuration.physics, into: &label)
                    return (label, solution)
                }
                guard solution.isCertified else {
                    batch.leftOut.append((fields.sample.id, solution.errorBound))
                    continue
                }
                fields.label = label
            }
            batch.samples.append(fields.sample)
            batch.x += fields.x
            batch.labels += fields.label
            if let configuration = fields.configuration {
                batch.configurations.append(configuration)
            }
        }
        return batch
    }
}
