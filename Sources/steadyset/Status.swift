internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Foundation

struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what goes on in a dataset's folder, what is done, and how work ended.",
        discussion: """
            Looks without a lock, from any terminal or machine that sees the folder, and leaves no \
            trace. Ends with status 0 where work goes on or has ended well, and where nothing is \
            known of any; with \(ExitStatus.damage.rawValue) where the last work failed, was \
            interrupted, ended without a word, or is silent.
            """,
        examples: [
            "steadyset status quickstart",
            "steadyset status quickstart --watch",
            "steadyset status quickstart --json",
        ])

    @Argument(help: "The dataset's folder.", completion: .directory)
    var path: String

    @Flag(help: "Go on until the work ends: redrawn on a terminal, else a line now and then.")
    var watch = false

    @Flag(help: "Write it as JSON; with --watch a line each time that something has changed.")
    var json = false

    /// Seconds between two looks, and between two lines where nothing is redrawn.
    private static let pause = (look: 1.0, line: 10.0)

    func run() throws {
        var status = try FolderStatus(path)
        if watch {
            var (screen, interval) = (Screen(), Interval())
            while status.isWorking {
                if json {
                    screen.line(status.json.canonicalText)
                } else if Terminal.canRedrawOutput {
                    screen.redraw(status.text)
                } else if interval.isDue(every: Status.pause.line) {
                    screen.line(status.line)
                }
                Thread.sleep(forTimeInterval: Status.pause.look)
                status = try FolderStatus(path, earlier: status)
            }
            screen.clear()
        }
        Terminal.write(json ? status.json.canonicalText + "\n" : status.text)
        if status.isWrong { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}

/// What was written so far.
private struct Screen {
    private var last = ""
    private var lines = 0

    /// Writes a line that is another than the last.
    mutating func line(_ text: String) {
        if text != last { Terminal.write(text + "\n") }
        last = text
    }

    /// Writes lines over those that were written so before.
    mutating func redraw(_ text: String) {
        Terminal.redraw(text, over: lines)
        lines = text.split(separator: "\n", omittingEmptySubsequences: true).count
    }

    /// Clears those lines.
    func clear() { if lines > 0 { Terminal.redraw("", over: lines) } }
}
