package import Datasets
public import Fields
internal import Foundation
internal import Parallel
package import Pipeline
package import Sampling
internal import Shards
internal import Solving

/// What this machine does with a pipeline's samples, and how long and how large the pipeline will
/// be.
///
/// Samples are measured one by one on one thread, piece by piece; then the pieces at work together,
/// on one thread and on all. Measured are drawing, solving, compressing, writing, reading, and
/// training where the pipeline has a model.
public struct Benchmark {
    /// What is measured, and how.
    public struct Options: Sendable {
        /// A pipeline file; nil for the paper's problem, `Benchmark.standardPipeline`.
        public var pipeline: String?
        /// Configurations of the user's own, as JSON Lines, to be measured instead of drawn ones.
        public var from: String?
        /// Replaces the pipeline's source model, for `from`.
        public var sources: SourceModel?
        /// Replaces the pipeline's overlap policy, for `from`.
        public var overlap: OverlapPolicy?
        /// A folder for the labels of `from`, as `field_00000.npy` and so on, numbered by line.
        public var fields: String?
        /// Samples of each stratum that is measured; nil for 15, and for all of `from`.
        public var samples: Int?
        /// Times that each piece of work is done; the fastest counts.
        public var repeats = 3
        /// Threads for the rates of all; nil for all cores.
        public var threads: Int?
        /// The folder in which files are written and removed again; nil for the system's temporary
        /// folder.
        public var scratch: String?
        /// What is measured; nil for everything.
        public var only: Part?

        /// Options with defaults for everything.
        public init() {}
    }

    /// A part of what can be measured.
    public enum Part: String, Sendable, CaseIterable {
        /// Drawing and solving, one by one and on all threads: no compression, no files, no
        /// estimate.
        case solving
        /// Drawing and solving one by one alone, no rates either.
        case samples
    }

    /// One sample that was measured.
    package struct Sample {
        package let address: SampleAddress
        /// The line of `from`, from 1; nil where the sample was drawn.
        package let line: Int?
        /// The file with the label, or nil.
        package let field: String?
        package let measured: SampleTimer.Measurement
    }

    package let options: Options
    package let machine = Machine.current()
    package let pipeline: PipelineFile
    package let origin: ConfigurationOrigin
    package let threads: Int
    /// Making a solver, once a thread.
    package let setup: Elapsed
    /// Samples of a few strata, in the order of strata.
    package let samples: [Sample]
    /// Of all strata together; nil where only samples were measured.
    package let rates: BenchmarkRates?
    /// Training steps; nil where the pipeline has no training, or not everything was measured.
    package let training: BenchmarkTraining?

    /// Measures.
    ///
    /// - Throws: `PipelineError`: `.usage` for options that do not go together, `.data` and
    ///   `.noInput` for a pipeline or configurations that are not valid, `.cannotCreate` where a
    ///   folder cannot be used, `.interrupted`. Whatever happens, no file is left in the scratch
    ///   folder.
    public init(_ options: Options) throws {
        self.options = options
        if options.from == nil,
            options.sources != nil || options.overlap != nil || options.fields != nil
        {
            throw PipelineError(
                .usage,
                "--sources, --overlap and --fields go with --from: drawn configurations are the "
                    + "pipeline's")
        }
        // What would be found out after all has been measured.
        if options.only == nil, let scratch = options.scratch,
            InputFile.isFolder(scratch) != true
        {
            throw PipelineError(
                .cannotCreate, "\(scratch): there is no such folder to write to: create it first")
        }
        Interruption.listen()
        pipeline = try Benchmark.pipeline(options)
        origin = try Benchmark.origin(options, pipeline)
        // There is no time to tell of a dataset that cannot be made.
        try SampleListing.check(origin.counts, pipeline.cut)
        threads = options.threads ?? Cores.usable
        do {
            let fields = try options.fields.map(Benchmark.emptyFolder)
            let timer = try SampleTimer(
                origin, accuracy: pipeline.accuracy, level: pipeline.compressionLevel)
            setup = timer.setup
            samples = try Benchmark.measure(origin, timer, options, fields: fields)
            rates =
                try options.only == .samples
                ? nil
                : BenchmarkRates(
                    origin, pipeline, count: 8 * max(2, options.samples ?? 15), threads: threads,
                    repeats: options.repeats,
                    folder: options.only == nil ? options.scratch ?? NSTemporaryDirectory() : nil)
            training =
                try options.only == nil
                ? Benchmark.training(pipeline, threads: threads, options) : nil
        } catch let error as Interrupted {
            let kind = PipelineError(error).kind
            throw PipelineError(kind, "\(kind): nothing was measured to its end")
        }
    }

