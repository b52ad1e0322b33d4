internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A process of this very program that reads a file which a C library must not be trusted with:
/// where it crashes, or does not come to an end, the file is at fault, and this process goes on.
///
/// Both talk through a pair of sockets; see `MessageSocket`.
final class ReaderProcess: Sendable {
    /// How the program is called to be such a process, without the file; nil where files are read
    /// in this one.
    static let command = Mutex<[String]?>(nil)

    /// The file.
    private let path: String
    private let socket: MessageSocket
    private let process: pid_t
    /// How the process ended, once that is known.
    private let ending = Mutex<String?>(nil)

    /// Seconds after which an answer is not waited for any longer.
    private static let patience = 120

    /// Starts `command` with `path` as its last argument.
    init(_ command: [String], path: String) throws(ShardsError) {
        func fail(_ number: Int32) -> ShardsError {
            ShardsError(errno: number, "start a process to read", path: path)
        }
        var ends: [Int32] = [-1, -1]
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw fail(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var wait = timeval(tv_sec: ReaderProcess.patience, tv_usec: 0)
        _ = unsafe setsockopt(
            ends[0], SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))

        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // A crash is expected, and said by this process: no back trace of it.
        let variables = [
            "SWIFT_BACKTRACE=enable=no", "PATH=/usr/bin:/bin",
            "LD_LIBRARY_PATH=\(ReaderProcess.libraries)",
        ]
        var number: pid_t = 0
        let status = unsafe ReaderProcess.withPointers(command + [path]) { arguments in
            unsafe ReaderProcess.withPointers(variables) { environment in
                unsafe posix_spawn(&number, command[0], &actions, nil, arguments, environment)
            }
        }
        unsafe posix_spawn_file_actions_destroy(&actions)
        _ = close(ends[1])
        guard status == 0 else {
            _ = close(ends[0])
            throw fail(status)
        }
        (self.path, socket, process) = (path, MessageSocket(ends[0]), number)
    }

    deinit {
        _ = close(socket.descriptor)
        _ = finish()
    }

    /// Sends a message and returns the answer.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the process ended, or does not answer.
    func ask(_ message: [UInt8]) throws(ShardsError) -> [UInt8] {
        guard socket.send(message) else { throw failure() }
        return try answer()
    }

    /// Returns the next message of the process.
    func answer() throws(ShardsError) -> [UInt8] {
        guard let message = socket.receive() else { throw failure() }
        return message
    }

    private func failure() -> ShardsError {
        ShardsError(
            .corrupt,
            "\(path) cannot be read: the HDF5 library \(finish()) over it; the file is damaged, "
                + "or was made to do so: write it again", path: path)
    }

    /// Ends the process and returns how it ended.
    private func finish() -> String {
        ending.withLock { ending in
            if let ending { return ending }
            // One that is ending by itself, or waits for a message that cannot come, ends within
            // moments.
            var status: Int32 = 0
            var found: pid_t = 0
            for attempt in 0..<200 where found == 0 {
                found = unsafe waitpid(process, &status, WNOHANG)
                if found == 0, attempt < 199 { usleep(5_000) }
            }
            let isSlow = found == 0
            if isSlow {
                _ = kill(process, SIGKILL)
                _ = unsafe waitpid(process, &status, 0)
            }
            let signal = status & 0x7F
            let words =
                isSlow
                ? "did not come to an end" : signal == 0 ? "gave up" : "crashed (signal \(signal))"
            ending = words
            return words
        }
    }

    /// Where the dynamic linker looks for libraries beside its own places.
    private static var libraries: String {
        unsafe getenv("LD_LIBRARY_PATH").map { unsafe String(cString: $0) } ?? ""
    }

    private static func withPointers<Result>(
        _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            // Never empty: the end mark is there.
            guard let start = buffer.baseAddress else {
                preconditionFailure("a buffer of at least one has an address")
            }
            return unsafe body(UnsafePointer(start))
        }
    }
}
