internal import Datasets
internal import Fields
internal import Foundation
internal import Pipeline
internal import Solving

extension Benchmark {
    /// The tables for a person.
    public var text: String {
        let lattice = origin.physics.lattice
        let count = options.samples.map { "\($0)" } ?? (options.from == nil ? "15" : "all")
        var lines = [
            "\(pipeline.name): \(lattice.rows) × \(lattice.columns) sites, "
                + "\(origin.physics.sources.rawValue), overlap "
                + "\(origin.physics.overlap.rawValue), certified to \(pipeline.accuracy.tolerance), "
                + "method \(pipeline.accuracy.method.rawValue)",
            "machine: \(machine.processor), \(machine.cores) cores, load "
                + "\(String(format: "%.1f", machine.load)) before", "",
            "CPU milliseconds of one thread, the fastest of \(options.repeats), medians of "
                + "\(count) samples a row",
        ]
        lines += strataTable
        let strata = BenchmarkStratum.strata(of: samples)
        let missed = strata.reduce(0) { $0 + $1.count - $1.certified }
        if missed > 0 {
            lines.append(
                "NOT certified, so that the pipeline would leave them out: \(missed) samples")
        }
        let ways = strata.reduce(into: [:]) { $0.merge($1.ways) { $0 + $1 } }
        lines.append("solved: \(WayCounts.words(ways))")
        lines.append("making a solver, once a thread: \(Benchmark.milliseconds(setup.cpu)) ms")
        if let rates {
            lines += [
                "",
                "samples a second, by the clock on the wall, over \(rates.count) samples of all "
                    + "strata",
            ]
            lines += table(of: rates)
        }
        if let training {
            lines.append(
                Benchmark.left("train: steps of \(training.batch) in memory", 30)
                    + Benchmark.right(Benchmark.perSecond(BenchmarkTraining.rate(training.one)), 12)
                    + Benchmark.right(Benchmark.perSecond(BenchmarkTraining.rate(training.all)), 12)
                    + Benchmark.right(
                        String(format: "%.2f", training.one.wall / training.all.wall), 8))
        }
        return lines.joined(separator: "\n") + "\n" + (estimate.map { "\n\($0.text)" } ?? "")
    }

    private var strataTable: [String] {
        let raw = Double(origin.physics.lattice.count * 8)
        var rows = [["sources", "sample", "solve", "wall", "cycles", "factor"]]
        if options.only == nil { rows[0] += ["compress", "decode", "kB", "ratio"] }
        for stratum in BenchmarkStratum.strata(of: samples) {
            var row = [
                "\(stratum.sources)", Benchmark.milliseconds(stratum.sample.cpu),
                Benchmark.milliseconds(stratum.solve.cpu),
                Benchmark.milliseconds(stratum.solve.wall), String(format: "%.0f", stratum.cycles),
                stratum.convergenceFactor.map { String(format: "%.3f", $0) } ?? "-",
            ]
            if let compress = stratum.compress, let decode = stratum.decode,
                let bytes = stratum.bytes
            {
                row += [
                    Benchmark.milliseconds(compress.cpu), Benchmark.milliseconds(decode.cpu),
                    String(format: "%.0f", (bytes.x + bytes.y) / 1000),
                    String(format: "%.1f", raw / (bytes.x + bytes.y)),
                ]
            }
            rows.append(row)
        }
        return rows.map { $0.map { Benchmark.right($0, 10) }.joined() }
    }

    private func table(of rates: BenchmarkRates) -> [String] {
        var lines = [
            Benchmark.left("", 30) + Benchmark.right("1 thread", 12)
                + Benchmark.right("\(threads) threads", 12) + Benchmark.right("ratio", 8)
        ]
        func row(_ name: String, _ rate: BenchmarkRates.Rate?) {
            guard let rate else { return }
            let all = rate.onAllThreads.map(Benchmark.perSecond) ?? "-"
            let ratio =
                rate.onAllThreads.map { String(format: "%.2f", $0 / rate.onOneThread) } ?? "-"
            lines.append(
                Benchmark.left(name, 30)
                    + Benchmark.right(Benchmark.perSecond(rate.onOneThread), 12)
                    + Benchmark.right(all, 12) + Benchmark.right(ratio, 8))
        }
        for work in BenchmarkRates.Work.allCases { row(work.words, rates.rates[work]) }
        row(options.only == nil ? "sample, solve and compress" : "sample and solve", rates.chain)
        return lines
    }

    private static func milliseconds(_ value: Double) -> String {
        String(format: value < 0.1 ? "%.3f" : "%.2f", value)
    }
    private static func perSecond(_ value: Double) -> String {
        String(format: value < 10 ? "%.2f" : "%.0f", value)
    }
    private static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(1, width - text.count)) + text
    }
}

extension BenchmarkRates.Work {
    fileprivate var words: String {
        switch self {
        case .sample: "sample: draw and rasterise"
        case .solve: "solve: and certify"
        case .compress: "compress: x and y"
        case .write: "write: and synchronise"
        case .digest: "digest: of a file"
        case .read: "read: open and expand"
        }
    }
}
