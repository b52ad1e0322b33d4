public import Datasets
public import Documents
public import Fields
internal import Foundation
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

    private let job: Job
    private let ignoresSpace: Bool

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
        job = Job(
            pipeline: pipeline, pipelinePath: options.pipeline,
            dataset: Dataset(root: options.output),
            threads: options.threads ?? ProcessInfo.processInfo.activeProcessorCount,
            reporter: reporter, importPath: options.from, replace: options.replace,
            source: try options.data.map { try PackedSamples.locate($0) },
            codec: options.codec.flatMap(ShardCodecs.named), findsCopies: options.findsCopies)
        ignoresSpace = options.ignoresSpace
        Interruption.listen()
    }

    /// Does every stage up to `last`.
    ///
    /// - Parameter last: the last stage; nil for all that the pipeline has.
    public func run(until last: Stage?) throws {
        let last = try self.last(last)
        let origin = try job.origin()
        try job.checkAhead(upTo: last, origin)
        let forecast = try job.forecast(upTo: last, origin)
        if !ignoresSpace { try forecast.check() }
        try withExtendedLifetime(try job.dataset.claim()) {
            if !forecast.isNothing { job.reporter.foresaw(forecast) }
            for stage in stages(upTo: last) { try job.perform(stage) }
        }
    }

    /// Does one stage.
    public func perform(_ stage: Stage) throws {
        // A model of another dataset's shards may be trained in a new folder.
        let isNew = stage == .sample || (stage == .train && job.source != job.dataset)
        try withExtendedLifetime(try job.dataset.claim(mustExist: !isNew)) {
            try job.perform(stage)
        }
    }

    /// The last stage that the pipeline has, or the one that is asked for.
    private func last(_ asked: Stage?) throws -> Stage {
        let pipeline = job.pipeline
        guard let asked else {
            return pipeline.curation != nil
                ? .resample : pipeline.training == nil ? .pack : .evaluate
        }
        guard pipeline.training != nil || Stage.ofData.contains(asked) || asked == .resample else {
            throw PipelineError(
                .usage, "\(job.pipelinePath) has no 'train', so there is no stage " + "'\(asked)'")
        }
        guard pipeline.curation != nil || asked != .resample else {
            throw PipelineError(
                .usage, "\(job.pipelinePath) has no 'rounds', so there is no " + "stage '\(asked)'")
        }
        return asked
    }

    /// The pipeline's stages up to `last`. A trainer of the user's own works in the rounds alone.
    private func stages(upTo last: Stage) -> [Stage] {
        last.upToHere.filter {
            job.pipeline.trainer == nil || ($0 != .train && $0 != .evaluate) || last != .resample
        }
    }

    /// The pipeline's plan.
    public func plan() throws -> Plan {
        let origin = try job.origin()
        try job.checkAhead(upTo: try last(nil), origin)
        return try Plan(job, origin)
    }

    /// Does one step of the plan.
    public func step(_ id: String) throws {
        let digits = id.dropFirst("solve-".count)
        guard
            Stage(rawValue: id) != nil
                || (id.hasPrefix("solve-") && digits.count >= 5 && Int(digits) != nil)
        else {
            throw PipelineError(
                .usage,
                "there is no step '\(id)': steps are sample, solve-00000 and so on, solve, split, "
                    + "pack, train, evaluate and resample")
        }
        try job.checkAhead(ofStep: id, upTo: try last(nil))
        // Others may write other steps of the same dataset at the same time.
        try withExtendedLifetime(
            (
                try job.dataset.claim(shared: true, mustExist: id != Stage.sample.rawValue),
                try job.dataset.claim(step: id)
            )
        ) {
            switch id {
            case Stage.solve.rawValue: try job.gatherSolved()
            default:
                if let stage = Stage(rawValue: id) {
                    try job.perform(stage)
                } else {
                    try job.solve(step: id)
                }
            }
        }
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
        let last = try self.last(asked)
        let origin = try job.origin()
        try job.checkAhead(upTo: last, origin)
        let forecast = try job.forecast(upTo: last, origin)
        do { if !ignoresSpace { try forecast.check() } } catch {
            // A plan draws every configuration, which may be far more than there is room for.
            return DryRun(steps: [], forecast: forecast, refusal: PipelineError(error))
        }
        let plan = try Plan(job, origin)
        try job.protectSolvedSamples(origin)
        let stages = Set(stages(upTo: last))
        var stale = false
        let steps = plan.steps.filter { stages.contains($0.stage) }.map { step in
            let done = job.isDone(step)
            if step.part == nil { stale = stale || !done }
            return (step, done && !(stale && step.part == nil))
        }
        return DryRun(steps: steps, forecast: forecast, refusal: nil)
    }
}

extension Job {
    /// Whether a step of the plan has nothing to do.
    func isDone(_ step: Plan.Step) -> Bool {
        guard let record = StepRecord(step: step.id, in: dataset), record.isIntact(in: dataset)
        else { return false }
        // Split and pack are recorded by the ids of what they were made from, which the plan does
        // not know beforehand.
        switch step.stage {
        case .sample, .solve: return record.fingerprint == step.fingerprint
        case .split:
            guard let solve = try? dataset.manifest(.solve) else { return false }
            return record.fingerprint == Fingerprint.split(solve: solve.id, pipeline.split)
        case .pack:
            guard let split = try? dataset.manifest(.split),
                let solve = try? dataset.manifest(.solve)
            else { return false }
            return record.fingerprint
                == Fingerprint.pack(
                    split: split.id, codec: codec, level: SolvedSamples.compressionLevel(solve),
                    samplesPerShard: pipeline.samplesPerShard)
        case .train:
            guard let pack = try? dataset.manifest(.pack), let training = pipeline.training else {
                return false
            }
            return record.fingerprint == Fingerprint.train(pack: pack.id, training)
        case .evaluate: return (try? pipelineEvaluation().isDone) ?? false
        case .resample: return roundsAreDone
        }
    }
}
