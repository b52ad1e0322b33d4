internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Shards

/// A program of the user's own that trains and scores in the place of `train` and `evaluate`: a
/// command for `/bin/sh` and the time that it may take. What it gets and gives are files;
/// environment variables say where.
public struct ExternalTrainer: Hashable, Sendable {
    /// The command line; without NUL characters.
    public let command: String
    /// Seconds that it may take.
    public let timeLimit: Double

    /// How long it gets to end after it was told to.
    private static let grace = Duration.seconds(5)
    /// How often is looked whether it has ended.
    private static let pause = 0.02
    /// Bytes at the end of a log among which the last line is looked for.
    private static let tail: UInt64 = 4096

    /// Reads the block `rounds.trainer` of a pipeline with all its members.
    init(json: JSON) throws(PipelineError) {
        let members = try JSONMembers<PipelineError>(
            json, of: "rounds.trainer", required: ["command", "time_limit"])
        command = try members.string("command")
        timeLimit = try members.double("time_limit")
        guard !command.unicodeScalars.contains("\0") else {
            throw PipelineError(.data, "holds a NUL character, where a command ends")
        }
    }

    /// Runs the command and waits for it.
    ///
    /// It is the head of a process group, all of which ends with it: by SIGTERM, and after five
    /// seconds by SIGKILL. Processes in groups of their own, which daemons are, are neither waited
    /// for nor ended.
    ///
    /// - Parameters:
    ///   - environment: All of its environment.
    ///   - folder: Where it works.
    ///   - log: Gets what it prints, anew.
    /// - Throws: `PipelineError` where it cannot be started, ends with another status than 0, or
    ///   takes too long; and where this program is interrupted meanwhile.
    func run(_ environment: [String: String], in folder: String, log: String) throws {
        // A new file: what an earlier call left running goes on to write to its own.
        try AtomicFile.write([], to: log)
        let output = unsafe open(log, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        guard output >= 0 else { throw PipelineError(ShardsError(errno: errno, "open", path: log)) }
        defer { close(output) }
        let process = try ShellProcess(
            command, environment: environment, folder: folder, output: output)
        let ending = try wait(for: process, log)
        guard ending != .status(0) else { return }
        throw PipelineError(
            .trainer,
            "the trainer \(ExternalTrainer.words(ending)); its output is in "
                + "\(log)\(ExternalTrainer.lastLine(of: log))")
    }

    /// Waits for the command itself; ends all of its group where it takes too long.
    private func wait(for process: ShellProcess, _ log: String) throws -> ShellProcess.Ending {
        let began = ContinuousClock.now
        while true {
            if let ending = try process.ending() { return ending }
            do {
                try Interruption.check()
                guard began.duration(to: .now) < .seconds(timeLimit) else {
                    throw PipelineError(
                        .trainer,
                        "the trainer took longer than \(Words.duration(timeLimit)) and was ended: "
                            + "raise rounds.trainer.time_limit, or look into \(log)")
                }
            } catch {
                process.end(within: ExternalTrainer.grace)
                throw error
            }
            Thread.sleep(forTimeInterval: ExternalTrainer.pause)
        }
    }

    /// The names of the signals that end programs.
    private static let signals = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL",
        SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE",
        SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1", SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2",
        SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU",
        SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
    ]

    /// How a command ended, in words.
    private static func words(_ ending: ShellProcess.Ending) -> String {
        switch ending {
        case .signal(let number):
            return "was killed by signal \(number)" + (signals[number].map { " (\($0))" } ?? "")
        case .status(let status):
            // So a shell tells what became of its own commands.
            let what =
                signals[status - 128].map {
                    ", which a shell returns where \($0) ended its command"
                } ?? ""
            return "ended with status \(status)\(what)"
        }
    }

    /// The last line of a log that has something on it, as the end of a message.
    private static func lastLine(of log: String) -> String {
        guard let file = FileHandle(forReadingAtPath: log), let end = try? file.seekToEnd(),
            (try? file.seek(toOffset: end > tail ? end - tail : 0)) != nil,
            let data = try? file.read(upToCount: Int(tail)),
            // Bars that show progress return to the beginning of their line.
            let line = data.split(whereSeparator: { $0 == 10 || $0 == 13 }).last(where: {
                !$0.allSatisfy { $0 <= 32 }
            })
        else { return "" }
        return ", at its end: \(ForeignText.excerpt(bytes: ArraySlice(line), limit: 300))"
    }
}
