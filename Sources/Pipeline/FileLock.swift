internal import Foundation
internal import Shards

/// An advisory lock on a file, released when it is dropped or the process ends, however it ends.
final class FileLock {
    private let descriptor: Int32

    /// Takes the lock, without waiting.
    ///
    /// - Throws: `PipelineError` with status `.inUse` where another process holds it; `holder` says what is in use.
    ///
    /// The corresponding C function is `flock`.
    init(_ path: String, shared: Bool, holder: String) throws {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw PipelineError(ShardsError(errno: errno, "open", path: path)) }
        guard flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw PipelineError(ShardsError(errno: code, "lock", path: path)) }
            throw PipelineError(
                .inUse, "\(holder) is in use by another process: wait until it ends, or choose another folder")
        }
    }

    deinit { close(descriptor) }
}
