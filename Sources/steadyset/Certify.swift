internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline

struct Certify: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certify",
        abstract: "Bring predicted fields within a given error, and prove it for each.",
        discussion: """
            Answers for every sample 'within', with a certified bound on its largest error, or \
            repairs the field with as many multigrid cycles as it takes. Writes the fields, with \
            /id (u64) and /y (f32; samples, rows, columns), to OUTPUT, and the answers beside it, \
            with the ending .csv. Where no cycle helps the field is NaN, the answer is 'failed', \
            and the exit status is \(ExitStatus.uncertified.rawValue).
            """,
        examples: ["steadyset certify --data dataset --model trained --tolerance 1e-4 -o y.h5"])

    @OptionGroup var subject: SubjectOptions

    @Option(help: "Largest |field − exact| that is accepted, anywhere on the lattice.")
    var tolerance: Double

    @Option(name: [.short, .long], help: "The HDF5 file of fields to write.")
    var output: String

    @Flag(help: "Write over files that are there.")
    var replace = false

    @OptionGroup var parallelism: ThreadsOption

    @Flag(help: "Write the summary as JSON.")
    var json = false

    @OptionGroup var observation: ObservationOptions

    func validate() throws {
        if output.isEmpty { throw ValidationError("--output needs a file's name") }
        if output.hasSuffix(".csv") {
            throw ValidationError("--output is the HDF5 file: the answers get the ending .csv")
        }
    }

    func run() throws {
        var options = CertificationCommand.Options(tolerance: tolerance, output: output)
        (options.data, options.from, options.selection) = (
            subject.data, subject.from, subject.selection
        )
        (options.models, options.predictions) = (subject.model, subject.predictions)
        options.threads = parallelism.threads
        options.replace = replace
        let report = try CertificationCommand(
            options, reporter: Observation.reporter(TextProgress())
        ).run()
        Terminal.write(json ? report.json.canonicalText + "\n" : report.text)
        if report.failed > 0 { throw ExitCode(ExitStatus.uncertified.rawValue) }
    }
}
