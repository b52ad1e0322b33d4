internal import Foundation
internal import Shards
internal import Synchronization

/// An advisory lock on a file, released when it is dropped or the process ends, however it ends.
///
/// Where the file system has no such locks (`flock`), files beside it say who holds it: see
/// `LockFile`.
package final class FileLock {
    /// What holds it.
    private enum Hold {
        case descriptor(Int32)
        case file(LockFile)
    }

    private let hold: Hold

    /// Takes the lock, without waiting.
    ///
    /// - Throws: `DatasetError` of kind `.inUse` where another process holds it, `holder` says
    ///   what is in use. Nothing is left then.
    ///
    /// The corresponding C function is `flock`.
    package init(_ path: String, shared: Bool, holder: String) throws {
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
        // Others of the group may be those who write next.
        var descriptor = unsafe open(path, flags | O_CREAT | O_EXCL, 0o666)
        let isNew = descriptor >= 0
        if !isNew, errno == EEXIST { descriptor = unsafe open(path, flags | O_CREAT, 0o666) }
        guard descriptor >= 0 else {
            throw DatasetError(ShardsError(errno: errno, "open", path: path))
        }
        var status = flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB)
        while status != 0, errno == EINTR {
            status = flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB)
        }
        let code = status == 0 ? 0 : errno
        if code == 0 || (Locks.isUnsupported(code) && Locks.areOptional) {
            hold = .descriptor(descriptor)
            return
        }
        close(descriptor)
        if code == EWOULDBLOCK { throw LockFile.inUse(holder, nil) }
        if isNew { AtomicFile.remove(path) }
        guard Locks.isUnsupported(code) else {
            throw DatasetError(ShardsError(errno: code, "lock", path: path))
        }
        hold = .file(try LockFile(path, shared: shared, holder: holder))
    }

    deinit {
        switch hold {
        case .descriptor(let number): close(number)
        case .file(let file): file.withdraw()
        }
    }

    /// The file beside its own that says who holds it; nil where the system has locks.
    package var file: String? { if case .file(let file) = hold { file.path } else { nil } }

    /// Gives it up, and leaves no file beside its own. A second time nothing happens to a lock by a
    /// file; one of the system is not given up before it is dropped.
    package func withdraw() { if case .file(let file) = hold { file.withdraw() } }
}

/// Whether work may go on where the file system has no locks: for the whole process.
public enum Locks {
    private static let optional = Atomic<Bool>(false)

    /// From now on a file system without locks is written to without one. Where there are locks,
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
