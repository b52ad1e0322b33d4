internal import Datasets
public import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Pipeline
internal import Sampling
internal import Solving

/// By how much a multigrid cycle reduces the residual on the paper's problem, 512² sites with the
/// default physics, sources pinned and emitting: the table of the article *Solver*.
public struct ConvergenceFactors {
    /// The strata of the table.
    public static let strata = [1, 5, 10, 20]

    /// One stratum: its number of sources, and the geometric mean of the residual's reduction per
    /// cycle over the last cycles, averaged over the samples.
    package struct Row {
        package let sources: Int
        package let pinned: Double
        package let emitting: Double
    }

    package let rows: [Row]
    package let samples: Int

    /// Measures `samples` samples of each stratum, the first of `Benchmark.standardPipeline`.
    ///
    /// - Throws: `PipelineError` with code `.interrupted`.
    public init(samples: Int) throws {
        Interruption.listen()
        self.samples = samples
        let pinned = try ConvergenceFactors.measure(.pinned, samples)
        let emitting = try ConvergenceFactors.measure(.emitting, samples)
        rows = zip(ConvergenceFactors.strata, zip(pinned, emitting)).map {
            Row(sources: $0, pinned: $1.0, emitting: $1.1)
        }
    }

    private static func measure(_ sources: SourceModel, _ samples: Int) throws -> [Double] {
        let pipeline = try PipelineFile(
            text: Benchmark.standardPipeline, path: "the standard pipeline", sources: sources)
        guard let design = pipeline.design else { preconditionFailure("it has a design") }
        let solver = Solver(
            physics: design.physics, accuracy: Accuracy(method: .multigrid))
        var label = [Float](repeating: 0, count: design.physics.lattice.count)
        return try strata.map { stratum in
            guard let ordinal = design.strata.firstIndex(of: stratum) else {
                preconditionFailure("it has 1 to 20 sources")
            }
            var sum = 0.0
            for index in 0..<samples {
                try Interruption.check()
                let configuration = try design.configuration(stratum: ordinal, index: index)
                sum += solver.solve(SourceImage(configuration), into: &label).convergenceFactor
            }
            return sum / Double(samples)
        }
    }

    /// The table, for a person.
    public var text: String {
        let head = """
            multigrid on 512 × 512 sites, the default physics: the residual's reduction per cycle, \
            means of \(samples) samples

            | sources | pinned | emitting |
            |---|---|---|

            """
        return rows.reduce(into: head) { text, row in
            text +=
                "| \(row.sources) | \(String(format: "%.3f", row.pinned)) | "
                + "\(String(format: "%.3f", row.emitting)) |\n"
        }
    }

    /// The same, for machines.
    public var json: JSON {
        .object([
            "format": .string("steadyset-factors"), "version": .integer(1),
            "steadyset": .string(Release.version), "samples": .integer(samples),
            "lattice": .array([.integer(512), .integer(512)]),
            "factors": .array(
                rows.map {
                    .object([
                        "sources": .integer($0.sources), "pinned": .number($0.pinned),
                        "emitting": .number($0.emitting),
                    ])
                }),
        ])
    }
}