    /// The pipeline that is measured where none is named: the problem and the numbers of samples of
    /// the paper (Toledo-Marín, Glazier and Fox 2023), as in `pipelines/paper.yaml`.
    package static let standardPipeline = """
        format: 1
        name: paper
        physics: { lattice: [512, 512], decay_rate: 0.0025 }
        sampling: { strata: { from: 1, to: 20 }, samples_per_stratum: 20000, seed: 20230206 }
        """

    private static func pipeline(_ options: Options) throws -> PipelineFile {
        if let path = options.pipeline {
            return try PipelineFile(path: path, sources: options.sources, overlap: options.overlap)
        }
        return try PipelineFile(
            text: standardPipeline, path: "the standard pipeline", sources: options.sources,
            overlap: options.overlap)
    }

    private static func origin(_ options: Options, _ pipeline: PipelineFile) throws
        -> ConfigurationOrigin
    {
        if let path = options.from {
            return .imported(try ImportedConfigurations(path: path, physics: pipeline.physics))
        }
        guard let design = pipeline.design else {
            throw PipelineError(
                .data,
                "\(options.pipeline ?? ""): has no 'sampling', so there is nothing to measure: "
                    + "name configurations with --from, or another pipeline")
        }
        return .drawn(design)
    }

    /// Training steps of the pipeline's model, where it has one.
    private static func training(_ pipeline: PipelineFile, threads: Int, _ options: Options) throws
        -> BenchmarkTraining?
    {
        try pipeline.training.map {
            try BenchmarkTraining($0, pipeline, threads: threads, repeats: options.repeats)
        }
    }

    /// A folder that is created if need be, and holds nothing.
    private static func emptyFolder(_ path: String) throws -> String {
        try Dataset.createFolder(path)
        guard try FileManager.default.contentsOfDirectory(atPath: path).isEmpty else {
            throw PipelineError(
                .cannotCreate, "\(path) is not empty: choose a new folder for --fields")
        }
        return path
    }

    /// Measures samples one by one, and writes labels into `fields`.
    private static func measure(
        _ origin: ConfigurationOrigin, _ timer: SampleTimer, _ options: Options, fields: String?
    ) throws -> [Sample] {
        var samples: [Sample] = []
        for stratum in chosen(origin) {
            let count =
                switch origin {
                case .drawn: options.samples ?? 15
                case .imported: min(origin.counts[stratum], options.samples ?? .max)
                }
            for index in 0..<min(count, origin.counts[stratum]) {
                let address = SampleAddress(stratum: stratum, index: index)
                let all = options.only == nil
                if samples.isEmpty { try timer.warmUp(address, compressing: all) }
                var measured = try timer.measure(
                    address, repeats: options.repeats, compressing: all, decoding: all)
                measured.encoded = nil
                var line: Int?
                var field: String?
                if case .imported(let file) = origin {
                    let number = file.lineNumber(address)
                    line = number
                    if let fields, measured.isCertified {
                        let name = "field_\(SampleListing.Part.digits(number - 1)).npy"
                        let lattice = origin.physics.lattice
                        try AtomicFile.write(
                            NumPyFile.bytes(
                                of: timer.label, rows: lattice.rows, columns: lattice.columns),
                            to: "\(fields)/\(name)")
                        field = name
                    }
                }
                samples.append(
                    Sample(address: address, line: line, field: field, measured: measured))
            }
        }
        return samples
    }

    /// Ordinals of the strata that are measured: the first, the last, and those nearest to 5 and 10
    /// sources; all of an import.
    private static func chosen(_ origin: ConfigurationOrigin) -> [Int] {
        let strata = origin.strata
        guard case .drawn = origin else { return Array(strata.indices) }
        let nearest = [strata[0], 5, 10, strata[strata.count - 1]].compactMap { number in
            strata.indices.min { abs(strata[$0] - number) < abs(strata[$1] - number) }
        }
        return Set(nearest).sorted()
    }
}
