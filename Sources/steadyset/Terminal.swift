import Foundation

/// Standard output and standard error.
enum Terminal {
    /// Whether standard error is a terminal that can redraw a line.
    static var isInteractive: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Writes to standard output; ends quietly where the reader has gone.
    static func write(_ text: String) { put(text, STDOUT_FILENO) }

    /// Writes to standard error.
    static func note(_ text: String) { put(text, STDERR_FILENO) }

    /// Says why and ends the process.
    static func fail(_ message: String, status: Int32) -> Never {
        note("\(isInteractive ? "\r\u{1B}[K" : "")steadyset: error: \(message)\n")
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
