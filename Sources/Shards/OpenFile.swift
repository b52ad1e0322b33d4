#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// An open file descriptor, closed when its owner goes away.
package struct OpenFile: ~Copyable {
    /// The file's path, for messages.
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Opens a regular file for reading; `followingLinks` says whether its last component may be a symbolic link.
    ///
    /// The corresponding C functions are `open` and `fstat`.
    package static func reading(_ path: String, followingLinks: Bool = true) throws(ShardsError) -> OpenFile {
        guard !path.utf8.contains(0) else {
            throw ShardsError(.notFound, "a path may not contain a NUL character", path: path)
        }
        // O_NONBLOCK: opening a named pipe must not wait for its writer; it has no effect on a regular file.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW)
        let descriptor = unsafe open(path, flags)
        guard descriptor >= 0 else {
            if errno == ELOOP, !followingLinks {
                throw ShardsError(
                    .unsafePath, "is a symbolic link, and only a regular file is accepted here", path: path)
            }
            if errno == EACCES || errno == EPERM {
                throw ShardsError(
                    .unreadable, "cannot open \(path): permission denied; check its permissions", path: path)
            }
            throw ShardsError(errno: errno, "open", path: path)
        }
        let file = OpenFile(path: path, descriptor: descriptor)
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw ShardsError(.unreadable, "is not a regular file", path: path)
        }
        return file
    }

    /// Creates or empties a file for writing; a symbolic link in its place is refused.
    ///
    /// The corresponding C function is `open`.
    static func writing(_ path: String) throws(ShardsError) -> OpenFile {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw ShardsError(errno: errno, "create", path: path) }
        return OpenFile(path: path, descriptor: descriptor)
    }

    /// Opens an existing file or folder only to synchronise it.
    ///
    /// The corresponding C function is `open`.
    static func syncing(_ path: String) throws(ShardsError) -> OpenFile {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ShardsError(errno: errno, "open", path: path) }
        return OpenFile(path: path, descriptor: descriptor)
    }

    deinit { _ = close(descriptor) }

    private func status() throws(ShardsError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw ShardsError(errno: errno, "inspect", path: path) }
        return status
    }

    /// The file's size in bytes.
    func size() throws(ShardsError) -> Int { Int(try status().st_size) }

    /// Fills `buffer` from the current position and returns the number of bytes read, 0 at the end of the file.
    ///
    /// The corresponding C function is `read`.
    func fill(_ buffer: inout [UInt8]) throws(ShardsError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { return count }
            guard errno == EINTR else { throw ShardsError(errno: errno, "read", path: path) }
        }
    }

    /// The descriptor, for reads at places of their own; it lives as long as this owner.
    var number: Int32 { descriptor }

    /// Fills `bytes` from `offset` on of the file that `descriptor` is of; fewer bytes are an error.
    ///
    /// The corresponding C function is `pread`.
    static func fill(
        _ descriptor: Int32, at offset: UInt64, into bytes: inout [UInt8], path: String
    ) throws(ShardsError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                return unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            }
            if count > 0 {
                done += count
            } else if count == 0 {
                throw ShardsError(.corrupt, "\(path) ended while it was read: leave it alone and run again", path: path)
            } else if errno != EINTR {
                throw ShardsError(errno: errno, "read", path: path)
            }
        }
    }

    /// Reads the whole file, refused before anything is allocated where it has more than `maximumBytes`.
    package func readAll(maximumBytes: Int) throws(ShardsError) -> [UInt8] {
        let expected = try size()
        guard expected <= maximumBytes else {
            throw ShardsError(.tooLarge, "has \(expected) bytes; at most \(maximumBytes) are accepted here", path: path)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected)
        var buffer = [UInt8](repeating: 0, count: min(max(expected + 1, 1), 1 << 20))
        // The file may grow while it is read: the bound holds for what arrives, not for what was announced.
        while true {
            let count = try fill(&buffer)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= maximumBytes else {
                throw ShardsError(.tooLarge, "grew beyond the \(maximumBytes) bytes that are accepted here", path: path)
            }
        }
    }

    /// Writes all of `bytes` at the current position.
    ///
    /// The corresponding C function is `write`.
    func append(_ bytes: [UInt8]) throws(ShardsError) { try put(bytes, from: nil) }

    /// Writes all of `bytes` at the beginning; the position stays.
    ///
    /// The corresponding C function is `pwrite`.
    func overwrite(_ bytes: [UInt8]) throws(ShardsError) { try put(bytes, from: 0) }

    private func put(_ bytes: [UInt8], from start: off_t?) throws(ShardsError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                guard let start else { return unsafe write(descriptor, rest.baseAddress, rest.count) }
                return unsafe pwrite(descriptor, rest.baseAddress, rest.count, start + off_t(done))
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw ShardsError(errno: errno, "write", path: path)
            }
        }
    }

    /// Waits until everything written is on the disk.
    ///
    /// The corresponding C function is `fsync`.
    func synchronise() throws(ShardsError) {
        guard fsync(descriptor) == 0 else {
            // Some file systems cannot synchronise a folder; they say so with EINVAL, and there is nothing to wait for.
            if errno == EINVAL { return }
            throw ShardsError(errno: errno, "synchronise", path: path)
        }
    }
}
