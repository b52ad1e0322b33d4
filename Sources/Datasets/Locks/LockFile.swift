internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Shards

/// A lock by files alone, for file systems that have no other: NFS without its lock daemon, Lustre
/// without `-o flock`, some FUSE.
///
/// Who holds `PATH` alone has the file `PATH.held`, which only one can create (`O_EXCL`); who
/// shares it has `PATH.held-` with a number of its own. Each creates its file first and looks for
/// others then, so of two at least one sees the other, and gives way. A holder renews the time of
/// its file. One whose process is gone from this machine, or that was not renewed for `lease`
/// seconds of the file server's clock, holds nothing any more: its file is removed.
package final class LockFile {
    /// Seconds after which a file that was not renewed is nobody's: many times the pause between
    /// two renewals, so that neither a slow file server nor a short absence loses a lock.
    static let lease = 600.0
    /// Milliseconds between two renewals.
    private static let pause: Int32 = 30_000

    /// The file.
    package let path: String
    private let descriptor: Int32
    private var heartbeat: Heartbeat?

    /// Takes the lock on `target`.
    ///
    /// - Throws: `DatasetError` of kind `.inUse` where another process holds it; `.cannotCreate`
    ///   where no file can be created.
    init(_ target: String, shared: Bool, holder: String) throws {
        let whole = "\(target).held"
        let own = SampleID(bits: .random(in: 0...UInt64.max)).description
        path = shared ? "\(whole)-\(own)" : whole
        var found = LockFile.create(path)
        if found == nil, errno == EEXIST {
            try LockFile.refuse(whole, holder: holder)
            found = LockFile.create(path)
            if found == nil, errno == EEXIST { throw LockFile.inUse(holder, nil) }
        }
        guard let descriptor = found else {
            throw DatasetError(ShardsError(errno: errno, "create", path: path))
        }
        self.descriptor = descriptor
        do {
            for other in try LockFile.others(whole, shared: shared) where other != path {
                try LockFile.refuse(other, holder: holder)
            }
        } catch {
            withdraw()
            throw error
        }
        let path = path
        heartbeat = Heartbeat(every: LockFile.pause) {
            if !LockFile.renew(descriptor, path) {
                Interruption.stop(
                    "\(holder): its lock \(path) was taken away, as by another process that did "
                        + "not hear of this one for \(Words.duration(LockFile.lease)): finished "
                        + "parts are kept; run the same command again when the other has ended")
            }
        }
        guard heartbeat != nil else {
            withdraw()
            throw DatasetError(
                .cannotCreate,
                "\(holder): its file system has no locks, and this machine no thread to renew a "
                    + "lock file: raise the number of processes (ulimit -u), or pass --no-lock and "
                    + "see to it that nothing else writes there")
        }
    }

    deinit {
        withdraw()
        close(descriptor)
    }

    /// Removes the file, unless it is another's by now.
    func withdraw() {
        heartbeat = nil
        var there = stat()
        if unsafe stat(path, &there) == 0,
            LockFile.identity(there) == LockFile.identity(descriptor)
        {
            AtomicFile.remove(path)
        }
    }

    /// Renews the time of the file at `path`, which `descriptor` is of; false where it is that no
    /// more. A server that does not answer may answer later.
    ///
    /// The corresponding C function is `futimens`.
    package static func renew(_ descriptor: Int32, _ path: String) -> Bool {
        guard futimens(descriptor, nil) == 0 || errno == ESTALE else { return true }
        var there = stat()
        guard unsafe stat(path, &there) == 0 else { return errno != ENOENT }
        return identity(there) == identity(descriptor)
    }

    /// What is said where `holder` is in use, by `process` where that is known.
    static func inUse(_ holder: String, _ process: WorkerProcess?, file: String? = nil)
        -> DatasetError
    {
        let who = process?.text ?? "another process"
        let file =
            file.map {
                "; where that has ended without a word, the lock \($0) ends by itself "
                    + "\(Words.duration(lease)) after"
            } ?? ""
        return DatasetError(
            .inUse,
            "\(holder) is in use by \(who): wait until it ends, or choose another folder\(file)")
    }

    /// Creates a file that says who this is; nil, with `errno`, where that fails.
    ///
    /// The corresponding C function is `open`, with O_EXCL.
    private static func create(_ path: String) -> Int32? {
        let number = unsafe open(
            path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard number >= 0 else { return nil }
        let text = JSON.object(WorkerProcess.current.json).canonicalBytes
        // Who cannot write has a file that names nobody, and a lease all the same.
        _ = unsafe text.withUnsafeBytes { unsafe write(number, $0.baseAddress, $0.count) }
        return number
    }

    /// The files of others that may forbid it.
    private static func others(_ whole: String, shared: Bool) throws(DatasetError) -> [String] {
        let url = URL(literalPath: whole)
        let (folder, name) = (url.deletingLastPathComponent().path, url.lastPathComponent)
        return try PathEntry.names(in: folder).filter {
            shared
                ? $0 == name
                : $0.hasPrefix("\(name)-") && SampleID($0.dropFirst(name.count + 1)) != nil
        }.map { "\(folder)/\($0)" }
    }

    /// Throws where the file of another holds; removes one that does not any more.
    private static func refuse(_ path: String, holder: String) throws {
        var there = stat()
        guard unsafe stat(path, &there) == 0 else { return }
        let json = try? JSON.parse(file: path, maximumBytes: 1 << 12, followingLinks: false)
        let process = json.flatMap(WorkerProcess.init)
        guard process?.isAlive == false || age(of: there, beside: path) > lease else {
            throw inUse(holder, process, file: path)
        }
        // What is taken away must be what was looked at: another may have been faster.
        let aside = "\(path).gone-\(SampleID(bits: .random(in: 0...UInt64.max)))"
        guard unsafe rename(path, aside) == 0 else { return }
        var taken = stat()
        if unsafe stat(aside, &taken) == 0, identity(taken) != identity(there) {
            _ = unsafe link(aside, path)
            AtomicFile.remove(aside)
            throw inUse(holder, nil)
        }
        AtomicFile.remove(aside)
    }

    /// Seconds since a file was renewed, by the clock that gives times to new files beside it; 0
    /// where that cannot be found out.
    private static func age(of file: stat, beside path: String) -> Double {
        let probe = "\(path).now-\(SampleID(bits: .random(in: 0...UInt64.max)))"
        guard let number = create(probe) else { return 0 }
        defer {
            close(number)
            AtomicFile.remove(probe)
        }
        var now = stat()
        guard unsafe fstat(number, &now) == 0 else { return 0 }
        return seconds(now) - seconds(file)
    }

    private static func seconds(_ file: stat) -> Double {
        #if canImport(Darwin)
            let time = file.st_mtimespec
        #else
            let time = file.st_mtim
        #endif
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// What makes a file the same file.
    private static func identity(_ file: stat) -> [UInt64] {
        [UInt64(truncatingIfNeeded: file.st_dev), UInt64(truncatingIfNeeded: file.st_ino)]
    }

    private static func identity(_ descriptor: Int32) -> [UInt64] {
        var file = stat()
        return unsafe fstat(descriptor, &file) == 0 ? identity(file) : []
    }
}
