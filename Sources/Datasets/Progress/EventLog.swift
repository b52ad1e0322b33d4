internal import Documents
internal import Fields
internal import Foundation
internal import Shards
internal import Synchronization

/// Appends what happens to a file, for machines and for later: JSON Lines, one event a line, which
/// `schemas/log` describes.
public final class EventLog: Reporter {
    /// How much an event matters.
    public enum Level: String, Sendable, CaseIterable {
        case info
        case warning
        case error
    }

    private struct State {
        let file: AppendedFile
        var stage: Stage?
        var step: StepName?
        var part: String?
        var pace = Pace(total: 0, before: 0)
        var began = Stopwatch()
        var interval = Interval()
        /// Lines that could not be written.
        var lost = 0
    }

    /// Seconds between two lines that say how far work is.
    private static let pause = 10.0

    private let path: String
    private let command: String
    private let warn: (String) -> Void
    private let state: Mutex<State>

    /// Opens the file at `path`.
    ///
    /// - Parameters:
    ///   - command: The subcommand.
    ///   - warn: Hears, once, that lines cannot be written.
    /// - Throws: `DatasetError` of kind `.cannotCreate`.
    public init(_ path: String, command: String, warn: @escaping (String) -> Void)
        throws(DatasetError)
    {
        (self.path, self.command, self.warn) = (path, command, warn)
        do { state = Mutex(State(file: try AppendedFile(path))) } catch {
            throw DatasetError(
                .cannotCreate, "--log: \(error): name a file in a folder that you may write to",
                path: path, cause: error)
        }
    }

    /// Takes note of what happened.
    public func hear(_ event: RunEvent) {
        switch event {
        case .claimed(let place):
            write(
                .info, "claimed", "works in \(place.root)",
                ["dataset": .string(place.root), "pipeline": text(place.pipeline)])
        case .entered(let step):
            state.withLock { ($0.step, $0.stage, $0.part) = (step, step.stage, nil) }
            write(.info, "step", "the step \(step.id) begins")
        case .part(let part):
            state.withLock { $0.part = part }
            if let part { write(.info, "part", "\(part) begins") }
        case .began(let stage, let total, let done):
            state.withLock { state in
                (state.stage, state.began, state.interval) = (stage, Stopwatch(), Interval())
                state.pace = Pace(total: total, before: done)
                _ = state.interval.isDue(every: EventLog.pause)
            }
            write(
                .info, "began", "\(stage.rawValue): \(total) samples, \(done) done before",
                ["total": .integer(total), "done": .integer(done)])
        case .advanced(let stage, let done): advanced(stage, done)
        case .ended(let stage, let id, let samples, let bytes, let seconds, let skipped):
            state.withLock { $0.stage = stage }
            write(
                .info, "ended",
                "\(stage.rawValue) is \(skipped ? "unchanged" : "done"): \(samples) samples",
                [
                    "id": .string(id.description), "samples": .integer(samples),
                    "bytes": .integer(bytes), "seconds": .number(seconds),
                    "skipped": .bool(skipped),
                ])
        case .epoch(let line, let epochs):
            write(
                .info, "epoch", "epoch \(line["epoch"]?.int ?? 0) of \(epochs)",
                ["metrics": line])
        case .measured(let measures):
            write(
                measures.isDone ? .info : .warning, "measured",
                "the step \(measures.step.id) "
                    + (measures.isDone ? "took" : "was given up after")
                    + " \(Words.duration(measures.seconds))",
                ["seconds": .number(measures.seconds), "done": .bool(measures.isDone)])
            state.withLock { ($0.step, $0.stage, $0.part) = (nil, nil, nil) }
        case .foresaw(let forecast):
            write(.info, "forecast", forecast.text, ["forecast": .object(forecast.json)])
        case .noted(let message): write(.info, "noted", message)
        case .warned(let message): write(.warning, "warned", message)
        case .released: break
        }
    }

    /// Writes that the command begins.
    public func begin(release: String) {
        write(.info, "begin", "\(command) begins", ["steadyset": .string(release)])
    }

    /// Writes how the command ended: `status` is its own, `message` what was said of a failure.
    public func end(status: Int32, message: String?) {
        write(
            status == 0 ? .info : .error, "end",
            message ?? (status == 0 ? "done" : "ended with status \(status)"),
            ["status": .integer(Int(status))])
    }

    private func advanced(_ stage: Stage, _ done: Int) {
        let pace = state.withLock { state -> Pace? in
            guard state.interval.isDue(every: EventLog.pause) else { return nil }
            (state.pace.done, state.pace.seconds) = (done, state.began.seconds)
            return state.pace
        }
        guard let pace else { return }
        write(
            .info, "advanced", "\(stage.rawValue)  \(done)/\(pace.total)  \(pace.text)",
            [
                "total": .integer(pace.total), "done": .integer(done),
                "samples_per_second": .number(pace.rate),
                "seconds_left": pace.left.map(JSON.number) ?? .null,
            ])
    }

    private func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

    private func write(
        _ level: Level, _ event: String, _ message: String, _ more: [String: JSON] = [:]
    ) {
        let process = WorkerProcess.current
        let failure = state.withLock { state -> ShardsError? in
            var members = more
            members["time"] = .string(Timestamp.text(Date()))
            members["level"] = .string(level.rawValue)
            members["event"] = .string(event)
            members["command"] = .string(command)
            members["stage"] = text(state.stage?.rawValue)
            members["step"] = text(state.step?.id)
            members["part"] = text(state.part)
            members["message"] = .string(message)
            members["host"] = .string(process.host)
            members["pid"] = .integer(process.pid)
            let line = JSON.object(members).canonicalBytes
            do throws(ShardsError) { try state.file.append(line) } catch {
                state.lost += 1
                return state.lost == 1 ? error : nil
            }
            return nil
        }
        if let failure {
            warn("the log lacks lines from here on: \(failure.description); the work goes on")
        }
    }
}
