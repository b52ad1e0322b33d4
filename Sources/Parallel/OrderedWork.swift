/// Work on many items by several threads whose results are taken in order, with bounded memory.
package enum OrderedWork {
    /// Makes results 0 ..< `count` on `threads` threads and hands them to `consume`, in order, one
    /// at a time.
    ///
    /// No thread runs ahead of the consumer by more than four items a thread, so memory does not
    /// grow with `count`. Where the system gives fewer threads, those do the work; where it gives
    /// none, the calling thread does.
    ///
    /// - Parameters:
    ///   - makeWorker: Called once on each thread; returns what makes one result. It owns what a
    ///     thread needs.
    ///   - consume: Called under a lock, from any of the threads.
    /// - Throws: The first error of a worker or of `consume`; the others stop after their item.
    package static func run<Result>(
        count: Int, threads: Int, makeWorker: @escaping () throws -> (Int) throws -> Result,
        consume: @escaping (Int, Result) throws -> Void
    ) throws {
        guard count > 0 else { return }
        let state = State<Result>(count: count, ahead: 4 * threads, consume: consume)
        // The closures are only shared among the threads of this call, which end before it returns.
        func takePart() {
            do {
                let work = try makeWorker()
                while let item = state.next() { try state.finish(item, try work(item)) }
            } catch { state.fail(error) }
        }
        var started = 0
        for _ in 0..<min(threads, count) {
            let isStarted = WorkerThread.start {
                takePart()
                state.leave()
            }
            guard isStarted else { break }
            started += 1
        }
        if started == 0 { takePart() }
        state.wait(for: started)
        state.forgetConsumer()
        if let error = state.error { throw error }
    }

    /// What the threads share, guarded by one condition.
    private final class State<Result>: @unchecked Sendable {
        private let condition = Condition()
        private let count: Int
        private let ahead: Int
        private var consume: ((Int, Result) throws -> Void)?
        private var nextItem = 0
        private var consumed = 0
        private var ended = 0
        private var pending: [Int: Result] = [:]
        private(set) var error: (any Error)?

        init(count: Int, ahead: Int, consume: @escaping (Int, Result) throws -> Void) {
            self.count = count
            self.ahead = ahead
            self.consume = consume
        }

        /// The next item to work on, or nil where there is none or the work has failed.
        func next() -> Int? {
            condition.locked {
                condition.wait { error != nil || nextItem >= count || nextItem < consumed + ahead }
                guard error == nil, nextItem < count else { return nil }
                nextItem += 1
                return nextItem - 1
            }
        }

        func finish(_ item: Int, _ result: Result) throws {
            try condition.locked {
                pending[item] = result
                while error == nil, let next = pending.removeValue(forKey: consumed) {
                    try consume?(consumed, next)
                    consumed += 1
                }
                condition.broadcast()
            }
        }

        /// A thread has done its part.
        func leave() {
            condition.locked { ended += 1 }
            condition.broadcast()
        }

        /// Waits until `threads` threads have done their part.
        func wait(for threads: Int) { condition.locked { condition.wait { ended >= threads } } }

        /// Drops `consume` and results that it did not take. A thread may hold this object for a
        /// moment after the work has ended, but what `consume` captured, such as a file's writer,
        /// must not outlive the call.
        func forgetConsumer() { condition.locked { (consume, pending) = (nil, [:]) } }

        func fail(_ error: any Error) {
            condition.locked { if self.error == nil { self.error = error } }
            condition.broadcast()
        }
    }
}
