internal import Datasets

/// One line that says how far some work is: redrawn on a terminal, and elsewhere, where it is asked
/// for, a plain one every ten seconds.
final class ProgressLine {
    private let isPlainToo: Bool
    private var name = ""
    private var pace = Pace(total: 0, before: 0)
    private var began = Stopwatch()
    private var interval = Interval()
    private var isFirst = true

    /// - Parameter isPlainToo: Whether there are lines where there is no terminal.
    init(isPlainToo: Bool = false) { self.isPlainToo = isPlainToo }

    /// Work called `name` on `total` samples begins, of which `before` were done before.
    func begin(_ name: String, total: Int, before: Int = 0) {
        (self.name, pace) = (name, Pace(total: total, before: before))
        (began, interval, isFirst) = (Stopwatch(), Interval(), true)
    }

    /// `done` of its samples are done.
    func advanced(_ done: Int) {
        guard Terminal.isInteractive || isPlainToo,
            interval.isDue(every: Terminal.isInteractive ? 0.1 : 10)
        else { return }
        defer { isFirst = false }
        if !Terminal.isInteractive, isFirst { return }
        (pace.done, pace.seconds) = (done, began.seconds)
        let line = "\(name)  \(done)/\(pace.total)  \(pace.text)"
        if Terminal.isInteractive { Terminal.redraw(line) } else { Terminal.note("\(line)\n") }
    }

    /// The same of work that begins where it has another name, or another total, than the last.
    func advanced(_ name: String, _ done: Int, of total: Int) {
        if name != self.name || total != pace.total { begin(name, total: total) }
        advanced(done)
    }
}
