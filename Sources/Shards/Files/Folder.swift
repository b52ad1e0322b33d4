#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Folders that are there even after the power fails.
package enum Folder {
    /// Creates a folder and those above it; the folder that holds a new one is synchronised.
    ///
    /// The corresponding C function is `mkdir`.
    ///
    /// - Returns: those that were not there, each after the one that it is in.
    @discardableResult package static func create(_ path: String) throws(ShardsError) -> [String] {
        var missing: [String] = []
        var place = path
        while !place.isEmpty, !exists(place) {
            missing.append(place)
            guard let slash = place.lastIndex(of: "/") else { break }
            place = String(place[..<slash])
        }
        var created: [String] = []
        for folder in missing.reversed() where !folder.hasSuffix("/") {
            if unsafe mkdir(folder, 0o777) != 0 {
                let number = errno
                // Somebody else may have created it since.
                guard number == EEXIST, exists(folder) else {
                    remove(created)
                    guard number == EEXIST || number == ENOTDIR else {
                        throw ShardsError(errno: number, "create the folder", path: folder)
                    }
                    throw ShardsError(
                        .readOnly,
                        "cannot create the folder \(folder): a file is there, or on the way; "
                            + "choose another place", path: folder)
                }
                continue
            }
            created.append(folder)
            do { try AtomicFile.synchroniseFolder(of: folder) } catch {
                remove(created)
                throw error
            }
        }
        return created
    }

    /// Removes folders that `create` made, as far as they are empty. The corresponding C function
    /// is `rmdir`.
    package static func remove(_ created: [String]) {
        for folder in created.reversed() { _ = unsafe rmdir(folder) }
    }

    /// Whether `path` is a folder.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
