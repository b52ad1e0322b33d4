#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif
internal import Synchronization

/// Where threads wait: a POSIX mutex and condition.
@safe final class Door: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// How many threads are waiting, or about to.
    private let waiting = Atomic<Int>(0)

    init() {
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(condition, nil)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Sleeps until `isOpen`, which is asked again after every `openToAll`.
    func wait(until isOpen: () -> Bool) {
        unsafe pthread_mutex_lock(mutex)
        waiting.add(1, ordering: .sequentiallyConsistent)
        while !isOpen() { unsafe pthread_cond_wait(condition, mutex) }
        waiting.subtract(1, ordering: .sequentiallyConsistent)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Wakes whoever waits; costs next to nothing where no one does.
    func openToAll() {
        guard waiting.load(ordering: .sequentiallyConsistent) > 0 else { return }
        unsafe pthread_mutex_lock(mutex)
        unsafe pthread_cond_broadcast(condition)
        unsafe pthread_mutex_unlock(mutex)
    }

    /// Lets others run.
    static func giveWay() { sched_yield() }

    /// Passes a few cycles.
    @inline(never)
    static func pause() {}
}
