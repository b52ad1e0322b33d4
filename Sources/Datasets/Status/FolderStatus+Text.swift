internal import Documents
internal import Foundation

extension FolderStatus {
    /// All of it for a person: what is done, who works, what was said.
    public var text: String {
        var lines = ["\(ForeignText.printable(root)): \(words)"]
        for worker in workers { lines.append("  " + worker.text) }
        for stage in stages { lines.append("  " + text(of: stage)) }
        for round in rounds { lines.append("  " + round.text) }
        for worker in workers {
            let extra = worker.progress.warnings - worker.progress.messages.count
            if extra > 0 { lines.append("  \(extra) warnings before these") }
            for message in worker.progress.messages {
                lines.append(
                    "  warning  \(FolderStatus.time(message.time))  "
                        + ForeignText.excerpt(message.text, limit: 300))
            }
            if worker.state == .failed, let message = worker.progress.ending?.message {
                lines.append("  error    " + ForeignText.excerpt(message, limit: 600))
            }
        }
        for reason in unreadable {
            lines.append("  not read: " + ForeignText.excerpt(reason, limit: 300))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What goes on, on one line; for logs.
    public var line: String {
        let working = workers.filter { $0.state == .working }
        guard let first = working.first else { return words }
        let more = working.count > 1 ? ", and \(working.count - 1) more" : ""
        return "\(first.progress.claim ?? first.progress.command)  \(first.work)\(more)"
    }

    /// The state in words, and what follows from it.
    private var words: String {
        let missing = stages.filter { $0.state != .done && !isNotNeeded($0) }.map(\.stage.rawValue)
        let rest = missing.isEmpty ? "" : "; \(missing.joined(separator: ", ")) to do"
        switch state {
        case "working":
            let count = workers.count { $0.state == .working }
            return count == 1 ? "working" : "\(count) processes work"
        case "vanished":
            return "ended without a word: killed, or its machine went down; the same command "
                + "goes on\(rest)"
        case "failed": return "failed\(rest)"
        case "interrupted": return "interrupted; the same command goes on\(rest)"
        case "silent":
            return "silent for more than \(Int(WorkerStatus.patience)) s, on another machine that "
                + "cannot be asked\(rest)"
        case "done": return "done\(rest)"
        default: return "nothing works here\(rest)"
        }
    }

    /// Whether nothing is missed where a stage is: of a dataset that was pulled or unpacked there
    /// are the shards alone.
    private func isNotNeeded(_ stage: StageStatus) -> Bool {
        stage.state == .missing && Stage.ofData.contains(stage.stage)
            && stages.contains { $0.stage == .pack && $0.state == .done }
    }

    /// A stage, with what is known of work on it.
    private func text(of stage: StageStatus) -> String {
        let name = stage.stage.rawValue.padding(
            toLength: max(8, stage.stage.rawValue.count), withPad: " ", startingAt: 0)
        let samples = stage.samples.map { "\($0) samples" }
        switch stage.state {
        case .done: return "\(name) done\(samples.map { ", \($0)" } ?? "")"
        case .missing: return "\(name) \(isNotNeeded(stage) ? "not here" : "to do")"
        case .partly:
            let parts = stage.parts.map { "\($0.done) of \($0.total) parts done" }
            return "\(name) \([parts, samples].compactMap { $0 }.joined(separator: ", "))"
        }
    }

    /// A time for a person.
    static func time(_ date: Date) -> String {
        date.ISO8601Format(.iso8601(timeZone: .gmt, dateTimeSeparator: .space))
    }
}

extension WorkerStatus {
    /// Who it is, since when, and what it does.
    fileprivate var text: String {
        let name = (progress.claim.map { "step \($0)" } ?? progress.command)
        let began = "since \(FolderStatus.time(progress.began))"
        var words = ["\(name): \(progress.process.text)", began]
        switch state {
        case .working:
            words.append(isAlive == true ? "alive" : "heard of \(Words.duration(max(0, age))) ago")
            words.append(work)
        case .vanished:
            words.append("gone, heard of last at \(FolderStatus.time(progress.updated))")
        case .silent: words.append("not heard of for \(Words.duration(age))")
        case .done, .failed, .interrupted:
            let end = progress.ending?.time ?? progress.updated
            words.append("\(state.rawValue) at \(FolderStatus.time(end))")
        }
        return words.filter { !$0.isEmpty }.joined(separator: ", ")
    }

    /// The stage that it works on, how far, how fast.
    fileprivate var work: String {
        guard let stage = progress.stage ?? progress.step?.stage else { return "" }
        let round = progress.step.map { $0.round > 0 ? "round \($0.round) " : "" } ?? ""
        guard let pace = progress.pace else { return round + stage.rawValue }
        var words = ["\(round)\(stage.rawValue) \(pace.done)/\(pace.total)"]
        if pace.done > pace.before { words.append(pace.text) }
        if let part = progress.part { words.append(part) }
        if let epochs = progress.epochs { words.append("epoch \(epochs.done) of \(epochs.total)") }
        return words.joined(separator: "  ")
    }
}

extension RoundStatus {
    fileprivate var text: String {
        guard !isEnd else { return "round \(number) does not take place: the rounds end before it" }
        guard !done.isEmpty else { return "round \(number)  to do" }
        return "round \(number)  done: \(done.map(\.rawValue).joined(separator: ", "))"
    }
}
