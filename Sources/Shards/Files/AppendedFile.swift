#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A file that grows by whole lines at its end, also by those of other processes between.
///
/// Each line is one write (O_APPEND), which a local file system keeps whole; a network file system
/// may not, where several machines write.
package final class AppendedFile {
    private let path: String
    private let descriptor: Int32
    /// Whether the last line was cut off, as by a full disk, so that the next begins on a new one.
    private var isCut = false

    /// Opens the file, and creates it where there is none; a pipe that nobody reads is refused.
    ///
    /// The corresponding C function is `open`.
    ///
    /// - Throws: `ShardsError` where it cannot be written.
    package init(_ path: String) throws(ShardsError) {
        self.path = path
        try OpenFile.check(path)
        descriptor = unsafe open(
            path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else { throw ShardsError(errno: errno, "open", path: path) }
        // Whoever reads a pipe slowly is waited for.
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Appends `line` and a line feed.
    ///
    /// The corresponding C function is `write`.
    package func append(_ line: [UInt8]) throws(ShardsError) {
        let bytes = (isCut ? [10] : []) + line + [10]
        var count = -1
        repeat {
            count = unsafe bytes.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress, $0.count)
            }
        } while count < 0 && errno == EINTR
        guard count == bytes.count else {
            let number = count < 0 ? errno : ENOSPC
            isCut = isCut || count > 0
            throw ShardsError(errno: number, "write", path: path)
        }
        isCut = false
    }
}
