internal import Foundation
internal import Synchronization

/// Whether the user has asked the process to end.
///
/// Work in progress is finished or dropped, never left half done; what is committed stays.
enum Interruption {
    /// The signal that came, or 0. A signal handler can reach nothing but a global.
    private static let signal = Atomic<Int32>(0)

    /// From now on SIGINT and SIGTERM ask for an orderly end; a second one ends at once.
    static func listen() {
        for number in [SIGINT, SIGTERM] {
            _ = Foundation.signal(number) { number in
                if Interruption.signal.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
            }
        }
    }

    /// Throws where a signal came.
    static func check() throws {
        let number = signal.load(ordering: .relaxed)
        guard number != 0 else { return }
        throw PipelineError(
            number == SIGTERM ? .terminated : .interrupted,
            "\(number == SIGTERM ? "terminated" : "interrupted"): finished parts are kept; run the same command again to "
                + "continue")
    }
}
