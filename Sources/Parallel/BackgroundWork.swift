/// One piece of work at a time on a thread of its own, while the caller goes on with the next; on
/// the caller's where no thread can be started.
package final class BackgroundWork {
    private final class Outcome: @unchecked Sendable {
        private let condition = Condition()
        private var isDone = false
        private var error: (any Error)?

        func end(_ error: (any Error)?) {
            condition.locked { (isDone, self.error) = (true, error) }
            condition.broadcast()
        }

        func wait() -> (any Error)? {
            condition.locked {
                condition.wait { isDone }
                return error
            }
        }
    }
    private var current: Outcome?

    package init() {}

    /// Waits for the piece before, whose error is thrown, then starts `body`.
    package func start(_ body: @escaping () throws -> Void) throws {
        try finish()
        let outcome = Outcome()
        func work() {
            do {
                try body()
                outcome.end(nil)
            } catch { outcome.end(error) }
        }
        current = outcome
        if !WorkerThread.start(work) { work() }
    }

    /// Waits for the piece that was started last, and throws its error.
    package func finish() throws {
        guard let outcome = current else { return }
        current = nil
        if let error = outcome.wait() { throw error }
    }

    /// Waits, whatever becomes of the work: for a caller that has failed itself.
    package func wait() { try? finish() }
}
