internal import Fields

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Messages over a connected socket: eight bytes of length, little-endian, then as many bytes.
package struct MessageSocket: Sendable {
    /// The socket; who opened it closes it.
    package let descriptor: Int32

    /// A longer message is refused.
    private let maximumBytes: Int

    /// Messages over the socket `descriptor`, of at most `maximumBytes`: a field has up to 64 MiB.
    package init(_ descriptor: Int32, maximumBytes: Int = 1 << 32) {
        (self.descriptor, self.maximumBytes) = (descriptor, maximumBytes)
    }

    /// Sends a message to the other end, or returns false where that is gone.
    package func send(_ message: [UInt8]) -> Bool {
        let bytes = UInt64(message.count).littleEndianBytes + message
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
                return unsafe write(rest)
            }
            if count > 0 { done += count } else if count == 0 || errno != EINTR { return false }
        }
        return true
    }

    /// Receives a message of the other end, or returns nil where that is gone, or silent for longer
    /// than the socket waits.
    package func receive() -> [UInt8]? {
        guard let head = receive(8) else { return nil }
        let length = head.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return length <= UInt64(maximumBytes) ? receive(Int(length)) : nil
    }

    /// Whether the other end is gone, as far as can be told without waiting.
    package var isClosed: Bool {
        var found = pollfd(fd: descriptor, events: MessageSocket.hangUp, revents: 0)
        return unsafe poll(&found, 1, 0) > 0
            && found.revents & (MessageSocket.hangUp | Int16(POLLHUP | POLLERR)) != 0
    }

    #if canImport(Darwin)
        private static let hangUp = Int16(POLLHUP)
    #else
        // POLLRDHUP, which is not imported.
        private static let hangUp: Int16 = 0x2000
    #endif

    private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.send(
                descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #elseif canImport(Musl)
            unsafe Musl.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
        #else
            unsafe Darwin.send(descriptor, bytes.baseAddress, bytes.count, 0)
        #endif
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: min(max(count, 1), 1 << 20))
        while bytes.count < count {
            let wanted = min(buffer.count, count - bytes.count)
            let got = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, wanted, 0)
            }
            if got > 0 { bytes += buffer[..<got] } else if got == 0 || errno != EINTR { return nil }
        }
        return bytes
    }
}
