internal import Datasets

/// One line on a terminal that says how far some work is; nothing elsewhere.
final class ProgressLine {
    private var name: String
    private var pace = Pace(total: 0, before: 0)
    private var began = Stopwatch()
    private var interval = Interval()

    /// `name` is what the line begins with.
    init(_ name: String) { self.name = name }

    /// `done` of `total` samples are done.
    func advanced(_ done: Int, of total: Int) {
        if total != pace.total || done < pace.done {
            (pace, began) = (Pace(total: total, before: 0), Stopwatch())
        }
        pace.done = done
        guard Terminal.isInteractive, interval.isDue(every: 0.1) else { return }
        pace.seconds = began.seconds
        Terminal.redraw("\(name)  \(done)/\(total)  \(pace.text)")
    }

    /// The same of work that is now called `name`.
    func advanced(_ name: String, _ done: Int, of total: Int) {
        self.name = name
        advanced(done, of: total)
    }

    func clear() { Terminal.clear() }
}
