import Fields
import Foundation

/// Standard output and standard error. Whatever others wrote reaches neither as it is: see `ForeignText`.
enum Terminal {
    /// Whether standard error is a terminal that can redraw a line.
    static var isInteractive: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Writes to standard output; ends quietly where the reader has gone.
    static func write(_ text: String) { put(ForeignText.printable(text), STDOUT_FILENO) }

    /// Writes to standard error.
    static func note(_ text: String) { put(ForeignText.printable(text), STDERR_FILENO) }

    /// Writes a line over the one that was written so before, on a terminal; it does not wrap, as a line that is longer than a
    /// narrow terminal could not be redrawn.
    static func redraw(_ line: String) {
        put("\r\u{1B}[K\u{1B}[?7l\(ForeignText.printable(line))\u{1B}[?7h", STDERR_FILENO)
    }

    /// Clears the line that was written so, on a terminal.
    static func clear() { if isInteractive { put("\r\u{1B}[K", STDERR_FILENO) } }

    /// Says why and ends the process.
    static func fail(_ message: String, status: Int32) -> Never {
        clear()
        note("steadyset: error: \(ForeignText.bounded(message))\n")
        exit(status)
    }

    private static func put(_ text: String, _ descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            bytes = bytes.dropFirst(count)
        }
    }
}
