internal import Datasets
public import Documents
package import Fields
internal import Foundation
internal import Parallel
internal import Pipeline
internal import Sampling
internal import Solving

/// What a label takes with each combination of sides, over what the same sample takes with four
/// absorbing ones, on the paper's lattice and physics.
///
/// Every sample is solved with absorbing sides and with the others in turns, so that what else the
/// machine does meets both.
public struct SidesBenchmark {
    /// The strata that are measured.
    public static let strata = [1, 5, 10, 20]

    /// One combination of sides with one source model.
    package struct Row {
        package let boundary: Boundary
        package let sources: SourceModel
        /// For each of `strata` the median of the samples' ratios.
        package let ratios: [Double]
    }

    package let rows: [Row]
    package let samples: Int
    package let repeats: Int

    /// Measures `samples` samples of each stratum, `repeats` times each, of which the fastest
    /// counts.
    ///
    /// - Throws: `PipelineError` with code `.interrupted`.
    public init(samples: Int, repeats: Int) throws {
        Interruption.listen()
        (self.samples, self.repeats) = (samples, repeats)
        var rows: [Row] = []
        for sources in SourceModel.allCases {
            for boundary in SidesBenchmark.boundaries {
                rows.append(try SidesBenchmark.measure(boundary, sources, samples, repeats))
            }
        }
        self.rows = rows
    }

    /// Pairs of opposite sides, joined or each absorbing or reflecting, down and across.
    package static let boundaries: [Boundary] = {
        let ends: [SideCondition] = [.absorbing, .reflecting]
        let pairs =
            ends.flatMap { one in ends.map { (one, $0) } } + [(.periodic, .periodic)]
        return pairs.flatMap { down in
            pairs.compactMap { across in
                try? Boundary(top: down.0, bottom: down.1, left: across.0, right: across.1)
            }
        }
    }()

    private static func measure(
        _ boundary: Boundary, _ sources: SourceModel, _ samples: Int, _ repeats: Int
    ) throws -> Row {
        let pipeline = try PipelineFile(
            text: Benchmark.standardPipeline, path: "the standard pipeline", sources: sources)
        guard let design = pipeline.design else { preconditionFailure("it has a design") }
        let absorbing = design.physics
        let others = try Physics(
            lattice: absorbing.lattice, boundary: boundary, diffusivity: absorbing.diffusivity,
            decayRate: absorbing.decayRate, sources: sources, overlap: absorbing.overlap)
        let solvers = [absorbing, others].map { Solver(physics: $0, accuracy: pipeline.accuracy) }
        var label = [Float](repeating: 0, count: absorbing.lattice.count)
        let ratios = try strata.map { stratum in
            let ordinal = design.strata.firstIndex(of: stratum) ?? 0
            return Elapsed.median(
                try (0..<samples).map { index in
                    let image = SourceImage(
                        try design.configuration(stratum: ordinal, index: index))
                    var least = [Double.infinity, .infinity]
                    // The first time finds cold caches, and a solver that is not made yet.
                    for _ in 0...repeats {
                        try Interruption.check()
                        for (number, solver) in solvers.enumerated() {
                            let (elapsed, _) = Elapsed.measuring {
                                solver.solve(image, into: &label)
                            }
                            least[number] = min(least[number], elapsed.cpu)
                        }
                    }
                    return least[1] / least[0]
                })
        }
        return Row(boundary: boundary, sources: sources, ratios: ratios)
    }

    /// The table, for a person.
    public var text: String {
        let head = """
            512 × 512 sites, the default physics: CPU time of a label over that with four \
            absorbing sides, medians of \(samples) samples

            | top, bottom | left, right | sources | \
            \(SidesBenchmark.strata.map { "n = \($0)" }.joined(separator: " | ")) |
            |---|---|---|\(SidesBenchmark.strata.map { _ in "---|" }.joined())

            """
        return rows.reduce(into: head) { text, row in
            let (b, ratios) = (row.boundary, row.ratios.map { String(format: "%.2f", $0) })
            text +=
                "| \(b.top.rawValue), \(b.bottom.rawValue) | \(b.left.rawValue), "
                + "\(b.right.rawValue) | \(row.sources.rawValue) | "
                + ratios.joined(separator: " | ") + " |\n"
        }
    }

    /// The same, for machines.
    public var json: JSON {
        .object([
            "format": .string("steadyset-sides"), "version": .integer(1),
            "steadyset": .string(Release.version), "samples": .integer(samples),
            "repeats": .integer(repeats), "lattice": .array([.integer(512), .integer(512)]),
            "strata": .array(SidesBenchmark.strata.map(JSON.integer)),
            "rows": .array(
                rows.map { row in
                    let b = row.boundary
                    let sides = [b.top, b.bottom, b.left, b.right].map(\.rawValue)
                    return .object([
                        "top_bottom_left_right": .array(sides.map(JSON.string)),
                        "sources": .string(row.sources.rawValue),
                        "ratios": .array(row.ratios.map(JSON.number)),
                    ])
                }),
        ])
    }
}
