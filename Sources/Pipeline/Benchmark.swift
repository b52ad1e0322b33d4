public import Fields
internal import Foundation
internal import Multigrid
internal import Sampling
internal import Shards

/// What this machine does with a pipeline's samples, and how long and how large the pipeline will be.
public struct Benchmark {
    /// Medians over the samples of one stratum, on one thread.
    struct Row {
        let sources: Int
        /// CPU milliseconds of solving (the fastest of three times), of compressing x and y, of reading them back.
        let solve: Double
        let encode: Double
        let decode: Double
        /// Cycles of the solver, and its convergence factor; bytes of x and y as stored.
        let cycles: Double
        let factor: Double
        let bytes: Double
    }

    private let rows: [Row]
    private let pipeline: PipelineFile
    private let design: Design
    private let threads: Int
    /// Samples per second from configuration to compressed label, on one thread and on all.
    private let rates: (one: Double, all: Double)

    /// Measures.
    ///
    /// - Parameters:
    ///   - path: A pipeline file with a design.
    ///   - samples: Samples of each stratum that is measured: the first, the last, and those nearest to 5 and 10 sources.
    ///   - threads: Threads for the parallel rate; nil for all cores.
    public init(pipeline path: String, samples: Int, threads: Int?) throws {
        pipeline = try PipelineFile(path: path)
        guard let design = pipeline.design else {
            throw PipelineError(.data, "\(path): has no 'sampling', so there is nothing to measure")
        }
        self.design = design
        self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        let (physics, accuracy) = (pipeline.physics, pipeline.accuracy)
        let solver = Solver(physics: physics, accuracy: accuracy)
        let encoder = try SampleEncoder(lattice: physics.lattice, level: pipeline.compressionLevel)
        let decoder = try SampleDecoder(lattice: physics.lattice)
        var label = [Float](repeating: 0, count: physics.lattice.count)
        var rows: [Row] = []
        for stratum in Benchmark.chosen(design.strata) {
            var solve: [Double] = []
            var encode: [Double] = []
            var decode: [Double] = []
            var cycles: [Double] = []
            var factors: [Double] = []
            var bytes: [Double] = []
            for index in 0..<samples {
                let configuration = try design.configuration(stratum: stratum, index: index)
                let image = SourceImage(configuration)
                var solution: Solution?
                // The fastest of three, as other solvers are measured: the first finds the caches full of other things.
                solve.append(
                    (0..<3).map { _ in
                        Benchmark.milliseconds {
                            solution = solver.solve(image, physics: configuration.physics, into: &label)
                        }
                    }.min() ?? 0)
                var sample: EncodedSample?
                encode.append(
                    try Benchmark.milliseconds {
                        sample = try encoder.encode(
                            configuration, under: physics, image: image, label: label, id: configuration.id, index: 0,
                            errorBound: solution?.errorBound ?? 0)
                    })
                guard let sample, let solution else { continue }
                decode.append(
                    try Benchmark.milliseconds {
                        _ = try decoder.decode(sample.x, as: .x)
                        _ = try decoder.decode(sample.y, as: .y)
                    })
                cycles.append(Double(solution.cycles))
                factors.append(solution.convergenceFactor)
                bytes.append(Double(sample.x.count + sample.y.count + sample.coefficients.reduce(0) { $0 + $1.count }))
            }
            rows.append(
                Row(
                    sources: design.strata[stratum], solve: Benchmark.median(solve),
                    encode: Benchmark.median(encode), decode: Benchmark.median(decode),
                    cycles: Benchmark.median(cycles), factor: Benchmark.median(factors), bytes: Benchmark.median(bytes))
            )
        }
        self.rows = rows
        rates = (
            try Benchmark.rate(design, pipeline, samples: samples, threads: 1),
            try Benchmark.rate(design, pipeline, samples: samples, threads: self.threads)
        )
    }

    /// Ordinals of the strata that are measured.
    private static func chosen(_ strata: [Int]) -> [Int] {
        let wanted = [strata[0], 5, 10, strata[strata.count - 1]]
        let nearest = wanted.compactMap { number in
            strata.indices.min { abs(strata[$0] - number) < abs(strata[$1] - number) }
        }
        return Set(nearest).sorted()
    }

