package import Foundation
internal import Parallel

/// What this process has used of the machine so far.
package struct ProcessUsage: Hashable, Sendable {
    /// Seconds of processors, those of programs that it started and that have ended among them.
    package let cpu: Double
    /// The most memory that it had at once, or that such a program had, in bytes.
    package let peakMemory: Int
    /// Bytes that it has read and written, whatever caches did; nil where the system does not tell.
    package let read: Int?
    package let written: Int?

    /// Until now.
    ///
    /// The corresponding C function is `getrusage`.
    package static func current() -> ProcessUsage {
        var (own, children) = (rusage(), rusage())
        #if canImport(Darwin)
            _ = unsafe getrusage(RUSAGE_SELF, &own)
            _ = unsafe getrusage(RUSAGE_CHILDREN, &children)
            let unit = 1
        #else
            _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &own)
            _ = unsafe getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &children)
            let unit = 1024
        #endif
        func seconds(_ usage: rusage) -> Double {
            [usage.ru_utime, usage.ru_stime].reduce(0) {
                $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
            }
        }
        // What Linux tells of a process's files (proc_pid_io(5)).
        func bytes(_ key: String) -> Int? {
            SystemFiles().value(key, in: "/proc/self/io").flatMap { Int($0) }
        }
        return ProcessUsage(
            cpu: seconds(own) + seconds(children),
            peakMemory: max(Int(own.ru_maxrss), Int(children.ru_maxrss)) * unit,
            read: bytes("rchar"), written: bytes("wchar"))
    }
}

/// What a step of a plan took.
public struct StepMeasures: Sendable {
    /// Which it was.
    package let step: StepName
    /// Whether it was done; false where it failed, or was interrupted.
    package let isDone: Bool
    /// When it began.
    package let began: Date
    /// Seconds that it took.
    package let seconds: Double
    /// Threads that it had.
    package let threads: Int
    /// What its threads did, in seconds.
    package let phases: [Phase: Double]
    /// What the process had used when it began, and when it ended.
    package let before: ProcessUsage
    package let after: ProcessUsage

    package init(
        _ step: StepName, isDone: Bool, began: Stopwatch, threads: Int, phases: [Phase: Double],
        before: ProcessUsage
    ) {
        (self.step, self.isDone, self.threads) = (step, isDone, threads)
        (self.began, seconds, self.phases) = (began.date, began.seconds, phases)
        (self.before, after) = (before, .current())
    }
}
