internal import Foundation
internal import Shards
internal import Synchronization

/// An advisory lock on a file, released when it is dropped or the process ends, however it ends.
package final class FileLock {
    private let descriptor: Int32

    /// Takes the lock, without waiting.
    ///
    /// - Throws: `DatasetError` of kind `.inUse` where another process holds it, `holder` says
    ///   what is in use; `.cannotCreate` where the file system has no locks and `Locks.areOptional`
    ///   is not set. Nothing is left then.
    ///
    /// The corresponding C function is `flock`.
    package init(_ path: String, shared: Bool, holder: String) throws {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
        var number = unsafe open(path, flags | O_CREAT | O_EXCL, 0o644)
        let isNew = number >= 0
        if !isNew, errno == EEXIST { number = unsafe open(path, flags | O_CREAT, 0o644) }
        descriptor = number
        guard descriptor >= 0 else {
            throw DatasetError(ShardsError(errno: errno, "open", path: path))
        }
        var status = flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB)
        while status != 0, errno == EINTR {
            status = flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB)
        }
        guard status != 0 else { return }
        let code = errno
        if Locks.isUnsupported(code), Locks.areOptional { return }
        close(descriptor)
        if code == EWOULDBLOCK {
            throw DatasetError(
                .inUse,
                "\(holder) is in use by another process: wait until it ends, or choose another "
                    + "folder")
        }
        if isNew { AtomicFile.remove(path) }
        guard Locks.isUnsupported(code) else {
            throw DatasetError(ShardsError(errno: code, "lock", path: path))
        }
        let reason = unsafe String(cString: strerror(code))
        throw DatasetError(
            .cannotCreate,
            "\(holder): its file system has no locks (\(reason)), so another process that writes "
                + "there would not be noticed: choose another folder, or pass --no-lock and see "
                + "to it that nothing else writes there")
    }

    deinit { close(descriptor) }
}

/// Whether work may go on where the file system has no locks: for the whole process.
public enum Locks {
    private static let optional = Atomic<Bool>(false)

    /// From now on a file system without locks is written to all the same. Where there are locks,
    /// they are taken.
    public static func forgo() { optional.store(true, ordering: .relaxed) }

    package static var areOptional: Bool { optional.load(ordering: .relaxed) }

    /// Whether `flock` failed because there are no locks: NFS without its lock daemon, Lustre
    /// without `-o flock`, some FUSE.
    package static func isUnsupported(_ number: Int32) -> Bool {
        // 524 is Linux's own ENOTSUPP, which reaches programs though it should not.
        [ENOLCK, ENOSYS, EOPNOTSUPP, ENOTSUP, 524].contains(number)
    }
}
