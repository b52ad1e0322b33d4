internal import ArgumentParser
internal import Benchmarks
internal import Documents
internal import Fields
internal import Pipeline

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure this machine on a pipeline's samples, and estimate the pipeline's time "
            + "and disk.",
        discussion: """
            Draws, solves, compresses, writes and reads samples: one by one on one thread, then on \
            all threads at once. Files are written to the temporary folder, or to --scratch, and \
            removed again.
            """,
        examples: [
            "steadyset bench quickstart.yaml --samples 5",
            "steadyset bench --train --kind u-net --side 32",
        ])

    @Argument(
        help: ArgumentHelp(
            "The pipeline file (YAML), or the name of one that comes with the program; the "
                + "paper's problem unless given."))
    var pipeline: String?

    @OptionGroup var imported: ImportOptions

    @Option(help: "With --from: a new folder for the labels, field_00000.npy and so on by line.")
    var fields: String?

    @Option(help: "Samples of each measured stratum; 15 unless given, or all of --from.")
    var samples: Int?

    @Option(help: "Times that each sample is measured; the fastest counts.")
    var repeats = 3

    @OptionGroup var parallelism: ThreadsOption

    @Option(help: "A folder on the disk that is to be measured.")
    var scratch: String?

    @Option(
        help: ArgumentHelp(
            "Measure less: solving (no compression, no files, no estimate) or samples (no rates "
                + "either).",
            valueName: "part"))
    var only: Benchmark.Part?

    @OptionGroup(title: "Training") var training: TrainingTimerOptions

    @Flag(help: "Write the result as JSON.")
    var json = false

    @Flag(
        help: ArgumentHelp(
            "Measure the codecs of labels instead, on grids of different steps; --samples of each "
                + "stratum."))
    var codecs = false

    @Flag(
        help: ArgumentHelp(
            "Print multigrid's convergence factors on the paper's problem instead, of --samples of "
                + "each stratum; 15 unless given."))
    var factors = false

    @Flag(
        help: ArgumentHelp(
            "Measure every combination of sides on the paper's problem instead, over four "
                + "absorbing ones; --samples of each stratum, 5 unless given."))
    var sides = false

    @Option(
        help: ArgumentHelp(
            "Measure how long k-centre, lcmd and bait take to choose a hundredth of so many "
                + "candidates instead, a tenth as many there, 2048 features each; 100000 take 1 GB.",
            valueName: "candidates"))
    var choosing: Int?

    @Option(
        help: ArgumentHelp(
            "Measure reading this dataset's samples in random order instead, on one thread, "
                + "--repeats times over.",
            valueName: "dataset"))
    var reading: String?

    func validate() throws {
        if let samples, !(1...10_000).contains(samples) {
            throw ValidationError("--samples must be from 1 to 10000, not \(samples)")
        }
        if !(1...1000).contains(repeats) {
            throw ValidationError(
                "--repeats must be from 1 to 1000, not \(repeats)")
        }
        if let choosing, !(100...10_000_000).contains(choosing) {
            throw ValidationError("--choosing must be from 100 to 10000000, not \(choosing)")
        }
        if training.train, pipeline != nil || imported.from != nil || only != nil {
            throw ValidationError(
                "--train times a model by itself: give no pipeline, no --from and no --only")
        }
        if factors || sides, pipeline != nil || imported.from != nil || only != nil {
            throw ValidationError(
                "--factors and --sides are of the paper's problem: give no pipeline, no --from and "
                    + "no --only")
        }
    }

    func run() throws {
        if training.train {
            let report = try TrainingTimer(
                training.options(threads: parallelism.threads, steps: repeats)
            ).run()
            return Terminal.write(json ? report.json.canonicalText + "\n" : report.text)
        }
        if let choosing {
            let table = try ChoosingBenchmark(candidates: choosing, threads: parallelism.threads)
            return Terminal.write(json ? table.json.canonicalText + "\n" : table.text)
        }
        if factors {
            let factors = try ConvergenceFactors(samples: samples ?? 15)
            return Terminal.write(json ? factors.json.canonicalText + "\n" : factors.text)
        }
        if sides {
            let table = try SidesBenchmark(samples: samples ?? 5, repeats: repeats)
            return Terminal.write(json ? table.json.canonicalText + "\n" : table.text)
        }
        if codecs {
            let benchmark = try CodecBenchmark(
                pipeline: pipeline, perStratum: samples ?? 2, repeats: repeats)
            return Terminal.write(benchmark.text)
        }
        if let reading {
            return Terminal.write(try ReadingBenchmark(path: reading, epochs: repeats).text)
        }
        var options = Benchmark.Options()
        options.pipeline = pipeline
        (options.from, options.sources, options.overlap) = (
            imported.from, imported.sources, imported.overlap
        )
        (options.fields, options.scratch, options.only) = (fields, scratch, only)
        (options.samples, options.repeats, options.threads) = (
            samples, repeats, parallelism.threads
        )
        let benchmark = try Benchmark(options)
        Terminal.write(json ? benchmark.json.canonicalText + "\n" : benchmark.text)
    }
}

/// What model `bench --train` times.
struct TrainingTimerOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Time training steps of a model instead, on images in memory; --repeats is the number "
                + "of steps."))
    var train = false

    @Option(help: "The model: encoder-decoder or u-net.")
    var kind = "encoder-decoder"

    @Option(help: "Rows and columns of the model's lattice.")
    var side = 64

    @Option(help: "Channels of the model relative to the paper's.")
    var width = 0.125

    @Option(help: "Samples of a step.")
    var batch = 50

    func validate() throws {
        if !(1...100_000).contains(batch) {
            throw ValidationError(
                "--batch must be from 1 to 100000, not \(batch)")
        }
    }

    /// The options of the timer.
    func options(threads: Int?, steps: Int) -> TrainingTimer.Options {
        var options = TrainingTimer.Options()
        (options.kind, options.side, options.width, options.batch) = (kind, side, width, batch)
        (options.threads, options.steps) = (threads, steps)
        return options
    }
}
