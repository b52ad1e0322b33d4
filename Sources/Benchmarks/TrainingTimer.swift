internal import Datasets
public import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Pipeline

/// Times training steps of a model on this machine: forward, gradient of the mean absolute error,
/// backward and Adam, on images in memory.
public struct TrainingTimer {
    /// What to time.
    public struct Options: Sendable {
        /// The family of the model, as a pipeline file names it.
        public var kind = "encoder-decoder"
        /// Rows and columns of the lattice.
        public var side = 64
        /// Channels relative to the paper's.
        public var width = 0.125
        /// Samples of a step.
        public var batch = 50
        /// Threads that share a step; all cores unless given.
        public var threads: Int?
        /// Steps that are timed, after one that is not.
        public var steps = 3

        /// The values above.
        public init() {}
    }

    private let options: Options
    private let model: ModelDescription
    private let threads: Int

    /// Checks the options.
    ///
    /// - Throws: `PipelineError` where the model cannot exist.
    public init(_ options: Options) throws {
        self.options = options
        threads = options.threads ?? Machine.current().cores
        guard let kind = ModelDescription.Kind(rawValue: options.kind) else {
            let kinds = ModelDescription.Kind.allCases.map(\.rawValue).joined(separator: " or ")
            throw PipelineError(.usage, "there is no model \(options.kind); give \(kinds)")
        }
        do {
            model = try ModelDescription(
                kind: kind, width: options.width,
                lattice: Lattice(rows: options.side, columns: options.side))
        } catch { throw PipelineError(.usage, "\(error)") }
    }

    /// What was measured.
    public struct Report: Sendable {
        /// Time of each step on the wall, in milliseconds.
        public let steps: [Double]
        /// Samples per second of the fastest step.
        public let rate: Double
        private let options: Options
        private let threads: Int
        private let parameters: Int

        package init(_ options: Options, threads: Int, parameters: Int, steps: [Double]) {
            self.options = options
            self.threads = threads
            self.parameters = parameters
            self.steps = steps
            rate = Double(options.batch) / (steps.min() ?? .infinity) * 1000
        }

        /// The report for machines.
        public var json: JSON {
            .object([
                "batch": .integer(options.batch), "kind": .string(options.kind),
                "parameters": .integer(parameters), "samples_per_second": .number(rate),
                "side": .integer(options.side), "step_ms": .array(steps.map { .number($0) }),
                "threads": .integer(threads), "width": .number(options.width),
            ])
        }

        /// The report for a person.
        public var text: String {
            let shortest = String(format: "%.1f", steps.min() ?? 0)
            let rate = String(format: rate < 100 ? "%.2g" : "%.0f", rate)
            return """
                \(options.kind), width \(options.width), \(options.side) × \(options.side) \
                sites: \(parameters) parameters
                \(shortest) ms a step of \(options.batch) samples on \(threads) threads, the \
                fastest of \
                \(steps.count): \(rate) samples/s

                """
        }
    }

    /// Makes the steps.
    public func run() -> Report {
        var training = TrainingDescription()
        training.batch = options.batch
        let timed = TimedTraining(training, model, threads: threads)
        let steps = (0...options.steps).map { _ in Elapsed.measuring { timed.step() }.0.wall }
        return Report(
            options, threads: threads, parameters: model.parameterCount,
            steps: Array(steps.dropFirst()))
    }
}
