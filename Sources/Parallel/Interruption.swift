internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Whether the user has asked the process to end.
///
/// Work in progress is finished or dropped, never left half done; what is committed stays.
package enum Interruption {
    /// The signal that came, or 0. A signal handler can reach nothing but a global.
    private static let received = Atomic<Int32>(0)
    /// Stands in for a signal where the work itself must end.
    private static let ownReason: Int32 = -1
    private static let reason = Mutex("")

    /// From now on SIGINT and SIGTERM ask for an orderly end; a second one ends at once.
    package static func listen() {
        for number in [SIGINT, SIGTERM] {
            _ = signal(number) { number in
                if Interruption.received.exchange(number, ordering: .relaxed) != 0 {
                    _exit(128 + number)
                }
            }
        }
    }

    /// Asks for an orderly end because the work may not go on; `why` says to a person what happened
    /// and what to do next.
    package static func stop(_ why: String) {
        reason.withLock { $0 = why }
        _ = received.compareExchange(
            expected: 0, desired: ownReason, ordering: .sequentiallyConsistent)
    }

    /// Throws where a signal came, or the work must end.
    package static func check() throws {
        let number = received.load(ordering: .relaxed)
        guard number != 0 else { return }
        if number == ownReason { throw Stopped(description: reason.withLock { $0 }) }
        throw Interrupted(signal: number)
    }
}

/// The work may not go on, as somebody else has what it needs.
package struct Stopped: Error, CustomStringConvertible {
    package let description: String
}

/// The user asked the process to end.
package struct Interrupted: Error, CustomStringConvertible {
    /// SIGINT or SIGTERM.
    package let signal: Int32

    /// Whether it was told to end, by SIGTERM, and not interrupted at the keyboard.
    package var isTermination: Bool { signal == SIGTERM }

    package var description: String {
        "\(isTermination ? "terminated" : "interrupted"): finished parts are kept; run the same "
            + "command again to continue"
    }
}
