internal import Documents

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Resolves the relative paths that manifests name. Manifests are untrusted: one must not make us
/// read `/etc/shadow`.
public enum SafePath {
    /// Returns the path of the regular file `relative` inside the folder `root`.
    ///
    /// Refused are empty and absolute paths, the components "", "." and "..", backslashes, NUL,
    /// control characters, components of more than 255 bytes, and every folder below `root` that is
    /// a symbolic link. `root` itself is trusted. The file itself may be a link to a regular file,
    /// wherever that is: caches of downloads, git-annex and DVC keep files so. Such a path is for
    /// reading alone.
    ///
    /// - Parameter followingLink: whether the file itself may be a link.
    /// - Throws: `ShardsError` with code `.unsafePath` for those, `.notFound` or `.unreadable` for
    ///   a file that is missing or not regular; the message names the component.
    public static func resolve(_ relative: String, in root: String, followingLink: Bool = true)
        throws(ShardsError) -> String
    {
        let components = try check(relative)
        // openat() holds each folder open, so swapping one for a link between two steps gains
        // nothing.
        var folder = unsafe open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw ShardsError.reading(errno: errno, "open", path: root) }
        defer { _ = close(folder) }
        for (position, component) in components.enumerated() {
            let last = position == components.count - 1
            if last, followingLink {
                // Looked at before it is opened: to open a device may do something.
                var target = stat()
                if unsafe fstatat(folder, component, &target, 0) == 0,
                    target.st_mode & S_IFMT != S_IFREG
                {
                    throw ShardsError(
                        .unreadable, "'\(relative)' is not a regular file",
                        path: "\(root)/\(relative)")
                }
            }
            let flags =
                O_RDONLY | O_CLOEXEC | O_NONBLOCK | (last && followingLink ? 0 : O_NOFOLLOW)
                | (last ? 0 : O_DIRECTORY)
            let next = unsafe openat(folder, component, flags)
            guard next >= 0 else {
                throw failure(
                    errno, component, of: relative, in: root, folder: folder,
                    mayBeLink: last && followingLink)
            }
            _ = close(folder)
            folder = next
        }
        var status = stat()
        guard unsafe fstat(folder, &status) == 0 else {
            throw ShardsError(errno: errno, "inspect", path: relative)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ShardsError(
                .unreadable, "'\(relative)' is not a regular file", path: "\(root)/\(relative)")
        }
        return "\(root)/\(relative)"
    }

    /// Returns the path of `relative` below `folder`, for what is written there: a name from a
    /// document must not lead out of the output.
    ///
    /// - Throws: `ShardsError` with code `.unsafePath`, as `check(_:)`. Folders on the way are the
    ///   caller's own.
    public static func below(_ folder: String, _ relative: String) throws(ShardsError) -> String {
        try check(relative)
        return "\(folder)/\(relative)"
    }

    /// Checks that `name` is a plain file name, as stages give their files: 1 to 255 letters,
    /// digits, '.', '_' and '-', the first a letter or a digit. Such a name means the same on every
    /// system.
    public static func check(name: String) throws(ShardsError) {
        try check(name)
        func isWord(_ byte: UInt8) -> Bool {
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        }
        guard name.utf8.first.map(isWord) == true,
            name.utf8.allSatisfy({ isWord($0) || [45, 46, 95].contains($0) })
        else {
            throw ShardsError(
                .unsafePath,
                "the path '\(name.shortened)' is no plain file name: a stage's files lie in its "
                    + "own folder, and are named by letters, digits, '.', '_' and '-'")
        }
    }

    /// Checks the text of a relative path, without looking at the disk, and returns its components.
    @discardableResult public static func check(_ relative: String) throws(ShardsError) -> [String]
    {
        func refuse(_ reason: String) -> ShardsError {
            ShardsError(
                .unsafePath,
                "the path '\(relative.shortened)' \(reason): manifests may only name files inside "
                    + "their dataset folder")
        }
        guard !relative.isEmpty else { throw refuse("is empty") }
        guard relative.utf8.count <= 4096 else {
            throw ShardsError(
                .unsafePath,
                "a path has \(relative.utf8.count) bytes, at most 4096 are accepted")
        }
        guard !relative.utf8.contains(0) else { throw refuse("contains a NUL character") }
        guard !relative.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            throw refuse("contains a control character")
        }
        guard relative.utf8.first != UInt8(ascii: "/") else { throw refuse("is absolute") }
        guard !relative.utf8.contains(UInt8(ascii: "\\")) else {
            throw refuse("contains a backslash")
        }
        // Split by bytes: a combining mark after a slash would hide it from a split by characters.
        let components = relative.utf8.split(
            separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
        ).map { String(Substring($0)) }
        for component in components {
            guard !component.isEmpty else { throw refuse("has an empty component") }
            guard component != ".", component != ".." else {
                throw refuse("has the component '\(component)'")
            }
            guard component.utf8.count <= 255 else {
                throw refuse("has a component of more than 255 bytes")
            }
        }
        return components
    }

    private static func failure(
        _ number: Int32, _ component: String, of relative: String, in root: String, folder: Int32,
        mayBeLink: Bool
    ) -> ShardsError {
        var status = stat()
        let found = unsafe fstatat(folder, component, &status, AT_SYMLINK_NOFOLLOW) == 0
        let path = "\(root)/\(relative)"
        if found, status.st_mode & S_IFMT == S_IFLNK, mayBeLink {
            guard number == ENOENT || number == ENOTDIR else {
                return ShardsError(errno: number, "open the link", path: path)
            }
            return ShardsError(
                .notFound,
                "\(path) is a symbolic link to a file that is not here: have it fetched by what "
                    + "made the link, such as 'git annex get' or 'dvc pull'", path: path)
        }
        if found, status.st_mode & S_IFMT == S_IFLNK {
            return ShardsError(
                .unsafePath,
                "'\(component)' in '\(relative)' is a symbolic link: manifests may only name "
                    + "files inside their dataset folder", path: path)
        }
        if found, number == ENOTDIR {
            return ShardsError(
                .notFound, "'\(component)' in '\(relative)' is not a folder", path: path)
        }
        return ShardsError.reading(errno: number, "open '\(component)' of", path: path)
    }
}
