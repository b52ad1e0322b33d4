public import Datasets
public import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Shards
internal import Solving

/// What `steadyset certify` does: brings predicted fields within a tolerance, as far as they are
/// not, and says so of every one.
public struct CertificationCommand {
    /// What is to be certified.
    public struct Options: Sendable {
        /// The dataset, or the folder of its pack stage; nil where `from` and models say all.
        public var data: String?
        /// Configurations instead of samples of the dataset: JSON Lines, or a dataset that has a
        /// sample stage.
        public var from: String?
        /// An expression of selections; nil for the test part.
        public var selection: String?
        /// Models: folders or files of weights. Several predict together.
        public var models: [String] = []
        /// A file of predictions instead.
        public var predictions: String?
        /// Largest |field − exact| that is accepted.
        public var tolerance: Double
        /// The HDF5 file of fields that is written; the answers are beside it, with the ending
        /// `.csv`.
        public var output: String
        /// Whether files that are there already may be overwritten.
        public var replace = false
        /// Threads; nil for all cores.
        public var threads: Int?

        /// Options with defaults where there are any.
        public init(tolerance: Double, output: String) {
            (self.tolerance, self.output) = (tolerance, output)
        }
    }

    /// What came of it.
    public struct Report: Sendable {
        /// Samples.
        public internal(set) var samples = 0
        /// Fields that were within the tolerance, by their residual alone.
        public internal(set) var withinAtOnce = 0
        /// Fields that were within the tolerance, which took cycles to show.
        public internal(set) var withinAfterCycles = 0
        /// Fields that cycles repaired.
        public internal(set) var repaired = 0
        /// Fields that no cycle brought within the tolerance.
        public internal(set) var failed = 0
        /// Cycles of all samples, and the most of one.
        public internal(set) var cycles = (sum: 0, most: 0)
        /// Seconds in which fields were predicted or read.
        public internal(set) var predicting = 0.0
        /// CPU milliseconds of some samples: of judging and repairing each, and of solving it from
        /// nothing to the same tolerance.
        public internal(set) var compared: [(certifying: Double, solving: Double)] = []
    }

    private let options: Options
    private let reporter: any Reporter

    /// Samples that are solved from nothing as well, for their times.
    private static let comparisons = 16
    /// Sites that are predicted at a time.
    private static let sites = 1 << 20

    /// Checks the options.
    public init(_ options: Options, reporter: any Reporter) throws {
        guard options.models.isEmpty != (options.predictions == nil) else {
            throw PipelineError(.usage, "certify needs either --model or --predictions")
        }
        guard options.from == nil || options.selection == nil else {
            throw PipelineError(
                .usage,
                "--selection goes with --data, not with --from, of which all is certified")
        }
        guard options.tolerance >= FieldRepair.smallestTolerance, options.tolerance <= 1 else {
            throw PipelineError(
                .usage,
                "--tolerance must be from \(FieldRepair.smallestTolerance) to 1, not "
                    + "\(options.tolerance): fields are stored in 32 bits")
        }
        try OutputPlace.check(file: options.output)
        self.options = options
        self.reporter = reporter
        Interruption.listen()
    }

    /// Where the answers are written.
    private var answersPath: String {
        let output = options.output
        return (output.hasSuffix(".h5") ? String(output.dropLast(3)) : output) + ".csv"
    }

    /// Certifies every sample.
    public func run() throws -> Report {
        let threads = options.threads ?? Cores.usable
        let predictions: Predictions =
            try options.predictions.map { .file(try IsolatedPredictions(path: $0)) }
            ?? .models(try Ensemble(options.models, dropoutSamples: 0, threads: threads))
        let samples = try Evaluator.Subject(
            data: options.data, from: options.from, selection: options.selection, usesLabels: false,
            predictions: predictions
        ).samples
        try predictions.check(samples, reporter)
        for path in [options.output, answersPath] {
            try OutputPlace.check(free: path, replace: options.replace, what: "certified fields")
        }
        let lattice = samples.physics.lattice
        let accuracy = Accuracy(tolerance: options.tolerance, gridBits: nil)
        let solvers = SolverPool(physics: samples.physics, accuracy: accuracy)
        // Solvers of their own, so that nothing of a repair is left for the solution that it is
        // compared with.
        let others = SolverPool(physics: samples.physics, accuracy: accuracy)
        let temporary = AtomicFile.temporary(for: options.output)
        let writer = try PredictionsWriter(
            path: temporary, lattice: lattice, ids: try samples.ids())
        let answers = try AtomicFile.Writer(answersPath)
        try answers.append(Array("id,n_sources,answer,cycles,bound,given_bound\n".utf8))
        var report = Report()
        let reader = EvaluationReader(
            samples: samples, labels: .none,
            size: max(1, CertificationCommand.sites / lattice.count), solvers: solvers)
        let source = reader.read(threads: threads)
        let every = max(1, samples.count / CertificationCommand.comparisons)
        while let batch = try source.next() {
            try Interruption.check()
            let began = Stopwatch()
            let y = try predictions.predict(batch, on: lattice).y
            report.predicting += began.seconds
            let first = report.samples
            let found = try certify(y, batch, solvers, threads) {
                (first + $0) % every == 0 ? others : nil
            }
            for (number, answer) in found.enumerated() {
                try writer.append(answer.field)
                try answers.append(answer.line(batch.samples[number]))
                report.add(answer)
            }
        }
        try writer.finish()
        try AtomicFile.commit(temporary: temporary, as: options.output)
        try answers.commit()
        return report
    }

