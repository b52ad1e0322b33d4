internal import Documents
internal import Fields
package import Foundation

/// Who works, or worked, in a dataset's folder, as its progress file tells.
package struct WorkerStatus {
    /// What became of the work.
    package enum State: String, CaseIterable, Sendable {
        /// It goes on.
        case working
        /// Everything was done.
        case done
        /// It was interrupted or told to end.
        case interrupted
        /// It ended with an error.
        case failed
        /// Its process is gone, and said nothing: it was killed, or the machine went down.
        case vanished
        /// Nothing was heard of it for a while, and whether its process lives cannot be seen from
        /// here.
        case silent
    }

    package let progress: RunProgress
    package let state: State
    /// Whether its process is alive; nil where that cannot be seen from here.
    package let isAlive: Bool?
    /// Seconds since it wrote its file, by this machine's clock.
    package let age: Double

    /// Seconds of silence after which a process on another machine is no more taken for one that
    /// works: several times the longest pause between two writes, and some difference of clocks.
    package static let patience = 60.0

    /// What can be known at `now`.
    ///
    /// - Parameter earlier: The number of the file's beat at an earlier look: a process that has
    ///   written since lives, whatever the clocks say.
    package init(_ progress: RunProgress, at now: Date, earlier: Int? = nil) {
        self.progress = progress
        age = now.timeIntervalSince(progress.updated)
        guard progress.ending == nil else {
            isAlive = false
            switch progress.ending?.failure {
            case nil: state = .done
            case .interrupted, .terminated: state = .interrupted
            default: state = .failed
            }
            return
        }
        isAlive = progress.process.isAlive
        let isHeard = age < WorkerStatus.patience || earlier.map { $0 < progress.beat } ?? false
        state = isAlive == false ? .vanished : isAlive == true || isHeard ? .working : .silent
    }

    /// Samples a second, and seconds that are left; nil where no stage is worked on.
    package var pace: Pace? { state == .working ? progress.pace : nil }

    /// An element of `workers`.
    var json: JSON {
        func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }
        func time(_ date: Date?) -> JSON { text(date.map(Timestamp.text)) }
        let pace = progress.pace
        return .object([
            "state": .string(state.rawValue), "alive": isAlive.map(JSON.bool) ?? .null,
            "command": .string(progress.command), "claim": text(progress.claim),
            "pipeline": text(progress.pipeline), "host": .string(progress.process.host),
            "pid": .integer(progress.process.pid), "began": time(progress.began),
            "updated": time(progress.updated), "step": text(progress.step?.id),
            "stage": text((progress.stage ?? progress.step?.stage)?.rawValue),
            "round": .integer(progress.step?.round ?? 0), "part": text(progress.part),
            "total": pace.map { .integer($0.total) } ?? .null,
            "done": pace.map { .integer($0.done) } ?? .null,
            "samples_per_second": pace.map { .number($0.rate) } ?? .null,
            "seconds_left": (pace?.left).map(JSON.number) ?? .null,
            "moved": time(progress.moved),
            "epochs": progress.epochs.map { .array([.integer($0.done), .integer($0.total)]) }
                ?? .null,
            "warnings": .integer(progress.warnings),
            "messages": .array(
                progress.messages.map {
                    .object(["time": time($0.time), "text": .string($0.text)])
                }),
            "ended": time(progress.ending?.time),
            "failure": text(progress.ending?.failure?.rawValue),
            "error": text(progress.ending?.message),
        ])
    }
}
