internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Pipeline

/// Shows a run's progress: one line that is redrawn on a terminal, a few plain lines elsewhere.
final class TextProgress: Reporter {
    private let line = ProgressLine(isPlainToo: true)

    func hear(_ event: RunEvent) {
        switch event {
        case .began(let stage, let total, let done):
            line.begin(stage.rawValue, total: total, before: done)
            if !Terminal.isInteractive {
                let rest = done > 0 ? ", \(done) done before" : ""
                Terminal.note("\(stage.rawValue): \(total) samples\(rest)\n")
            }
        case .advanced(_, let done): line.advanced(done)
        case .ended(let stage, let id, let samples, let bytes, let seconds, let skipped):
            ended(stage, id, samples, bytes, skipped ? nil : seconds)
        case .epoch(let line, let epochs): ended(epoch: line, of: epochs)
        case .foresaw(let forecast): noted(forecast.text)
        case .noted(let message): noted(message)
        case .warned(let message): noted("steadyset: warning: \(message)")
        case .claimed, .released, .entered, .part, .measured: break
        }
    }

    /// `seconds` are nil where nothing had to be done.
    private func ended(
        _ stage: Stage, _ id: Digest, _ samples: Int, _ bytes: Int, _ seconds: Double?
    ) {
        Terminal.clear()
        let name = stage.rawValue.padding(
            toLength: max(7, stage.rawValue.count), withPad: " ", startingAt: 0)
        let work = seconds.map(Words.duration) ?? "unchanged"
        let count = "\(samples) samples".padding(toLength: 16, withPad: " ", startingAt: 0)
        let size = Words.bytes(bytes).padding(toLength: 9, withPad: " ", startingAt: 0)
        Terminal.write("\(name) \(count) \(size) \(id.description.prefix(16))  \(work)\n")
    }

    /// The first epochs and about twenty of all; every one is in `metrics.jsonl`.
    private func ended(epoch: JSON, of epochs: Int) {
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

    private func noted(_ message: String) {
        Terminal.clear()
        Terminal.note("\(ForeignText.bounded(message))\n")
    }
}

/// Writes a run's progress as JSON Lines on standard output, for machines.
final class JSONProgress: Reporter {
    private var interval = Interval()

    func hear(_ event: RunEvent) {
        switch event {
        case .began(let stage, let total, let done):
            interval = Interval()
            emit("began", stage, ["total": .integer(total), "done": .integer(done)])
        case .advanced(let stage, let done):
            guard interval.isDue(every: 1) else { return }
            emit("advanced", stage, ["done": .integer(done)])
        case .ended(let stage, let id, let samples, let bytes, let seconds, let skipped):
            emit(
                "ended", stage,
                [
                    "id": .string(id.description), "samples": .integer(samples),
                    "bytes": .integer(bytes), "seconds": .number(seconds),
                    "skipped": .bool(skipped),
                ])
        case .epoch(let line, _): emit("epoch", .train, line.object ?? [:])
        case .foresaw(let forecast): emit("forecast", nil, forecast.json)
        case .noted(let message): emit("noted", nil, ["message": .string(message)])
        case .warned(let message): emit("warned", nil, ["message": .string(message)])
        case .claimed, .released, .entered, .part, .measured: break
        }
    }

    private func emit(_ event: String, _ stage: Stage?, _ members: [String: JSON]) {
        var members = members
        members["event"] = .string(event)
        if let stage { members["stage"] = .string(stage.rawValue) }
        Terminal.write(JSON.object(members).canonicalText + "\n")
    }
}
