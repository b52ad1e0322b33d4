import ArgumentParser
import Fields
import Pipeline

struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure this machine on a pipeline's samples, and estimate the pipeline's time and disk.")

    @Argument(help: "The pipeline file (YAML).")
    var pipeline: String

    @Option(help: "Samples of each measured stratum.")
    var samples = 15

    @Option(help: "Threads for the parallel rate; all cores unless given.")
    var threads: Int?

    @Flag(help: "Write the result as JSON.")
    var json = false

    func validate() throws {
        if !(1...10_000).contains(samples) {
            throw ValidationError("--samples must be from 1 to 10000, not \(samples)")
        }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads must be from 1 to 1024, not \(threads)")
        }
    }

    func run() throws {
        let benchmark = try Benchmark(pipeline: pipeline, samples: samples, threads: threads)
        Terminal.write(json ? benchmark.json.canonicalText + "\n" : benchmark.text)
    }
}
