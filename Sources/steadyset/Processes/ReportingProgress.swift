internal import Datasets
internal import Documents
internal import Fields
internal import Foundation

/// Passes on how a run is going, and has its page written after each stage, by `steadyset-report`
/// in a process of its own, beside the next stage. A page that fails is a warning.
final class ReportingProgress: Reporter {
    private let other: any Reporter
    private let program: CompanionProgram?
    private let dataset: String
    private var writing: Process?
    private var hasFailed = false

    init(_ other: any Reporter, dataset: String) {
        (self.other, self.dataset) = (other, dataset)
        program = CompanionProgram("report")
        CompanionProgram.nameOwnProgram()
        if program == nil { fail(CompanionProgram.missing("report") ?? "") }
    }

    /// Has the page written a last time, and waits for it.
    func finish() {
        settle()
        write(isLast: true)
        settle()
    }

    private func write(isLast: Bool) {
        // A page that is not done yet is followed by one after the next stage, or by the last.
        guard let program else { return }
        if let writing, ReportingProgress.ending(of: writing, waits: false) == nil { return }
        settle()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program.path)
        process.arguments = ["--quiet"] + (isLast ? [] : ["--live"]) + ["--", dataset]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = Pipe()
        do { try process.run() } catch { return fail("\(error.localizedDescription)") }
        writing = process
    }

    /// Waits for the page that is being written.
    private func settle() {
        guard let process = writing else { return }
        writing = nil
        let said = (process.standardError as? Pipe)?.fileHandleForReading.readDataToEndOfFile()
        let status = ReportingProgress.ending(of: process, waits: true) ?? 0
        guard status != 0 else { return }
        let lines = String(decoding: said ?? Data(), as: UTF8.self).split(separator: "\n")
        fail(lines.last.map(String.init) ?? "it ended with status \(status)")
    }

    /// How a process ended; nil while it runs, unless this `waits`.
    ///
    /// The corresponding C function is `waitid`. Foundation hears of an end on a thread of its own,
    /// and now and then it does not: then it says for ever that the process is running.
    private static func ending(of process: Process, waits: Bool) -> Int32? {
        var end = unsafe siginfo_t()
        let number = id_t(process.processIdentifier)
        let options = WEXITED | WNOWAIT | (waits ? 0 : WNOHANG)
        while unsafe waitid(P_PID, number, &end, options) != 0 {
            guard errno == EINTR else {
                // Foundation has heard of it.
                process.waitUntilExit()
                return process.terminationStatus
            }
        }
        guard unsafe end.si_signo == SIGCHLD else { return nil }
        #if canImport(Darwin)
            return unsafe end.si_status
        #else
            return unsafe end._sifields._sigchld.si_status
        #endif
    }

    /// Says once why there is no page.
    private func fail(_ reason: String) {
        if !hasFailed { other.warned("the report was not written: \(reason)") }
        hasFailed = true
    }

    func hear(_ event: RunEvent) {
        other.hear(event)
        if case .ended(_, _, _, _, _, skipped: false) = event { write(isLast: false) }
    }
}
