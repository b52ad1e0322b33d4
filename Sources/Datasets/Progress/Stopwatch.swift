package import Foundation

/// When something began, by a clock that only goes forward: durations do not depend on the
/// calendar, which may be set back while a stage works.
package struct Stopwatch: Sendable {
    /// When it began, by the calendar: for people.
    package let date = Date()
    private let start = Stopwatch.now()

    /// Begins now.
    package init() {}

    /// Seconds since it began.
    package var seconds: Double { max(0, Stopwatch.now() - start) }

    /// The corresponding C function is `clock_gettime`.
    private static func now() -> Double {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
