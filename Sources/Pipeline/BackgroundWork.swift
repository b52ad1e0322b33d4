internal import Foundation

/// One piece of work at a time on a thread of its own, while the caller goes on with the next.
final class BackgroundWork {
    private final class Outcome: @unchecked Sendable {
        let group = DispatchGroup()
        var error: (any Error)?  // written before the group is left, read after waiting for it
    }
    private var current: Outcome?

    /// Waits for the piece before, whose error is thrown, then starts `body`.
    func start(_ body: @escaping () throws -> Void) throws {
        try finish()
        let outcome = Outcome()
        // Only that thread uses what the closure captured, until it has ended.
        nonisolated(unsafe) let body = body
        outcome.group.enter()
        current = outcome
        let thread = Thread {
            do { unsafe try body() } catch { outcome.error = error }
            outcome.group.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Waits for the piece that was started last, and throws its error.
    func finish() throws {
        guard let outcome = current else { return }
        current = nil
        outcome.group.wait()
        if let error = outcome.error { throw error }
    }

    /// Waits, whatever becomes of the work: for a caller that has failed itself.
    func wait() { try? finish() }
}
