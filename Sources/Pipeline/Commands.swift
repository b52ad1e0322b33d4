public import Datasets
public import Documents
public import Fields
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

/// What the stage commands do: the entry points of this module for the command line.
public struct Commands {
    /// How a pipeline is to be worked on.
    public struct Options: Sendable {
        /// The pipeline file.
        public var pipeline: String
        /// The dataset's folder.
        public var output: String
        /// Whether the dataset is to be planned as a new one, whatever is in the folder.
        public var isNew = false
        /// Threads; nil for all cores.
        public var threads: Int?
        /// The user's own configurations, as JSON Lines.
        public var from: String?
        /// Replaces the pipeline's source model, for imported configurations.
        public var sources: SourceModel?
        /// Replaces the pipeline's overlap policy, for imported configurations.
        public var overlap: OverlapPolicy?
        /// Whether solved samples that the pipeline no longer asks for may be removed.
        public var replace = false
        /// The dataset whose shards a model is trained on; nil for the one in `output`.
        public var data: String?
        /// Replaces members of the pipeline's `train`.
        public var training: [String: JSON] = [:]

        /// Seconds for which a step waits for files of others; nil for those alone that records
        /// name, as long as these need at most.
        public var wait: Int?
        /// Whether a run begins although the disk will probably not hold all of it.
        public var ignoresSpace = false
        /// Replaces the pipeline's codec of shards; the name of one of `ShardCodecs.all`.
        public var codec: String?
        /// Whether samples that are the same problem as an earlier one are left out; false makes
        /// data to test `verify` with.
        package var findsCopies = true

        /// Options with defaults for all but the pipeline and the output folder.
        public init(pipeline: String, output: String) {
            self.pipeline = pipeline
            self.output = output
        }
    }

    private let stages: PipelineStages
    private let context: StageContext
    private let ignoresSpace: Bool
    private let late: LateFiles

    /// Reads the pipeline and checks the options.
    public init(_ options: Options, reporter: any Reporter) throws {
        if options.from == nil, options.sources != nil || options.overlap != nil {
            throw PipelineError(
                .usage,
                "--sources and --overlap go with --from: for drawn configurations the pipeline "
                    + "file says both")
        }
        if let threads = options.threads, !(1...1024).contains(threads) {
            throw PipelineError(.usage, "--threads must be from 1 to 1024, not \(threads)")
        }
        if let codec = options.codec, ShardCodecs.named(codec) == nil {
            throw PipelineError(.usage, ShardCodecs.unknown(codec))
        }
        try OutputPlace.check(dataset: options.output)
        let pipeline = try PipelineFile(
            path: options.pipeline, sources: options.sources, overlap: options.overlap,
            training: options.training)
        stages = PipelineStages(
            pipeline: pipeline, path: options.pipeline,
            dataset: options.isNew ? nil : Dataset(root: options.output),
            codec: options.codec.flatMap(ShardCodecs.named) ?? pipeline.codec,
            importPath: options.from, data: try options.data.map { try PackedSamples.locate($0) },
            findsCopies: options.findsCopies)
        context = StageContext(
            Dataset(root: options.output),
            threads: options.threads ?? Cores.usable,
            reporter: reporter, replace: options.replace, pipelineName: pipeline.name,
            pipelinePath: options.pipeline, importPath: options.from)
        ignoresSpace = options.ignoresSpace
        late = LateFiles(context: context, given: options.wait)
        Interruption.listen()
    }

    /// Does every stage up to `last`, as far as it is not done.
    ///
    /// - Parameter last: the last stage; nil for all that the pipeline has.
    public func run(until last: Stage?) throws {
        let last = try stages.last(last)
        let origin = try stages.origin()
        try checkAhead(upTo: last, origin)
        let forecast = try RunForecast(stages, context).forecast(upTo: last, origin)
        if !ignoresSpace { try forecast.check() }
        try context.working(until: last, rounds: stages.mostRounds) {
            if !forecast.isNothing { context.reporter.hear(.foresaw(forecast)) }
            var areRoundsOver = false
            for stage in try stages.list(upTo: last, origin) {
                do { try stage.complete(in: context) } catch let end as RoundsEnd {
                    if !areRoundsOver { context.reporter.noted(end.message) }
                    areRoundsOver = true
                }
            }
        }
    }

    /// Does one stage.
    public func perform(_ stage: Stage) throws {
        // A model of another dataset's shards may be trained in a new folder.
        let isNew =
            stage == .sample || (stage == .train && stages.data.map { $0 != context.base } ?? false)
        try context.working(until: stage, mustExist: !isNew) {
            guard stage == .sample else {
                return try stages.afterSampling(upTo: stage).last?.complete(in: context) ?? ()
            }
            let origin = try stages.origin()
            try checkAhead(upTo: .sample, origin)
            try stages.sample(origin).complete(in: context)
        }
    }

    /// The pipeline's plan. Draws every configuration, to know which parts there are: about 10 s
    /// for 400,000.
    public func plan() throws -> Plan {
        let last = try stages.last()
        let origin = try stages.origin()
        try checkAhead(upTo: last, origin)
        let (steps, listing) = try planned(upTo: last, origin)
        return Plan(stages.pipeline, steps, listing)
    }

