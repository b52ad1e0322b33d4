internal import ArgumentParser
internal import Datasets
internal import Documents
internal import Fields
internal import Pipeline

struct Run: ObservableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Make a dataset: every stage of a pipeline that is not done.",
        examples: [
            "steadyset run quickstart.yaml -o quickstart",
            "steadyset run train.yaml -o trained --until pack --dry-run",
        ])

    @OptionGroup var options: PipelineOptions
    var observation: ObservationOptions { options.observation }
    @OptionGroup var imported: ImportOptions
    @OptionGroup var codec: CodecOption

    @Option(help: "Stop after this stage.")
    var until: Stage?

    @Flag(help: "Only say what would be done; draws, but writes nothing.")
    var dryRun = false

    @Flag(help: "Begin although the disk will probably not hold all of it.")
    var ignoreSpace = false

    @Flag(help: "Write a page about it, report.html in its folder, after each stage.")
    var report = false

    func run() throws {
        let page =
            report && !dryRun
            ? ReportingProgress(
                options.json ? JSONProgress() : TextProgress(), dataset: options.output) : nil
        let commands = try options.commands(
            imported, codec: codec, ignoringSpace: ignoreSpace, reporter: page)
        guard dryRun else {
            defer { page?.finish() }
            return try commands.run(until: until)
        }
        let found = try commands.dryRun(until: until)
        if !found.forecast.isNothing {
            let event = found.forecast.json.merging(["event": .string("forecast")]) { $1 }
            Terminal.write(
                options.json ? JSON.object(event).canonicalText + "\n" : "\(found.forecast.text)\n")
        }
        for (step, isDone) in found.steps {
            if options.json {
                let line = JSON.object(["step": .string(step.id), "done": .bool(isDone)])
                Terminal.write(line.canonicalText + "\n")
            } else {
                Terminal.write("\(isDone ? "done   " : "to do  ")\(step.id)\n")
            }
        }
        if let refusal = found.refusal { throw refusal }
    }
}
