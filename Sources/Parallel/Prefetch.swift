/// Results that threads make ahead of the one who takes them, in order, with bounded memory.
package final class Prefetch<Element> {
    private let state: State<Element>
    /// Makes results where no thread could be started: one when it is asked for.
    private var inline: (() throws -> (Int) throws -> Element)?
    private var worker: ((Int) throws -> Element)?

    /// Begins to make results 0 ..< `count`.
    ///
    /// - Parameters:
    ///   - ahead: Results that may exist and not be taken, at least one.
    ///   - makeWorker: Called once on each thread; returns what makes one result.
    package init(
        count: Int, threads: Int, ahead: Int,
        makeWorker: @escaping () throws -> (Int) throws -> Element
    ) {
        let state = State<Element>(count: count, ahead: max(1, ahead))
        self.state = state
        // The closure is only used by these threads, each of which makes a worker of its own.
        var started = 0
        for _ in 0..<max(1, min(threads, count)) {
            let isStarted = WorkerThread.start {
                do {
                    let work = try makeWorker()
                    while let item = state.next() { state.finish(item, try work(item)) }
                } catch { state.fail(error) }
            }
            guard isStarted else { break }
            started += 1
        }
        inline = started == 0 ? makeWorker : nil
    }

    deinit { state.stop() }

    /// The next result, or nil after the last; waits for it.
    ///
    /// - Throws: What a worker threw; later results are then never made.
    package func next() throws -> Element? {
        if let inline, let item = state.next() {
            do {
                let work = try worker ?? inline()
                worker = work
                state.finish(item, try work(item))
            } catch { state.fail(error) }
        }
        return try state.take()
    }

    /// What the threads share, guarded by one condition.
    private final class State<Result>: @unchecked Sendable {
        private let condition = Condition()
        private let count: Int
        private let ahead: Int
        private var begun = 0
        private var taken = 0
        private var pending: [Int: Result] = [:]
        private var error: (any Error)?
        private var isStopped = false

        init(count: Int, ahead: Int) {
            self.count = count
            self.ahead = ahead
        }

        /// The next item to make, or nil where there is none, the work has failed, or nobody wants
        /// more.
        func next() -> Int? {
            condition.locked {
                condition.wait {
                    isStopped || error != nil || begun >= count || begun < taken + ahead
                }
                guard !isStopped, error == nil, begun < count else { return nil }
                begun += 1
                return begun - 1
            }
        }

        func finish(_ item: Int, _ result: Result) {
            condition.locked { if !isStopped { pending[item] = result } }
            condition.broadcast()
        }

        func take() throws -> Result? {
            try condition.locked {
                condition.wait { pending[taken] != nil || error != nil || taken == count }
                if let result = pending.removeValue(forKey: taken) {
                    taken += 1
                    condition.broadcast()
                    return result
                }
                if let error { throw error }
                return nil
            }
        }

        func fail(_ error: any Error) {
            condition.locked { if self.error == nil { self.error = error } }
            condition.broadcast()
        }

        func stop() {
            condition.locked { (isStopped, pending) = (true, [:]) }
            condition.broadcast()
        }
    }
}
