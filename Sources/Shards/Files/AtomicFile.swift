internal import Fields

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Files that appear under their name only when they are complete and on the disk.
///
/// The content goes to a temporary file in the same folder, which is synchronised and renamed over
/// the target; then the folder is synchronised. A reader sees the old content or the new, never a
/// part.
public enum AtomicFile {
    /// The path of the temporary file for `target`: `.name.tmp` in the same folder.
    ///
    /// It depends on nothing but the target, so what a killed run left behind is overwritten by the
    /// next.
    public static func temporary(for target: String) -> String {
        let (folder, name) = split(target)
        return "\(folder)/.\(name).tmp"
    }

    /// Writes `bytes` as the file `target`, replacing what was there; returns their size and
    /// digest.
    ///
    /// - Throws: `ShardsError`; the target is then as it was, and no temporary file is left.
    @discardableResult public static func write(_ bytes: [UInt8], to target: String)
        throws(ShardsError) -> FileDigest
    {
        let writer = try Writer(target)
        try writer.append(bytes)
        return try writer.commit()
    }

    /// Writes `bytes` as the file `target`, replacing what was there, and waits for no disk: for
    /// what may be lost, or empty, when the power fails, such as where work stands.
    ///
    /// - Throws: `ShardsError`; the target is then as it was, and no temporary file is left.
    ///
    /// The corresponding C function is `rename`.
    package static func writeUnsynchronised(_ bytes: [UInt8], to target: String)
        throws(ShardsError)
    {
        let temporary = temporary(for: target)
        remove(temporary)
        do throws(ShardsError) {
            let file = try OpenFile.creating(temporary)
            try file.put(bytes, at: 0)
            try file.close()
            guard unsafe rename(temporary, target) == 0 else {
                throw ShardsError(errno: errno, "rename \(temporary) to", path: target)
            }
        } catch {
            remove(temporary)
            throw error
        }
    }

    /// Writes a file piece by piece; it appears as `target` when it is committed. Dropped before,
    /// it leaves nothing.
    package final class Writer {
        private let target: String
        private var file: OpenFile?
        /// Bytes that are in the file, and those that wait to be written.
        private var written = 0
        private var pending: [UInt8] = []
        /// The bytes that `commit` may replace, and the digest of those after them.
        private let start: [UInt8]
        private var hasher = Digest.Hasher()

        /// Pieces are gathered up to so many bytes.
        private static let gathered = 1 << 16

        /// Begins the file `target` with `start`, which `commit` may replace.
        package init(_ target: String, start: [UInt8] = []) throws(ShardsError) {
            self.target = target
            self.start = start
            AtomicFile.remove(AtomicFile.temporary(for: target))
            file = try OpenFile.creating(AtomicFile.temporary(for: target))
            pending = start
        }

        deinit { if file != nil { AtomicFile.remove(AtomicFile.temporary(for: target)) } }

        /// Appends `bytes`.
        package func append(_ bytes: [UInt8]) throws(ShardsError) {
            hasher.update(bytes)
            if pending.isEmpty, bytes.count >= Writer.gathered { return try put(bytes) }
            pending += bytes
            if pending.count >= Writer.gathered { try flush() }
        }

        private func flush() throws(ShardsError) {
            let bytes = pending
            pending.removeAll(keepingCapacity: true)
            try put(bytes)
        }

        private func put(_ bytes: [UInt8]) throws(ShardsError) {
            try file?.put(bytes, at: written)
            written += bytes.count
        }

        /// Makes the file appear, replacing what was there; it is complete and on the disk.
        ///
        /// - Parameter start: Replaces the bytes that the file began with; as many.
        /// - Returns: the size and the digest of what was appended, not of what a disk makes of it.
        @discardableResult package func commit(start replacement: [UInt8]? = nil)
            throws(ShardsError) -> FileDigest
        {
            let start = replacement ?? start
            precondition(
                start.count == self.start.count,
                "the start of a file is replaced by as many bytes")
            try flush()
            if replacement != nil { try file?.put(start, at: 0) }
            try file?.synchronise()
            let digest =
                start.isEmpty
                ? FileDigest(bytes: written, sha256: hasher.finish()) : try readBack(start)
            let temporary = AtomicFile.temporary(for: target)
            do { if let file = file.take() { try file.close() } } catch {
                AtomicFile.remove(temporary)
                throw error
            }
            try AtomicFile.publish(temporary, as: target)
            return digest
        }

        /// The digest of a file whose start was not known when the rest was written: what is read
        /// must be what was meant.
        private func readBack(_ start: [UInt8]) throws(ShardsError) -> FileDigest {
            let path = AtomicFile.temporary(for: target)
            let file = try OpenFile.reading(path, followingLinks: false)
            var (all, rest) = (Digest.Hasher(), Digest.Hasher())
            var buffer = [UInt8](repeating: 0, count: max(start.count, 1 << 20))
            var (place, isSame) = (0, true)
            while true {
                let count = try file.fill(&buffer)
                if count == 0 { break }
                let inStart = max(0, min(count, start.count - place))
                isSame =
                    isSame
                    && start[min(place, start.count)...].prefix(inStart).elementsEqual(
                        buffer[..<inStart])
                rest.update(Array(buffer[inStart..<count]))
                all.update(Array(buffer[..<count]))
                place += count
            }
            guard isSame, place == written, rest.finish() == hasher.finish() else {
                throw ShardsError(
                    .io, "\(path) is not what was written: the disk or the file system loses data",
                    path: path)
            }
            return FileDigest(bytes: place, sha256: all.finish())
        }
    }

