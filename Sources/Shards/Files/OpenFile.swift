internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// An open file, closed when its owner goes away. Who has written to it calls `close()`, which may
/// find a write that failed.
package struct OpenFile: ~Copyable {
    /// The file's path, for messages.
    let path: String
    private let owner: Descriptor
    private var descriptor: Int32 { owner.number }

    private init(path: String, descriptor: Int32) {
        self.path = path
        owner = Descriptor(number: descriptor)
    }

    /// Owns the number of an open file.
    private final class Descriptor: Sendable {
        let number: Int32
        private let isOpen = Atomic<Bool>(true)

        init(number: Int32) { self.number = number }

        deinit { _ = close() }

        /// Closes it; returns `errno`, or 0. Interrupted, it has been closed all the same.
        ///
        /// The corresponding C function is `close`.
        func close() -> Int32 {
            guard isOpen.exchange(false, ordering: .acquiringAndReleasing) else { return 0 }
            #if canImport(Glibc)
                let status = Glibc.close(number)
            #elseif canImport(Musl)
                let status = Musl.close(number)
            #else
                let status = Darwin.close(number)
            #endif
            return status == 0 || errno == EINTR ? 0 : errno
        }
    }

    /// Closes the file, and throws what only closing finds: network file systems write then.
    consuming func close() throws(ShardsError) {
        let number = owner.close()
        guard number == 0 else { throw ShardsError(errno: number, "complete", path: path) }
    }

    /// Throws where the system would see the beginning of `path` alone.
    static func check(_ path: String) throws(ShardsError) {
        guard !path.utf8.contains(0) else {
            throw ShardsError(.notFound, "a path may not contain a NUL character", path: path)
        }
    }

    /// Opens a regular file for reading; `followingLinks` says whether its last component may be a
    /// symbolic link.
    ///
    /// The corresponding C functions are `open` and `fstat`.
    package static func reading(_ path: String, followingLinks: Bool = true) throws(ShardsError)
        -> OpenFile
    {
        try check(path)
        // Looked at before it is opened: to open a device may do something.
        var there = stat()
        if unsafe stat(path, &there) == 0, there.st_mode & S_IFMT != S_IFREG {
            throw ShardsError(.unreadable, "is not a regular file", path: path)
        }
        // O_NONBLOCK: opening a named pipe must not wait for its writer; it has no effect on a
        // regular file.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (followingLinks ? 0 : O_NOFOLLOW)
        let descriptor = unsafe open(path, flags)
        guard descriptor >= 0 else {
            if errno == ELOOP, !followingLinks {
                throw ShardsError(
                    .unsafePath, "is a symbolic link, and only a regular file is accepted here",
                    path: path)
            }
            throw ShardsError.reading(errno: errno, "open", path: path)
        }
        let file = OpenFile(path: path, descriptor: descriptor)
        guard try file.status().st_mode & S_IFMT == S_IFREG else {
            throw ShardsError(.unreadable, "is not a regular file", path: path)
        }
        return file
    }

    /// Creates a file for writing, and for reading what was written; nothing may be there, nor a
    /// symbolic link.
    ///
    /// The corresponding C function is `open`.
    static func creating(_ path: String) throws(ShardsError) -> OpenFile {
        let descriptor = unsafe open(
            path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
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

    private func status() throws(ShardsError) -> stat {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw ShardsError(errno: errno, "inspect", path: path)
        }
        return status
    }

    /// The file's size in bytes.
    func size() throws(ShardsError) -> Int { Int(try status().st_size) }

    /// Fills `buffer` from the current position and returns the number of bytes read, 0 at the end
    /// of the file.
    ///
    /// The corresponding C function is `read`.
    func fill(_ buffer: inout [UInt8]) throws(ShardsError) -> Int {
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(descriptor, $0.baseAddress, $0.count)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw ShardsError(errno: errno, "read", path: path) }
        }
    }

    /// Reads the first `count` bytes, or all where there are fewer.
    package func start(_ count: Int) throws(ShardsError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var buffer = [UInt8](repeating: 0, count: count - bytes.count)
            let read = try fill(&buffer)
            if read == 0 { break }
            bytes += buffer[..<read]
        }
        return bytes
    }

    /// The descriptor, for reads at places of their own; it lives as long as this owner.
    var number: Int32 { descriptor }

    /// Fills `bytes` from `offset` on of the file that `descriptor` is of; fewer bytes are an
    /// error.
    ///
    /// The corresponding C function is `pread`.
    static func fill(
        _ descriptor: Int32, at offset: UInt64, into bytes: inout [UInt8], path: String
    ) throws(ShardsError) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { bytes in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[done...])
                return unsafe pread(
                    descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(done))
            }
            if count > 0 {
                done += count
            } else if count == 0 {
                throw ShardsError(
                    .corrupt, "\(path) ended while it was read: leave it alone and run again",
                    path: path)
            } else if errno != EINTR {
                throw ShardsError(errno: errno, "read", path: path)
            }
        }
    }

    /// Reads the whole file, refused before anything is allocated where it has more than
    /// `maximumBytes`.
    package func readAll(maximumBytes: Int) throws(ShardsError) -> [UInt8] {
        let expected = try size()
        guard expected <= maximumBytes else {
            throw ShardsError(
                .tooLarge, "has \(expected) bytes; at most \(maximumBytes) are accepted here",
                path: path)
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(expected)
        var buffer = [UInt8](repeating: 0, count: min(max(expected + 1, 1), 1 << 20))
        // The file may grow while it is read: the bound holds for what arrives, not for what was
        // announced.
        while true {
            let count = try fill(&buffer)
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= maximumBytes else {
                throw ShardsError(
                    .tooLarge, "grew beyond the \(maximumBytes) bytes that are accepted here",
                    path: path)
            }
        }
    }

    /// Fills `buffer` from `start` on and returns the number of bytes read, fewer only at the end
    /// of the file.
    ///
    /// The corresponding C function is `pread`.
    func fill(_ buffer: UnsafeMutableRawBufferPointer, from start: Int) throws(ShardsError) -> Int {
        var done = 0
        while done < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(start + done))
            if count == 0 { break }
            if count > 0 {
                done += count
            } else if errno != EINTR {
                throw ShardsError(errno: errno, "read", path: path)
            }
        }
        return done
    }

    /// Writes all of `bytes` from `start` on.
    ///
    /// The corresponding C function is `pwrite`.
    func put(_ bytes: UnsafeRawBufferPointer, at start: Int) throws(ShardsError) {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(start + done))
            if count > 0 {
                done += count
            } else if count == 0 || errno != EINTR {
                throw ShardsError(errno: count == 0 ? ENOSPC : errno, "write", path: path)
            }
        }
    }

    /// Writes all of `bytes` from `start` on.
    func put(_ bytes: [UInt8], at start: Int) throws(ShardsError) {
        var failure: ShardsError?
        unsafe bytes.withUnsafeBytes { bytes in
            do throws(ShardsError) { unsafe try put(bytes, at: start) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Makes the file `count` bytes long. The corresponding C function is `ftruncate`.
    func truncate(to count: Int) throws(ShardsError) {
        while ftruncate(descriptor, off_t(count)) != 0 {
            guard errno == EINTR else {
                throw ShardsError(errno: errno, "set the size of", path: path)
            }
        }
    }

    /// Waits until everything written is on the disk.
    ///
    /// The corresponding C function is `fsync`.
    func synchronise() throws(ShardsError) {
        while fsync(descriptor) != 0 {
            let number = errno
            if number == EINTR { continue }
            // Some file systems cannot synchronise a folder; they say so with EINVAL, and there is
            // nothing to wait for.
            if number == EINVAL, try status().st_mode & S_IFMT == S_IFDIR { return }
            throw ShardsError(errno: number, "synchronise", path: path)
        }
    }
}
