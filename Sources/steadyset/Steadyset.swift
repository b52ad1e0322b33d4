internal import ArgumentParser
internal import CLaunch
internal import Datasets
internal import Foundation
internal import Pipeline

/// The command: one file per subcommand; what they do is in the module Pipeline.
///
/// Every subcommand says its name: to find it from the type would take a third of the time in which
/// the program starts.
@main
struct Steadyset: ParsableCommand {
    private static var statuses: String {
        ExitStatus.allCases.map { "  \(pad($0.rawValue)) \($0.meaning)" }.joined(separator: "\n")
    }

    private static var companions: String {
        CompanionProgram.known.map { name, what in
            "  \(name)\(String(repeating: " ", count: 9 - name.count))\(what.shows): "
                + what.install
        }.joined(separator: "\n")
    }

    static let configuration = CommandConfiguration(
        commandName: "steadyset",
        abstract: "Build, version and verify datasets of steady-state diffusion fields, and train "
            + "models on them.",
        discussion: """
            A pipeline file describes a dataset; 'run' makes it, stage by stage:

              sample   configurations drawn from a seed, or your own (--from FILE.jsonl)
              solve    certified steady states, by multigrid
              split    training, validation and test parts, nested subsets
              pack     HDF5 shards that h5py and others read
              train    a model, where the pipeline has 'train'
              evaluate its errors, by number of sources and region
              resample rounds: what the model is weak at joins the dataset, as a version, where \
              the pipeline has 'rounds'

            Each stage writes a folder of the dataset that ends with manifest.json. \
            The same pipeline gives the same manifest ids on any machine; an \
            interrupted run continues where it stopped.

            Programs called steadyset-NAME, beside this one or on the PATH, are subcommands too:

            \(companions)

            Examples:
              steadyset run quickstart.yaml -o quickstart
              steadyset show quickstart
              steadyset help run

            EXIT STATUS
            \(statuses)
            """,
        version: "steadyset \(Version.words)",
        subcommands: [
            New.self, Run.self, Sample.self, Solve.self, Split.self, Pack.self, Unpack.self,
            Train.self, Evaluate.self, Resample.self, Predict.self, Certify.self, Log.self,
            Diff.self, Tag.self, GC.self, Verify.self, Show.self, Status.self, Export.self,
            Bench.self,
            Doctor.self, Plan.self, Step.self, ReadPredictions.self, ServeEngine.self,
        ])

    /// Parses and runs, and turns every error into one message and one documented status.
    static func main() {
        launch_end()
        Terminal.openDescriptors()
        Terminal.hearOfLargeFiles()
        do {
            do {
                let commands = configuration.subcommands.map { $0.configuration }
                try CompanionProgram.run(
                    CommandLine.arguments.dropFirst(),
                    unless: ["help"] + commands.compactMap { $0.commandName },
                    shown: ["help"]
                        + commands.filter { $0.shouldDisplay }.compactMap { $0.commandName })
                var command = try parseAsRoot()
                FileServer.use()
                if let command = command as? any ObservableCommand {
                    try Observation.begin(command)
                }
                try command.run()
            } catch {
                // --help and --version.
                guard exitCode(for: error) == .success else { throw error }
                let message = fullMessage(for: error)
                if !message.isEmpty { Terminal.write(message + "\n") }
            }
            try Terminal.finish()
            Observation.end(ExitStatus.success.rawValue)
        } catch {
            // ArgumentParser's own: wrong usage (its status for that is 64 too), and the status of
            // verify.
            let code = exitCode(for: error)
            if error is ExitCode {
                Observation.end(code.rawValue)
                exit(withError: error)
            }
            if code == .validationFailure {
                Terminal.note(fullMessage(for: error) + "\n")
                Foundation.exit(code.rawValue)
            }
            let failure = PipelineError(error)
            let status = ExitStatus(failure.kind).rawValue
            Observation.end(status, failure.message)
            Terminal.fail(failure.message, status: status)
        }
    }

    private static func pad(_ number: Int32) -> String {
        let text = String(number)
        return String(repeating: " ", count: 3 - text.count) + text
    }
}