    /// Makes a file that another writer completed appear as `target`, in the same folder or at
    /// least the same disk.
    ///
    /// - Throws: `ShardsError`; the temporary file is then removed.
    public static func commit(temporary path: String, as target: String) throws(ShardsError) {
        do { try OpenFile.syncing(path).synchronise() } catch {
            remove(path)
            throw error
        }
        try publish(path, as: target)
    }

    /// Makes the file at `path` appear as `target`, too, replacing what was there: two names of one
    /// file, whose bytes the disk holds once.
    ///
    /// The corresponding C function is `linkat`.
    ///
    /// - Returns: false where the file system has no second names, or no more for this file, or the
    ///   two are on different ones; nothing has changed then.
    package static func link(_ path: String, as target: String) throws(ShardsError) -> Bool {
        let temporary = temporary(for: target)
        remove(temporary)
        guard unsafe linkat(AT_FDCWD, path, AT_FDCWD, temporary, 0) == 0 else {
            let reason = errno
            if [EPERM, EMLINK, EXDEV, ENOTSUP, EOPNOTSUPP, ENOSYS, EACCES].contains(reason) {
                return false
            }
            throw ShardsError(errno: reason, "link \(path) to", path: target)
        }
        // Renaming a second name of a file over another of the same file would leave both.
        try publish(temporary, as: target)
        remove(temporary)
        return true
    }

    /// Removes a file if it exists; says nothing where that fails, as the callers are cleaning up
    /// after an error.
    ///
    /// The corresponding C function is `unlink`.
    package static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Takes a file back, for good: what says that work is done goes before the work changes, and
    /// must not come back when the power fails. Nothing happens where there is none.
    ///
    /// The corresponding C function is `unlink`.
    package static func withdraw(_ path: String) throws(ShardsError) {
        guard unsafe unlink(path) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw ShardsError(errno: errno, "remove", path: path)
            }
            return
        }
        try synchroniseFolder(of: path)
    }

    /// Renames and synchronises the folder. The corresponding C function is `rename`.
    fileprivate static func publish(_ path: String, as target: String) throws(ShardsError) {
        guard unsafe rename(path, target) == 0 else {
            let error = ShardsError(errno: errno, "rename \(path) to", path: target)
            remove(path)
            throw error
        }
        try synchroniseFolder(of: target)
    }

    /// Waits until the folder that holds `path` is on the disk with the names in it.
    static func synchroniseFolder(of path: String) throws(ShardsError) {
        try OpenFile.syncing(split(path).folder).synchronise()
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/." : String(folder), String(path[path.index(after: slash)...]))
    }
}
