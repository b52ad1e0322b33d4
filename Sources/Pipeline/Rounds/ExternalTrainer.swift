internal import Foundation
internal import Shards

/// A program of the user's own that trains and scores in the place of `train` and `evaluate`: a command for `/bin/sh` and the
/// time that it may take. What it gets and gives are files; environment variables say where.
public struct ExternalTrainer: Hashable, Sendable {
    /// The command line.
    public let command: String
    /// Seconds that it may take.
    public let timeLimit: Double

    /// Seconds that it may take unless the pipeline says otherwise.
    static let defaultTimeLimit = 3600.0
    /// Seconds that it gets to end after it was told to.
    private static let grace = 5.0

    /// Runs the command and waits for it.
    ///
    /// It is the head of a process group, all of which ends with it: by SIGTERM, and after five seconds by SIGKILL.
    ///
    /// - Parameters:
    ///   - variables: Added to the environment.
    ///   - folder: Where it works.
    ///   - log: Gets what it prints, anew.
    /// - Throws: `PipelineError` where it cannot be started, ends with another status than 0, or takes too long; and where
    ///   this program is interrupted meanwhile.
    func run(_ variables: [String: String], in folder: String, log: String) throws {
        try AtomicFile.write([], to: log)
        guard let output = FileHandle(forWritingAtPath: log) else {
            throw PipelineError(.io, "\(log): cannot be written")
        }
        defer { try? output.close() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = URL(literalPath: folder, isDirectory: true)
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let began = Date()
        do {
            try process.run()
        } catch {
            throw PipelineError(.software, "the trainer cannot be started: \(error.localizedDescription)")
        }
        let group = process.processIdentifier
        // What is left of the group goes with the command, however that ended.
        defer { kill(-group, SIGKILL) }
        while process.isRunning {
            do {
                try Interruption.check()
                guard Date().timeIntervalSince(began) < timeLimit else {
                    throw PipelineError(
                        .trainer,
                        "the trainer took longer than \(Words.duration(timeLimit)) and was ended: raise rounds.trainer.time_limit, "
                            + "or look into \(log)")
                }
            } catch {
                ExternalTrainer.end(process)
                throw error
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        guard process.terminationReason == .exit, process.terminationStatus == 0 else {
            let how =
                process.terminationReason == .exit
                ? "ended with status \(process.terminationStatus)" : "was killed by signal \(process.terminationStatus)"
            throw PipelineError(
                .trainer, "the trainer \(how); its output is in \(log)\(ExternalTrainer.tail(of: log))")
        }
    }

    /// Ends the command and all that it started.
    private static func end(_ process: Process) {
        kill(-process.processIdentifier, SIGTERM)
        let asked = Date()
        while process.isRunning, Date().timeIntervalSince(asked) < grace { Thread.sleep(forTimeInterval: 0.02) }
        kill(-process.processIdentifier, SIGKILL)
        while process.isRunning { Thread.sleep(forTimeInterval: 0.02) }
    }

    /// The last line of a log, as the end of a message.
    private static func tail(of log: String) -> String {
        guard let file = FileHandle(forReadingAtPath: log), let end = try? file.seekToEnd(),
            (try? file.seek(toOffset: end > 4096 ? end - 4096 : 0)) != nil, let data = try? file.readToEnd(),
            let line = data.split(separator: 10).last(where: { !$0.allSatisfy { $0 == 32 } })
        else { return "" }
        return ", at its end: \(String(decoding: line, as: UTF8.self).prefix(300))"
    }
}
