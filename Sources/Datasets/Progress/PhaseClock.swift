internal import Synchronization

/// What a thread does in a step.
package enum Phase: String, Hashable, Sendable, CaseIterable {
    /// Drawing configurations, or reading the user's own.
    case sampling
    /// Reading files of earlier steps, decoding and digesting them.
    case reading
    /// Computing certified labels.
    case solving
    /// Compressing fields, or converting them for another codec.
    case compressing
    /// Computing with a network.
    case computing
    /// Comparing predictions with labels, or judging them without.
    case judging
    /// Writing files, synchronising and digesting them.
    case writing
    /// Waiting: for other threads, for samples, for the disk.
    case waiting
}

/// How long the threads of a step were in each phase, by the clock on the wall, summed over them.
package final class PhaseClock: Sendable {
    private let seconds = Mutex<[Phase: Double]>([:])

    package init() {}

    /// Seconds by phase; those that there were none of are left out.
    package var all: [Phase: Double] { seconds.withLock { $0 } }

    /// Adds seconds to a phase.
    package func add(_ phase: Phase, _ more: Double) {
        guard more > 0 else { return }
        seconds.withLock { $0[phase, default: 0] += more }
    }

    /// Runs `body`, and adds the time that it takes to `phase`.
    package func time<Result, Failure: Error>(
        _ phase: Phase, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let began = Stopwatch()
        defer { add(phase, began.seconds) }
        return try body()
    }

    /// Runs `body`, which works with `threads` threads and tells `clock` what they do; what is left
    /// of their time was waited.
    package func timeThreads<Result>(
        _ threads: Int, _ body: (_ clock: PhaseClock) throws -> Result
    ) rethrows -> Result {
        let (own, began) = (PhaseClock(), Stopwatch())
        defer {
            let all = own.all
            for (phase, more) in all { add(phase, more) }
            add(.waiting, Double(threads) * began.seconds - all.values.reduce(0, +))
        }
        return try body(own)
    }
}