    /// Judges and repairs the fields of a batch, several threads.
    private func certify(
        _ y: [Float], _ batch: EvaluationBatch, _ solvers: SolverPool, _ threads: Int,
        comparingWith others: @escaping (Int) -> SolverPool?
    ) throws -> [Answer] {
        let (tolerance, sites) = (options.tolerance, y.count / max(1, batch.samples.count))
        var answers: [Answer] = []
        try OrderedWork.run(count: batch.samples.count, threads: threads) {
            { number in
                try Interruption.check()
                let configuration = batch.configurations[number]
                return solvers.withSolver {
                    Answer(
                        $0, configuration, y[number * sites..<(number + 1) * sites],
                        tolerance: tolerance, comparingWith: others(number))
                }
            }
        } consume: { (_, answer: Answer) in
            answers.append(answer)
        }
        return answers
    }
}

/// What is said of one sample.
private struct Answer: Sendable {
    /// The field that is certified; NaN everywhere where none is.
    let field: [Float]
    let repair: FieldRepair
    /// CPU milliseconds of that, and of solving from nothing; nil where that was not done.
    let compared: (certifying: Double, solving: Double)?

    init(
        _ solver: Solver, _ configuration: Configuration, _ y: ArraySlice<Float>, tolerance: Double,
        comparingWith others: SolverPool?
    ) {
        var field = Array(y)
        let physics = configuration.physics
        let (certifying, repair) = Elapsed.measuring {
            solver.repair(
                &field, image: SourceImage(configuration), physics: physics, tolerance: tolerance)
        }
        self.repair = repair
        self.field = repair.outcome == .failed ? field.map { _ in .nan } : field
        compared = others?.withSolver { other in
            let (solving, _) = Elapsed.measuring {
                other.solve(SourceImage(configuration), physics: physics, into: &field)
            }
            return (certifying.cpu, solving.cpu)
        }
    }

    /// The line of the table.
    func line(_ sample: EvaluatedSample) -> [UInt8] {
        let fields = [
            sample.id.description, "\(sample.sources)", repair.outcome.rawValue, "\(repair.cycles)",
            BoundText.digits(repair.errorBound), BoundText.digits(repair.givenBound),
        ]
        return Array((fields.joined(separator: ",") + "\n").utf8)
    }
}

extension CertificationCommand.Report {
    fileprivate mutating func add(_ answer: Answer) {
        samples += 1
        cycles = (cycles.sum + answer.repair.cycles, max(cycles.most, answer.repair.cycles))
        switch answer.repair.outcome {
        case .within where answer.repair.cycles == 0: withinAtOnce += 1
        case .within: withinAfterCycles += 1
        case .repaired: repaired += 1
        case .failed: failed += 1
        }
        if let times = answer.compared { compared.append(times) }
    }

    /// The report for machines; those of `compared` are medians of CPU milliseconds.
    public var json: JSON {
        .object([
            "samples": .integer(samples), "within_at_once": .integer(withinAtOnce),
            "within_after_cycles": .integer(withinAfterCycles), "repaired": .integer(repaired),
            "failed": .integer(failed), "cycles": .integer(cycles.sum),
            "most_cycles": .integer(cycles.most), "predicting_seconds": .number(predicting),
            "compared": .object([
                "samples": .integer(compared.count),
                "certifying_ms": .number(Elapsed.median(compared.map(\.certifying))),
                "solving_ms": .number(Elapsed.median(compared.map(\.solving))),
            ]),
        ])
    }

    /// The report in a few lines.
    public var text: String {
        func text(_ milliseconds: Double) -> String { String(format: "%.3g ms", milliseconds) }
        let certifying = text(Elapsed.median(compared.map(\.certifying)))
        let solving = text(Elapsed.median(compared.map(\.solving)))
        return """
            \(samples) samples: \(withinAtOnce) within the tolerance at once, \
            \(withinAfterCycles) shown to be by cycles, \
            \(repaired) repaired, \(failed) failed
            cycles: \(String(format: "%.2f", Double(cycles.sum) / Double(max(1, samples)))) a \
            sample, at most \(cycles.most)
            time: \(text(1000 * predicting / Double(max(1, samples)))) a sample for predicting; \
            CPU, median of \
            \(compared.count) samples: \(certifying) for certifying, \(solving) for solving from \
            nothing

            """
    }
}
