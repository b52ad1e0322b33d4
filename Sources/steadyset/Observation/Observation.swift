internal import ArgumentParser
internal import Datasets
internal import Synchronization

/// Who hears of the command that this process runs: the terminal, the progress file of the folder
/// that it works in, its log and its metrics. All that it has guards itself.
final class Observation: @unchecked Sendable {
    private let command: String
    private let log: EventLog?
    private let metrics: MetricsFile?

    /// The one of this process; before a command is known it has no log.
    private static let current = Mutex<Observation?>(nil)

    /// Opens the files that `options` name.
    ///
    /// - Throws: `DatasetError` where one cannot be written: better now than after a night's work.
    private init(_ command: String, _ options: ObservationOptions?) throws(DatasetError) {
        self.command = command
        log =
            if let path = options?.log {
                try EventLog(path, command: command) { TextProgress().hear(.warned($0)) }
            } else { nil }
        metrics =
            if let path = options?.metrics {
                try MetricsFile(path, command: command) { TextProgress().hear(.warned($0)) }
            } else { nil }
        log?.begin(release: Release.version)
    }

    /// Begins to follow `command`.
    static func begin(_ command: any ObservableCommand) throws {
        let name = type(of: command).configuration.commandName ?? ""
        let observation = try Observation(name, command.observation)
        current.withLock { $0 = observation }
    }

    /// Who hears of the work, beside `first`, which talks to the user.
    static func reporter(_ first: any Reporter) -> any Reporter {
        guard let observation = current.withLock({ $0 }) else { return first }
        let progress = ProgressFile(command: observation.command) {
            TextProgress().hear(.warned($0))
        }
        let others: [(any Reporter)?] = [progress, observation.log, observation.metrics]
        // Files first: a terminal that nobody reads holds up the work.
        return Reporters(others.compactMap { $0 } + [first])
    }

    /// The same for a command that says events as JSON Lines where `json` is set.
    static func reporter(json: Bool) -> any Reporter {
        reporter(json ? JSONProgress() : TextProgress())
    }

    /// Tells the files how the command ended; afterwards they hear of nothing.
    static func end(_ status: Int32, _ message: String? = nil) {
        guard let observation = current.withLock({ $0.take() }) else { return }
        observation.log?.end(status: status, message: message)
        observation.metrics?.end(status: status)
    }
}
