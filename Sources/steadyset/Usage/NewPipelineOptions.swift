internal import ArgumentParser
internal import Fields
internal import Learning
internal import Pipeline

/// What `new` takes: each is asked for on a terminal where none is given.
struct NewPipelineOptions: ParsableArguments {
    @Option(help: "Sites: 512, or 96x128 for rows and columns; 512 unless given.")
    var lattice: LatticeArgument?

    @Option(help: "Samples, equally many of each number of sources; 400 unless given.")
    var samples: Int?

    @Option(help: "Numbers of sources: 3, or 1-20; 1-20 unless given.")
    var strata: StrataArgument?

    @Option(help: "What holds on all sides.")
    var boundary: SideCondition?

    @Option(help: "What sources do.")
    var sources: SourceModel?

    @Option(help: "What the diffusivity is like; its values are to be changed.")
    var medium: NewPipeline.Medium?

    @Option(help: ArgumentHelp("How shards store labels.", valueName: "codec"))
    var codec: String?

    @Option(help: "Train this model on the samples.")
    var model: ModelDescription.Kind?

    @Option(help: "Rounds in which what the model is weak at joins the dataset.")
    var rounds: Int?

    @Option(help: "Seed of all draws; 1 unless given.")
    var seed: UInt32?

    func validate() throws {
        if let rounds, !(0...1000).contains(rounds) {
            throw ValidationError("--rounds must be from 0 to 1000, not \(rounds)")
        }
    }

    /// Whether none was given.
    var isEmpty: Bool {
        lattice == nil && samples == nil && strata == nil && boundary == nil && sources == nil
            && medium == nil && codec == nil && model == nil && rounds == nil && seed == nil
    }

    /// The options of the pipeline.
    var values: NewPipeline.Options {
        var values = NewPipeline.Options()
        if let lattice { values.lattice = lattice.sides }
        if let samples { values.samples = samples }
        if let strata { values.strata = strata.numbers }
        (values.boundary, values.sources, values.codec) = (boundary, sources, codec)
        if let medium { values.medium = medium }
        values.model = model
        if let rounds { values.rounds = rounds }
        if let seed { values.seed = seed }
        return values
    }
}

/// `512` or `96x128`.
struct LatticeArgument: ExpressibleByArgument {
    let sides: [Int]

    init?(argument: String) {
        let sides = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard let rows = sides[0], let columns = sides[sides.count - 1], sides.count <= 2 else {
            return nil
        }
        self.sides = [rows, columns]
    }
}

/// `3` or `1-20`.
struct StrataArgument: ExpressibleByArgument {
    let numbers: ClosedRange<Int>

    init?(argument: String) {
        let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2,
            1 <= first, first <= last, last <= 1024
        else { return nil }
        numbers = first...last
    }
}
