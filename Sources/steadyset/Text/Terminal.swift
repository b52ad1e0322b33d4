internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Pipeline
internal import Synchronization

/// Standard output and standard error. Whatever others wrote reaches neither as it is: see
/// `ForeignText`.
enum Terminal {
    /// The `errno` of the first write to standard output that failed, or 0.
    private static let failure = Atomic<Int32>(0)

    /// Whether standard error is a terminal that can redraw a line.
    static var isInteractive: Bool {
        isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Whether somebody sits there who can be asked.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    /// The colours of words that people look for; eight that every terminal has.
    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
    }

    /// Whether a stream is a terminal with colours, and nobody asked for none: `NO_COLOR`, of any
    /// value but the empty one (no-color.org).
    private static func hasColours(_ descriptor: Int32) -> Bool {
        let variables = ProcessInfo.processInfo.environment
        return isatty(descriptor) == 1 && (variables["NO_COLOR"] ?? "").isEmpty
            && variables["TERM"].map { $0 != "dumb" && !$0.isEmpty } ?? false
    }

    /// The text as the stream may have it.
    private static func shown(_ text: String, _ colour: Colour?, _ descriptor: Int32) -> String {
        let text = ForeignText.printable(text)
        guard let colour, hasColours(descriptor) else { return text }
        return "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m"
    }

    /// Opens those of standard input, output and error that are closed, as `/dev/null`: files of
    /// the program's own would get their numbers, and its messages stand in them. Must run before
    /// any file is opened.
    ///
    /// The corresponding C functions are `fcntl` and `open`, which takes the least number that is
    /// free.
    static func openDescriptors() {
        for number in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(number, F_GETFD) == -1 {
            _ = unsafe open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }

    /// Makes a write beyond the largest size of a file that is allowed (`ulimit -f`) an error like
    /// others, not the end of the process. A handler, not SIG_IGN, so that programs which this one
    /// starts have the system's way again.
    static func hearOfLargeFiles() { _ = signal(SIGXFSZ) { _ in } }

    /// Writes to standard output; says nothing where the reader has gone. What else fails is kept
    /// for `finish()`.
    static func write(_ text: String, in colour: Colour? = nil) {
        guard failure.load(ordering: .relaxed) == 0,
            let number = put(shown(text, colour, STDOUT_FILENO), STDOUT_FILENO)
        else {
            return
        }
        failure.store(number, ordering: .relaxed)
    }

    /// Closes standard output.
    ///
    /// - Throws: `PipelineError` of kind `.io` where something that was written to it is lost.
    static func finish() throws {
        var number = failure.load(ordering: .relaxed)
        // Some file systems only write now.
        if close(STDOUT_FILENO) != 0, number == 0, ![EBADF, EINTR].contains(errno) {
            number = errno
        }
        guard number != 0, number != EPIPE else { return }
        let reason = unsafe String(cString: strerror(number))
        throw PipelineError(
            .io,
            "cannot write to standard output: \(reason); what was done is kept, so run the same "
                + "command again")
    }

    /// Writes to standard error.
    static func note(_ text: String, in colour: Colour? = nil) {
        _ = put(shown(text, colour, STDERR_FILENO), STDERR_FILENO)
    }

    /// Writes a line over the one that was written so before, on a terminal; it does not wrap, as a
    /// line that is longer than a narrow terminal could not be redrawn.
    static func redraw(_ line: String) {
        _ = put("\r\u{1B}[K\u{1B}[?7l\(ForeignText.printable(line))\u{1B}[?7h", STDERR_FILENO)
    }

    /// Whether standard output is a terminal on which lines can be redrawn.
    static var canRedrawOutput: Bool {
        let term = ProcessInfo.processInfo.environment["TERM"] ?? ""
        return isatty(STDOUT_FILENO) == 1 && !["dumb", ""].contains(term)
    }

    /// Writes lines to standard output over the `count` lines that were written so before; they do
    /// not wrap, as lines that are longer than a narrow terminal could not be redrawn.
    static func redraw(_ lines: String, over count: Int) {
        let back = count > 0 ? "\u{1B}[\(count)A" : ""
        let text = ForeignText.printable(lines)
        _ = put("\(back)\r\u{1B}[J\u{1B}[?7l\(text)\u{1B}[?7h", STDOUT_FILENO)
    }

    /// Clears the line that was written so, on a terminal.
    static func clear() { if isInteractive { _ = put("\r\u{1B}[K", STDERR_FILENO) } }

    /// Says why and ends the process.
    static func fail(_ message: String, status: Int32) -> Never {
        clear()
        note("steadyset: error:", in: .red)
        note(" \(ForeignText.bounded(message))\n")
        exit(status)
    }

    /// Returns `errno` where not everything could be written.
    private static func put(_ text: String, _ descriptor: Int32) -> Int32? {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Foundation.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    // Somebody made the pipe or terminal non-blocking: wait for room.
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = unsafe poll(&waiting, 1, -1)
                    continue
                }
                return errno
            }
            bytes = bytes.dropFirst(count)
        }
        return nil
    }
}