    private func planned(upTo last: Stage, _ origin: ConfigurationOrigin) throws -> (
        [PlannedStep], SampleListing
    ) {
        let listing = try SampleListing(
            origin, stages.cut, threads: context.threads, lines: false
        ) { _, _ in }
        return (stages.planned(try stages.list(upTo: last, origin), listing), listing)
    }

    /// Does one step of the plan.
    public func step(_ id: String) throws {
        let last = try stages.last()
        let isPart = Commands.isPart(id)
        let found = try stages.afterSampling(upTo: last).first { $0.id == id }
        guard id == Stage.sample.rawValue || isPart || found != nil else {
            throw PipelineError(
                .usage,
                "there is no step '\(id)': 'steadyset plan \(context.pipelinePath)' lists the "
                    + "steps: sample, solve-00000 and so on, solve, split, pack, and with 'train' "
                    + "and 'rounds' train, evaluate, round-00001-resample and so on")
        }
        let drawn = id == Stage.sample.rawValue ? try stages.origin() : nil
        try checkAhead(ofStep: drawn, upTo: last)
        // Others may do other steps at the same time: parts, or the errors of a round while the
        // next one chooses.
        try context.working(
            on: id, until: last, rounds: stages.mostRounds, mustExist: drawn == nil
        ) {
            if let drawn { return try stages.sample(drawn).complete(in: context) }
            try late.wait(for: [Stage.sample.manifestPath()])
            if isPart {
                let part = try part(id)
                try late.wait(for: part, part.listing)
                return try part.complete(in: context)
            }
            guard let stage = found else { return }
            try late.wait(for: stage, try context.listing(of: stages.pipeline.design).1)
            if var solve = stage as? SolveStage {
                solve.gathersOnly = true
                return try solve.complete(in: context)
            }
            do { try stage.complete(in: context) } catch let end as RoundsEnd {
                context.reporter.noted(end.message)
            }
        }
    }

    /// Whether this is what a part of the solve stage is called.
    private static func isPart(_ id: String) -> Bool {
        let prefix = "\(Stage.solve.rawValue)-"
        let digits = id.dropFirst(prefix.count)
        return id.hasPrefix(prefix) && digits.count >= 5 && Int(digits) != nil
    }

    private func part(_ id: String) throws -> SolvePart {
        let (_, listing) = try context.listing(of: stages.pipeline.design)
        let parts = stages.solve.parts(of: listing)
        guard let part = parts.first(where: { $0.id == id }) else {
            throw PipelineError(
                .usage,
                "there is no step '\(id)': the plan has solve-00000 to \(parts.last?.id ?? "none")")
        }
        return part
    }

    /// What a run would find and do.
    public struct DryRun {
        /// Each step of the plan, with whether it is done already; none where the run would not
        /// begin.
        public let steps: [(step: Plan.Step, isDone: Bool)]
        /// What the rest will take.
        public let forecast: Forecast
        /// Why the run would not begin, or nil.
        public let refusal: PipelineError?
    }

    /// Looks at each step of the plan; writes nothing.
    public func dryRun(until asked: Stage?) throws -> DryRun {
        let last = try stages.last(asked)
        let origin = try stages.origin()
        try checkAhead(upTo: last, origin)
        let forecast = try RunForecast(stages, context).forecast(upTo: last, origin)
        do { if !ignoresSpace { try forecast.check() } } catch {
            // A plan draws every configuration, which may be far more than there is room for.
            return DryRun(steps: [], forecast: forecast, refusal: PipelineError(error))
        }
        let (steps, listing) = try planned(upTo: last, origin)
        if !context.replace {
            try stages.sample(origin).protectSolvedSamples(stages.solve, in: context)
        }
        let done = StageProgress(context).done(steps)
        return DryRun(
            steps: Array(zip(Plan(stages.pipeline, steps, listing).steps, done)),
            forecast: forecast, refusal: nil)
    }

    /// Refuses what cannot be, and says what the user should know, before any work is done for the
    /// stages up to `last`.
    private func checkAhead(upTo last: Stage, _ origin: ConfigurationOrigin) throws {
        let isDrawn = if case .drawn = origin { true } else { false }
        let check = PipelineCheck(
            pipeline: stages.pipeline, path: stages.path, codec: stages.codec,
            strata: origin.strata, counts: origin.counts, isDrawn: isDrawn)
        for note in try check.check(upTo: last) { context.reporter.warned(note) }
    }

    /// The same for one step, which others follow: the sample stage where `drawn` says what it
    /// draws from, else from the sample stage where that is there, as it need not be drawn again.
    private func checkAhead(ofStep drawn: ConfigurationOrigin?, upTo last: Stage) throws {
        if let drawn { return try checkAhead(upTo: last, drawn) }
        guard let manifest = try? context.base.manifest(SampleManifest.self),
            let listing = try? SampleListing(manifest)
        else { return }
        let isDrawn = if case .drawn = manifest.origin { true } else { false }
        try PipelineCheck(
            pipeline: stages.pipeline, path: stages.path, codec: stages.codec,
            strata: listing.strata, counts: listing.sequence.counts,
            isDrawn: isDrawn
        ).check(upTo: last)
    }
}