    /// Samples per second over all strata in turn, drawn, solved and compressed, by the clock on the wall.
    private static func rate(_ design: Design, _ pipeline: PipelineFile, samples: Int, threads: Int) throws -> Double {
        let count = max(samples, 2) * 8
        let started = Date()
        try OrderedWork.run(count: count, threads: threads) {
            let solver = Solver(physics: design.physics, accuracy: pipeline.accuracy)
            let encoder = try SampleEncoder(lattice: design.physics.lattice, level: pipeline.compressionLevel)
            var label = [Float](repeating: 0, count: design.physics.lattice.count)
            return { item in
                let stratum = item * 7 % design.strata.count
                let configuration = try design.configuration(
                    stratum: stratum, index: item % min(design.counts[stratum], 1 << 16))
                let image = SourceImage(configuration)
                let solution = solver.solve(image, physics: configuration.physics, into: &label)
                return try encoder.encode(
                    configuration, under: design.physics, image: image, label: label, id: configuration.id, index: 0,
                    errorBound: solution.errorBound)
            }
        } consume: { _, _ in
        }
        return Double(count) / Date().timeIntervalSince(started)
    }

    /// CPU time of this thread, which others on the machine disturb less than the clock on the wall.
    private static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
        }
        let start = now()
        try body()
        return now() - start
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? 0 : (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// Bytes of a sample, averaged over all samples of the design; strata between two that were measured are
    /// interpolated.
    private var bytesPerSample: Double {
        let total = zip(design.strata, design.counts).reduce(0.0) { $0 + bytes(sources: $1.0) * Double($1.1) }
        return total / Double(design.sampleCount)
    }

    private func bytes(sources: Int) -> Double {
        guard let above = rows.first(where: { $0.sources >= sources }),
            let below = rows.last(where: { $0.sources <= sources })
        else { return rows.last?.bytes ?? 0 }
        guard above.sources > below.sources else { return below.bytes }
        let share = Double(sources - below.sources) / Double(above.sources - below.sources)
        return below.bytes + share * (above.bytes - below.bytes)
    }

    /// Everything, for machines.
    public var json: JSON {
        .object([
            "pipeline": .string(pipeline.name),
            "lattice": .array([.integer(design.physics.lattice.rows), .integer(design.physics.lattice.columns)]),
            "sources": .string(design.physics.sources.rawValue), "tolerance": .number(pipeline.accuracy.tolerance),
            "rows": .array(
                rows.map {
                    .object([
                        "sources": .integer($0.sources), "solve_ms": .number($0.solve), "encode_ms": .number($0.encode),
                        "decode_ms": .number($0.decode), "cycles": .number($0.cycles),
                        "convergence_factor": .number($0.factor), "bytes": .number($0.bytes),
                    ])
                }),
            "threads": .integer(threads), "samples_per_second_one_thread": .number(rates.one),
            "samples_per_second": .number(rates.all), "samples": .integer(design.sampleCount),
            "estimated_seconds": .number(Double(design.sampleCount) / rates.all),
            "estimated_bytes": .number(Double(design.sampleCount) * bytesPerSample * 2),
        ])
    }

    /// The table for a person.
    public var text: String {
        func column(_ text: String) -> String { String(repeating: " ", count: max(0, 10 - text.count)) + text }
        let lattice = design.physics.lattice
        let raw = Double(lattice.count * 8)
        var lines = [
            "\(pipeline.name): \(lattice.rows) × \(lattice.columns) sites, \(design.physics.sources.rawValue), certified to "
                + "\(pipeline.accuracy.tolerance); CPU time of one thread, medians",
            ["sources", "solve ms", "cycles", "factor", "encode ms", "decode ms", "kB", "ratio"].map(column).joined(),
        ]
        for row in rows {
            let cells = [
                "\(row.sources)", String(format: "%.2f", row.solve), String(format: "%.0f", row.cycles),
                String(format: "%.3f", row.factor),
                String(format: "%.2f", row.encode), String(format: "%.2f", row.decode),
                String(format: "%.0f", row.bytes / 1000), String(format: "%.1f", raw / row.bytes),
            ]
            lines.append(cells.map(column).joined())
        }
        let seconds = Double(design.sampleCount) / rates.all
        let bytes = Int(Double(design.sampleCount) * bytesPerSample)
        lines += [
            "drawn, solved and compressed: \(Words.rate(rates.one)) on one thread, \(Words.rate(rates.all)) on \(threads)",
            "the whole pipeline: \(design.sampleCount) samples, about \(Words.duration(seconds)), "
                + "\(Words.bytes(bytes)) of shards and as much of parts",
        ]
        return lines.joined(separator: "\n") + "\n"
    }
}
