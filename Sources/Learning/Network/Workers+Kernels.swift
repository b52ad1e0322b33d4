internal import Parallel
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Where threads wait.
final class Door: Sendable {
    private let condition = Condition()
    /// How many threads are waiting, or about to.
    private let waiting = Atomic<Int>(0)

    /// Sleeps until `isOpen`, which is asked again after every `openToAll`.
    func wait(until isOpen: () -> Bool) {
        condition.locked {
            waiting.add(1, ordering: .sequentiallyConsistent)
            condition.wait(until: isOpen)
            waiting.subtract(1, ordering: .sequentiallyConsistent)
        }
    }

    /// Wakes whoever waits; costs next to nothing where no one does.
    func openToAll() {
        guard waiting.load(ordering: .sequentiallyConsistent) > 0 else { return }
        condition.locked { condition.broadcast() }
    }

    /// Lets others run.
    static func giveWay() { sched_yield() }

    /// Passes a few cycles.
    @inline(never) static func pause() {}
}
