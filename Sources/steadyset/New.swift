internal import ArgumentParser
internal import Pipeline

struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Write a pipeline file to begin with, which says what each of its keys means.",
        discussion: """
            On a terminal, and without options, it asks for what pipelines differ in. The file is \
            checked before it is written. Every other key stands in it with its default.
            """,
        examples: [
            "steadyset new",
            "steadyset new small.yaml --lattice 128 --strata 1-5 --samples 1000",
            "steadyset new rings.yaml --like curation",
        ])

    @Argument(help: "The file to write; '-' for standard output.")
    var file = "pipeline.yaml"

    @OptionGroup var options: NewPipelineOptions

    @Option(
        help: ArgumentHelp(
            "Write a pipeline that comes with the program, as it is.", valueName: "name"),
        completion: .list(ShippedPipelines.names))
    var like: String?

    @Flag(help: "Write over a file that is there.")
    var replace = false

    func validate() throws {
        if like != nil, !options.isEmpty {
            throw ValidationError("--like takes a pipeline as it is: change the file afterwards")
        }
    }

    func run() throws {
        if let like { return try copy(ShippedPipelines.text(of: like)) }
        let isAsking = options.isEmpty && Terminal.canAsk
        if file != "-" { try NewPipeline.check(place: file, replace: replace) }
        let wanted = isAsking ? try Questions().newPipeline() : options.values
        let pipeline = try NewPipeline(wanted)
        guard file != "-" else { return Terminal.write(try pipeline.text(for: file)) }
        try pipeline.write(to: file, replace: replace)
        Terminal.write(
            "\(file): \(wanted.samples) samples on \(wanted.lattice[0]) × \(wanted.lattice[1]) "
                + "sites; make them with: steadyset run \(file) -o \(NewPipeline.name(of: file))\n")
    }

    private func copy(_ text: String) throws {
        guard file != "-" else { return Terminal.write(text) }
        try NewPipeline.write(text, to: file, replace: replace)
        Terminal.write(
            "\(file): make its samples with: steadyset run \(file) -o "
                + "\(NewPipeline.name(of: file))\n")
    }
}
