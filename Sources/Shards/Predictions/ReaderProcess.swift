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
/// Both talk through a pair of sockets in messages: eight bytes of length, little-endian, then as
/// many bytes.
final class ReaderProcess: Sendable {
    /// How the program is called to be such a process, without the file; nil where files are read
    /// in this one.
    static let command = Mutex<[String]?>(nil)

    /// The file.
    private let path: String
    private let socket: Int32
    private let process: pid_t
    /// How the process ended, once that is known.
    private let ending = Mutex<String?>(nil)

    /// A longer answer is refused; a field has at most 64 MiB.
    private static let maximumMessage = 1 << 32
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
        (self.path, socket, process) = (path, ends[0], number)
    }

    deinit {
        _ = close(socket)
        _ = finish()
    }

    /// Sends a message and returns the answer.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the process ended, or does not answer.
    func ask(_ message: [UInt8]) throws(ShardsError) -> [UInt8] {
        guard ReaderProcess.send(message, to: socket) else { throw failure() }
        return try answer()
    }

    /// Returns the next message of the process.
    func answer() throws(ShardsError) -> [UInt8] {
        guard let message = ReaderProcess.receive(from: socket) else { throw failure() }
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

    /// Sends a message to the other end, or returns false where that is gone.
    static func send(_ message: [UInt8], to socket: Int32) -> Bool {
        let length = UInt64(message.count)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + message
        var done = 0
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe Self.write(socket, rest, flags)
            }
            if count > 0 { done += count } else if count == 0 || errno != EINTR { return false }
        }
        return true
    }

    private static func write(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, _ flags: Int32)
        -> Int
    {
        #if canImport(Glibc)
            unsafe Glibc.send(socket, bytes.baseAddress, bytes.count, flags)
        #elseif canImport(Musl)
            unsafe Musl.send(socket, bytes.baseAddress, bytes.count, flags)
        #else
            unsafe Darwin.send(socket, bytes.baseAddress, bytes.count, flags)
        #endif
    }

    /// Receives a message of the other end, or returns nil where that is gone, or silent for too
    /// long.
    static func receive(from socket: Int32) -> [UInt8]? {
        guard let head = receive(8, from: socket) else { return nil }
        let length = head.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return length <= maximumMessage ? receive(Int(length), from: socket) : nil
    }

    private static func receive(_ count: Int, from socket: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 20))
        while bytes.count < count {
            let wanted = min(buffer.count, count - bytes.count)
            let got = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(socket, $0.baseAddress, wanted, 0)
            }
            if got > 0 { bytes += buffer[..<got] } else if got == 0 || errno != EINTR { return nil }
        }
        return bytes
    }
}
