#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension ShardsError {
    /// Turns an `errno` of the operating system into an error.
    ///
    /// - Parameters:
    ///   - number: the value of `errno`, read right after the call that failed.
    ///   - action: what was tried, as an infinitive: "write", "open".
    ///   - path: the file concerned.
    public init(errno number: Int32, _ action: String, path: String) {
        let reason = unsafe String(cString: strerror(number))
        switch number {
        case EFBIG:
            self.init(
                .noSpace,
                "cannot \(action) \(path): \(reason); raise the largest size of a file that is "
                    + "allowed (ulimit -f) and run the same command again", path: path)
        case EMFILE, ENFILE:
            self.init(
                .io,
                "cannot \(action) \(path): \(reason); raise the number of files that may be open "
                    + "(ulimit -n)", path: path)
        case EDQUOT:
            self.init(
                .noSpace,
                "cannot \(action) \(path): your quota on its file system is used up (\(reason)); "
                    + "remove files of yours or ask for more ('quota -s', or the file system's own "
                    + "command, shows it), and run the same command again", path: path)
        case ENOSPC:
            self.init(
                .noSpace,
                "cannot \(action) \(path): \(reason); free some space and run the same command "
                    + "again", path: path)
        case EROFS:
            self.init(
                .readOnly,
                "cannot \(action) \(path): its file system is mounted for reading only; choose "
                    + "another place, or have it mounted for writing", path: path)
        case EACCES, EPERM:
            self.init(
                .readOnly,
                "cannot \(action) \(path): \(reason); check who owns it and its permissions",
                path: path)
        case ENOENT, ENOTDIR:
            self.init(.notFound, "cannot \(action) \(path): \(reason); check the path", path: path)
        default: self.init(.io, "cannot \(action) \(path): \(reason)", path: path)
        }
    }

    /// The error of reading the file or folder `path`: one that may not be read is an input that
    /// cannot be read, not an output that cannot be written.
    static func reading(errno number: Int32, _ action: String, path: String) -> ShardsError {
        let error = ShardsError(errno: number, action, path: path)
        return error.code == .readOnly ? ShardsError(.unreadable, error.message, path: path) : error
    }
}
