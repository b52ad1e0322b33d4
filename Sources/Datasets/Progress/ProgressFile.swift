internal import Documents
internal import Foundation
internal import Parallel
internal import Shards
internal import Synchronization

/// Writes where work in a dataset's folder stands into `.steadyset/progress`, for
/// `steadyset status`.
///
/// The work never waits for it: a thread of its own writes the file, at most once a second, and at
/// least every ten. It is replaced as a whole, and not synchronised, as it may be lost with the
/// power. What cannot be written is not; the first time that is said.
public final class ProgressFile: Reporter {
    /// The name of the file of who claims the whole folder.
    package static let whole = "run"
    /// The longest time between two writes, in seconds.
    static let slowest = 10.0

    fileprivate struct State {
        var progress: RunProgress
        let path: String
        let began = Stopwatch()
        /// Since the stage began, and since the file was written.
        var stage = Stopwatch()
        var written = Stopwatch()

        /// Seconds until it is written again: often at first, seldom in work of hours, so that a
        /// thousand steps at a time are no load on a file server.
        var every: Double { min(ProgressFile.slowest, max(1, began.seconds / 20)) }
    }

    private let command: String
    private let warn: (String) -> Void
    private let state = Mutex<State?>(nil)
    private let writing = Mutex<Void>(())
    private var heartbeat: Heartbeat?

    /// Writes nothing until a folder is claimed.
    ///
    /// - Parameters:
    ///   - command: The subcommand.
    ///   - warn: Hears why the file cannot be written.
    public init(command: String, warn: @escaping (String) -> Void) {
        (self.command, self.warn) = (command, warn)
    }

    /// Takes note of what happened.
    public func hear(_ event: RunEvent) {
        switch event {
        case .claimed(let place): begin(place)
        case .released(let failure): end(failure)
        default:
            state.withLock { $0?.take(event) }
            // Without a thread, the work writes it.
            if heartbeat == nil { writeIfDue() }
        }
    }

    private func begin(_ place: Workplace) {
        let folder = "\(place.root)/\(Dataset.progressName)"
        let path = "\(folder)/\(place.step ?? ProgressFile.whole).json"
        do {
            try Folder.create(folder)
            // Nobody else works here: what others left is of the past. Beside a step nobody has the
            // folder to himself.
            if place.step == nil {
                ProgressFile.sweep(folder, keeping: path)
            } else {
                AtomicFile.remove("\(folder)/\(ProgressFile.whole).json")
            }
        } catch { return warn("its progress cannot be told to 'status': \(error)") }
        state.withLock {
            $0 = State(
                progress: RunProgress(
                    command: command, place, process: .current, began: Date()), path: path)
        }
        do { try write() } catch {
            state.withLock { $0 = nil }
            return warn("its progress cannot be told to 'status': \(error)")
        }
        heartbeat = Heartbeat(every: 1000) { [weak self] in self?.writeIfDue() }
    }

    private func end(_ failure: DatasetError?) {
        heartbeat = nil
        let step = state.withLock { state in
            state?.progress.ending = RunProgress.Ending(
                time: Date(), failure: failure?.kind,
                message: (failure?.message).map(RunProgress.shortened))
            return state?.progress.claim
        }
        try? write()
        // The record of a step that was done says so; there may be thousands.
        if step != nil, failure == nil, let path = state.withLock({ $0?.path }) {
            AtomicFile.remove(path)
        }
        state.withLock { $0 = nil }
    }

    private func writeIfDue() {
        let isDue = state.withLock { state in state.map { $0.written.seconds >= $0.every } }
        if isDue == true { try? write() }
    }

    /// Writes the file as it is now; two threads never at once.
    private func write() throws {
        try writing.withLock { _ in
            let found = state.withLock { (state) -> (bytes: [UInt8], path: String)? in
                guard var now = state else { return nil }
                now.written = Stopwatch()
                let bytes = now.text()
                state = now
                return (bytes, now.path)
            }
            guard let (bytes, path) = found else { return }
            try AtomicFile.writeUnsynchronised(bytes, to: path)
        }
    }

    /// Removes the files of a folder that this program wrote, but for one.
    private static func sweep(_ folder: String, keeping path: String) {
        for name in (try? PathEntry.names(in: folder)) ?? []
        where name.hasSuffix(".json") || (name.hasPrefix(".") && name.hasSuffix(".tmp")) {
            if "\(folder)/\(name)" != path { AtomicFile.remove("\(folder)/\(name)") }
        }
    }
}

extension ProgressFile.State {
    /// Takes over what an event says.
    fileprivate mutating func take(_ event: RunEvent) {
        switch event {
        case .entered(let step):
            (progress.step, progress.part, progress.stage, progress.pace) = (step, nil, nil, nil)
            (progress.moved, progress.epochs) = (nil, nil)
        case .part(let part): progress.part = part
        case .began(let stage, let total, let done):
            (progress.stage, self.stage) = (stage, Stopwatch())
            progress.pace = Pace(total: total, before: done)
            (progress.moved, progress.epochs) = (nil, nil)
        case .advanced(_, let done):
            progress.pace?.done = done
            progress.moved = Date()
        case .epoch(let line, let total):
            progress.epochs = line["epoch"]?.int.map { ($0, total) }
        case .warned(let message): progress.warn(message, at: Date())
        case .claimed, .released, .ended, .measured, .foresaw, .noted: break
        }
    }

    /// The file's bytes, one beat later.
    fileprivate mutating func text() -> [UInt8] {
        progress.updated = Date()
        progress.beat += 1
        progress.every = every
        progress.pace?.seconds = stage.seconds
        return progress.json.prettyBytes
    }
}
