#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Messages over a connected socket: four bytes of length, little-endian, then as many bytes.
package struct EngineSocket {
    private let descriptor: Int32

    /// A longer message is taken for the end of sense.
    static let maximumMessage = 64 << 20

    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
        // A client that is gone is seen where it is written to.
        _ = signal(SIGPIPE, SIG_IGN)
    }

    /// Returns the next message; nil where the client is gone, or sends none.
    package func receive() -> [UInt8]? {
        guard let head = receive(4) else { return nil }
        let length = head.reversed().reduce(0) { $0 << 8 | Int($1) }
        return length <= EngineSocket.maximumMessage ? receive(length) : nil
    }

    /// Whether the client is gone, as far as can be told without waiting.
    var isClosed: Bool {
        var found = pollfd(fd: descriptor, events: EngineSocket.hangUp, revents: 0)
        return unsafe poll(&found, 1, 0) > 0
            && found.revents & (EngineSocket.hangUp | Int16(POLLHUP | POLLERR)) != 0
    }

    #if canImport(Darwin)
        private static let hangUp = Int16(POLLHUP)
    #else
        // POLLRDHUP, which is not imported.
        private static let hangUp: Int16 = 0x2000
    #endif

    /// Sends a message; false where the client is gone.
    package func send(_ message: [UInt8]) -> Bool {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: message.count >> (8 * $0)) } + message
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe write(descriptor, rest.baseAddress, rest.count)
            }
            if count > 0 { done += count } else if count == 0 || errno != EINTR { return false }
        }
        return true
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var failed = false
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { out, done in
            while done < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(
                    UnsafeMutableBufferPointer(rebasing: out[done..<count]))
                let got = unsafe read(descriptor, rest.baseAddress, rest.count)
                if got > 0 { done += got } else if got == 0 || errno != EINTR { break }
            }
            failed = done < count
        }
        return failed ? nil : bytes
    }
}
