#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Calls something again and again, on a thread of its own, until it is stopped or dropped.
package final class Heartbeat {
    private let stopping: Int32
    private let ended: Ended

    /// The end of the thread, which may outlive the object for a moment.
    private final class Ended: @unchecked Sendable {
        private let condition = Condition()
        private var isOver = false

        func tell() {
            condition.locked { isOver = true }
            condition.broadcast()
        }

        func wait() { condition.locked { condition.wait { isOver } } }
    }

    /// Begins to call `body`, `milliseconds` from now for the first time; nil where the system has
    /// no thread or no pipe to give.
    ///
    /// The corresponding C functions are `pipe` and `poll`: a wait that ends at once, and that goes
    /// by no calendar.
    package init?(every milliseconds: Int32, _ body: @escaping () -> Void) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let (waiting, stopping, ended) = (ends[0], ends[1], Ended())
        let isStarted = WorkerThread.start {
            while true {
                var entry = pollfd(fd: waiting, events: Int16(POLLIN), revents: 0)
                let found = unsafe poll(&entry, 1, milliseconds)
                if found > 0 { break }
                if found == 0 { body() }
            }
            close(waiting)
            ended.tell()
        }
        guard isStarted else {
            close(waiting)
            close(stopping)
            return nil
        }
        (self.stopping, self.ended) = (stopping, ended)
    }

    deinit {
        close(stopping)
        ended.wait()
    }
}
