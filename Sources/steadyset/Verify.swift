internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline
internal import Verification

struct Verify: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a dataset, or one stage of it: schemas, digests, every chunk, and the "
            + "laws of its subsets.",
        discussion: "Ends with status 0 where everything is sound, with 1 where something is not.",
        examples: [
            "steadyset verify quickstart --resolve 10",
            "steadyset verify quickstart/pack --json",
        ])

    @Argument(
        help: "The dataset's folder, DATASET@VERSION, or a stage's folder in it.",
        completion: .directory)
    var path: String

    @Option(help: "Solve this many samples again, chosen at random, and compare them bit by bit.")
    var resolve = 0

    @Option(help: "Seed of that choice.")
    var seed: UInt32 = 0

    @OptionGroup var parallelism: ThreadsOption

    @OptionGroup var observation: ObservationOptions

    @Flag(help: "Write the result as JSON.")
    var json = false

    func validate() throws {
        if resolve < 0 { throw ValidationError("--resolve must be 0 or more, not \(resolve)") }
    }

    func run() throws {
        let line = ProgressLine()
        let verifier = try Verifier(path: path, threads: parallelism.threads) {
            line.advanced("verify \($0.rawValue)", $1, of: $2)
        }
        let report = try verifier.verify(resolve: resolve, seed: seed)
        Terminal.clear()
        if json {
            let result = JSON.object([
                "sound": .bool(report.findings.isEmpty),
                "stages": .array(report.stages.map { .string($0.rawValue) }),
                "versions": .integer(report.versions), "files": .integer(report.files),
                "samples": .integer(report.samples),
                "resolved": .integer(report.resolved),
                "findings": .array(report.findings.map(JSON.string)),
            ])
            Terminal.write(result.canonicalText + "\n")
        } else {
            for finding in report.findings {
                Terminal.write("WRONG  \(ForeignText.bounded(finding))\n")
            }
            let stages = report.stages.map(\.rawValue).joined(separator: ", ")
            let versions =
                report.versions == 0
                ? ""
                : ", \(report.versions) version\(report.versions == 1 ? "" : "s")"
            Terminal.write(
                "\(report.findings.isEmpty ? "sound" : "NOT sound"): \(stages)\(versions); "
                    + "\(report.files) files, \(report.samples) samples decoded, "
                    + "\(report.resolved) solved again, \(report.findings.count) findings\n")
        }
        guard report.findings.isEmpty else { throw ExitCode(ExitStatus.damage.rawValue) }
    }
}
