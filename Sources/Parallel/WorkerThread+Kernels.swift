#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Threads that do a pool's work: POSIX threads, as the system may have none to give (a limit of
/// processes, of a container, of memory), and a pool must hear of it.
package enum WorkerThread {
    /// Bytes of a thread's stack.
    private static let stack = 8 << 20

    private final class Body {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    /// Starts a thread that runs `body` and ends with it; false where none can be started, and then
    /// `body` is dropped.
    ///
    /// What `body` shares with other threads is its pool's to guard. The corresponding C function
    /// is `pthread_create`.
    package static func start(_ body: @escaping () -> Void) -> Bool {
        // The thread takes over the reference.
        let context = unsafe Unmanaged.passRetained(Body(body))
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        unsafe pthread_attr_setstacksize(&attributes, stack)
        let status = unsafe pthread_create(
            &thread, &attributes,
            { context in
                if let context = unsafe context {
                    unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                }
                return nil
            }, context.toOpaque())
        unsafe pthread_attr_destroy(&attributes)
        guard status == 0 else {
            unsafe context.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
