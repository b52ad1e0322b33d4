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

    /// Throws where a signal came.
    package static func check() throws {
        let number = received.load(ordering: .relaxed)
        guard number != 0 else { return }
        throw Interrupted(signal: number)
    }
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
