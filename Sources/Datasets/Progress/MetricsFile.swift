internal import Documents
internal import Fields
internal import Foundation
internal import Shards
internal import Synchronization

/// Writes what the steps of a command took into a file: as JSON, which `schemas/metrics` describes,
/// or, where its name ends with `.prom`, as text for Prometheus.
///
/// The file is replaced as a whole after each step, and at the end.
public final class MetricsFile: Reporter {
    /// A step, and what was made in it.
    struct Step {
        let measures: StepMeasures
        let samples: Int
        let bytes: Int
    }

    /// All that the file has.
    struct Content {
        let command: String
        let began = Stopwatch()
        var steps: [Step] = []
        /// How the command ended; nil while it works.
        var status: Int32?
    }

    private struct State {
        var content: Content
        /// What was made in the step: samples that were done, and bytes of the stage's files.
        var begun = 0
        var done = 0
        var bytes = 0
        var isFailing = false
    }

    /// The endings of names of such files.
    public static let endings = ["json", "prom"]

    private let path: String
    private let warn: (String) -> Void
    private let state: Mutex<State>

    /// Writes the file at `path`, with no step yet.
    ///
    /// - Parameters:
    ///   - path: Its ending, one of `endings`, says the form.
    ///   - command: The subcommand.
    ///   - warn: Hears, once, that it cannot be written any more.
    /// - Throws: `DatasetError` of kind `.cannotCreate` where it cannot be written.
    public init(_ path: String, command: String, warn: @escaping (String) -> Void)
        throws(DatasetError)
    {
        (self.path, self.warn) = (path, warn)
        state = Mutex(State(content: Content(command: command)))
        do { try write() } catch {
            throw DatasetError(
                .cannotCreate, "--metrics: \(error): name a file in a folder that you may write to",
                path: path, cause: error)
        }
    }

    /// Takes note of what happened.
    public func hear(_ event: RunEvent) {
        switch event {
        case .entered: state.withLock { ($0.begun, $0.done, $0.bytes) = (0, 0, 0) }
        case .began(_, _, let done): state.withLock { ($0.begun, $0.done) = (done, done) }
        case .advanced(_, let done): state.withLock { $0.done = done }
        case .ended(_, _, let samples, let bytes, _, let skipped):
            state.withLock { state in
                state.bytes = bytes
                // Stages that are over at once do not say how far they are.
                if !skipped, state.done == state.begun { state.done = state.begun + samples }
            }
        case .measured(let measures):
            state.withLock { state in
                state.content.steps.append(
                    Step(
                        measures: measures, samples: max(0, state.done - state.begun),
                        bytes: state.bytes))
            }
            update()
        case .claimed, .released, .part, .epoch, .foresaw, .noted, .warned: break
        }
    }

    /// Writes how the command ended.
    public func end(status: Int32) {
        state.withLock { $0.content.status = status }
        update()
    }

    private func update() {
        do { try write() } catch {
            let isFirst = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isFirst { warn("the metrics are not up to date: \(error); the work goes on") }
        }
    }

    private func write() throws {
        let content = state.withLock { $0.content }
        let bytes =
            path.hasSuffix(".prom") ? Array(content.prometheus.utf8) : content.json.prettyBytes
        try AtomicFile.write(bytes, to: path)
    }
}
