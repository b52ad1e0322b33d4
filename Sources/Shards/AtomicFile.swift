#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Files that appear under their name only when they are complete and on the disk.
///
/// The content goes to a temporary file in the same folder, which is synchronised and renamed over the target; then the
/// folder is synchronised. A reader sees the old content or the new, never a part.
public enum AtomicFile {
    /// The path of the temporary file for `target`: `.name.tmp` in the same folder.
    ///
    /// It depends on nothing but the target, so what a killed run left behind is overwritten by the next.
    public static func temporary(for target: String) -> String {
        let (folder, name) = split(target)
        return "\(folder)/.\(name).tmp"
    }

    /// Writes `bytes` as the file `target`, replacing what was there.
    ///
    /// - Throws: `ShardsError`; the target is then as it was, and no temporary file is left.
    public static func write(_ bytes: [UInt8], to target: String) throws(ShardsError) {
        let writer = try Writer(target)
        try writer.append(bytes)
        try writer.commit()
    }

    /// Writes a file piece by piece; it appears as `target` when it is committed. Dropped before, it leaves nothing.
    package final class Writer {
        private let target: String
        private let file: OpenFile
        private var isOpen = true

        /// Begins the file `target`.
        package init(_ target: String) throws(ShardsError) {
            self.target = target
            AtomicFile.remove(AtomicFile.temporary(for: target))
            file = try OpenFile.writing(AtomicFile.temporary(for: target))
        }

        deinit { if isOpen { AtomicFile.remove(AtomicFile.temporary(for: target)) } }

        /// Appends `bytes`.
        package func append(_ bytes: [UInt8]) throws(ShardsError) { try file.append(bytes) }

        /// Replaces the file's first bytes, which were appended before.
        package func replaceStart(with bytes: [UInt8]) throws(ShardsError) { try file.overwrite(bytes) }

        /// Makes the file appear, replacing what was there; it is complete and on the disk.
        package func commit() throws(ShardsError) {
            try file.synchronise()
            isOpen = false
            try AtomicFile.publish(AtomicFile.temporary(for: target), as: target)
        }
    }

    /// Makes a file that another writer completed appear as `target`, in the same folder or at least the same disk.
    ///
    /// - Throws: `ShardsError`; the temporary file is then removed.
    public static func commit(temporary path: String, as target: String) throws(ShardsError) {
        do {
            try OpenFile.syncing(path).synchronise()
        } catch {
            remove(path)
            throw error
        }
        try publish(path, as: target)
    }

    /// Removes a file if it exists; says nothing where that fails, as the callers are cleaning up after an error.
    ///
    /// The corresponding C function is `unlink`.
    package static func remove(_ path: String) { _ = unsafe unlink(path) }

    /// Renames and synchronises the folder. The corresponding C function is `rename`.
    fileprivate static func publish(_ path: String, as target: String) throws(ShardsError) {
        guard unsafe rename(path, target) == 0 else {
            let error = ShardsError(errno: errno, "rename \(path) to", path: target)
            remove(path)
            throw error
        }
        try OpenFile.syncing(split(target).folder).synchronise()
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        let folder = path[..<slash]
        return (folder.isEmpty ? "/." : String(folder), String(path[path.index(after: slash)...]))
    }
}
