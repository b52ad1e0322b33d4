internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Pipeline

/// Shows a run's progress: one line that is redrawn on a terminal, a few plain lines elsewhere.
final class TextProgress: Reporter {
    private let interactive = Terminal.isInteractive
    private var total = 0
    private var doneBefore = 0
    private var began = Stopwatch()
    private var last: Stopwatch?

    func began(_ stage: Stage, total: Int, done: Int) {
        (self.total, doneBefore, began, last) = (total, done, Stopwatch(), nil)
        if !interactive {
            let rest = done > 0 ? ", \(done) done before" : ""
            Terminal.note("\(stage.rawValue): \(total) samples\(rest)\n")
        }
    }

    func advanced(_ stage: Stage, done: Int) {
        guard last.map({ $0.seconds >= (interactive ? 0.1 : 10) }) ?? true else { return }
        defer { last = Stopwatch() }
        if !interactive, last == nil { return }
        let seconds = began.seconds
        let rate = seconds > 0 ? Double(done - doneBefore) / seconds : 0
        let left = rate > 0 ? Words.duration(Double(total - done) / rate) : "?"
        let line = "\(stage.rawValue)  \(done)/\(total)  \(Words.rate(rate))  \(left) left"
        if interactive { Terminal.redraw(line) } else { Terminal.note("\(line)\n") }
    }

    func ended(_ stage: Stage, id: Digest, samples: Int, bytes: Int, seconds: Double, skipped: Bool)
    {
        Terminal.clear()
        let name = stage.rawValue.padding(
            toLength: max(7, stage.rawValue.count), withPad: " ", startingAt: 0)
        let work = skipped ? "unchanged" : Words.duration(seconds)
        let count = "\(samples) samples".padding(toLength: 16, withPad: " ", startingAt: 0)
        let size = Words.bytes(bytes).padding(toLength: 9, withPad: " ", startingAt: 0)
        Terminal.write("\(name) \(count) \(size) \(id.description.prefix(16))  \(work)\n")
    }

    /// The first epochs and about twenty of all; every one is in `metrics.jsonl`.
    func ended(epoch: JSON, of epochs: Int) {
        let number = epoch["epoch"]?.int ?? 0
        guard number <= 3 || number == epochs || number % ((epochs + 19) / 20) == 0 else { return }
        func value(_ key: String) -> String {
            epoch[key]?.double.map { String(format: "%.4g", $0) } ?? ""
        }
        var line = "epoch \(number)/\(epochs)  loss \(value("train_loss"))"
        if epoch["judge_loss"]?.double != nil {
            line +=
                "  judged \(value("judge_loss")), MAE \(value("judge_mae"))"
        }
        Terminal.clear()
        Terminal.note(line + "\n")
    }

    func foresaw(_ forecast: Forecast) { noted(forecast.text) }

    func noted(_ message: String) {
        Terminal.clear()
        Terminal.note("\(ForeignText.bounded(message))\n")
    }

    func warned(_ message: String) { noted("steadyset: warning: \(message)") }
}

/// Writes a run's progress as JSON Lines on standard output, for machines.
final class JSONProgress: Reporter {
    private var last: Stopwatch?

    func began(_ stage: Stage, total: Int, done: Int) {
        last = nil
        emit("began", stage, ["total": .integer(total), "done": .integer(done)])
    }

    func advanced(_ stage: Stage, done: Int) {
        guard last.map({ $0.seconds >= 1 }) ?? true else { return }
        last = Stopwatch()
        emit("advanced", stage, ["done": .integer(done)])
    }

    func ended(_ stage: Stage, id: Digest, samples: Int, bytes: Int, seconds: Double, skipped: Bool)
    {
        emit(
            "ended", stage,
            [
                "id": .string(id.description), "samples": .integer(samples),
                "bytes": .integer(bytes),
                "seconds": .number(seconds), "skipped": .bool(skipped),
            ])
    }

    func ended(epoch: JSON, of epochs: Int) { emit("epoch", .train, epoch.object ?? [:]) }

    func foresaw(_ forecast: Forecast) { emit("forecast", nil, forecast.json) }

    func noted(_ message: String) { emit("noted", nil, ["message": .string(message)]) }

    func warned(_ message: String) { emit("warned", nil, ["message": .string(message)]) }

    private func emit(_ event: String, _ stage: Stage?, _ members: [String: JSON]) {
        var members = members
        members["event"] = .string(event)
        if let stage { members["stage"] = .string(stage.rawValue) }
        Terminal.write(JSON.object(members).canonicalText + "\n")
    }
}
