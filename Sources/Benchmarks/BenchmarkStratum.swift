package import Datasets
package import Documents
internal import Fields
internal import Pipeline
package import Solving

/// The measured samples with the same number of sources; times are medians over them.
package struct BenchmarkStratum {
    private let samples: [SampleTimer.Measurement]

    /// Number of sources.
    package let sources: Int

    /// The strata of `samples`, in the order in which they come.
    package static func strata(of samples: [Benchmark.Sample]) -> [BenchmarkStratum] {
        var strata: [BenchmarkStratum] = []
        var rest = samples.map(\.measured)[...]
        while let first = rest.first {
            let same = rest.prefix { $0.sources == first.sources }
            strata.append(BenchmarkStratum(samples: Array(same), sources: first.sources))
            rest = rest.dropFirst(same.count)
        }
        return strata
    }

    private init(samples: [SampleTimer.Measurement], sources: Int) {
        (self.samples, self.sources) = (samples, sources)
    }

    /// Number of samples.
    package var count: Int { samples.count }
    /// Number of samples whose label is within the tolerance.
    package var certified: Int { samples.count { $0.isCertified } }
    /// Largest bound of a certified sample, or nil.
    package var largestErrorBound: Double? { samples.filter(\.isCertified).map(\.errorBound).max() }
    /// Drawing and rasterising.
    package var sample: Elapsed { .median(samples.map { $0.draw + $0.image }) }
    package var solve: Elapsed { .median(samples.map(\.solve)) }
    package var total: Elapsed { .median(samples.map(\.total)) }
    /// Nil where only solving was measured, as is `decode`.
    package var compress: Elapsed? { optional(\.compress) }
    package var decode: Elapsed? { optional(\.decode) }
    /// How many labels each way made, certified or not.
    package var ways: [Solution.Way: Int] {
        samples.reduce(into: [:]) { $0[$1.way, default: 0] += 1 }
    }
    package var cycles: Double { Elapsed.median(samples.map { Double($0.cycles) }) }
    /// Nil where no sample took a cycle.
    package var convergenceFactor: Double? {
        let factors = samples.compactMap(\.convergenceFactor)
        return factors.isEmpty ? nil : Elapsed.median(factors)
    }
    /// Median bytes of x and of y as stored; nil where they were not compressed.
    package var bytes: (x: Double, y: Double)? {
        let sizes = samples.compactMap(\.bytes)
        guard !sizes.isEmpty else { return nil }
        return (
            Elapsed.median(sizes.map { Double($0.x) }), Elapsed.median(sizes.map { Double($0.y) })
        )
    }

    private func optional(_ piece: (SampleTimer.Measurement) -> Elapsed?) -> Elapsed? {
        let times = samples.compactMap(piece)
        return times.isEmpty ? nil : .median(times)
    }

    /// The members that `schemas/bench` describes.
    package var json: JSON {
        .object([
            "sources": .integer(sources), "samples": .integer(count),
            "certified": .integer(certified),
            "largest_error_bound": largestErrorBound.map(JSON.number) ?? .null,
            "sample": sample.json, "solve": solve.json, "total": total.json,
            "compress": compress?.json ?? .null, "decode": decode?.json ?? .null,
            "methods": WayCounts.json(ways), "cycles": .number(cycles),
            "convergence_factor": convergenceFactor.map(JSON.number) ?? .null,
            "bytes_x": bytes.map { .number($0.x) } ?? .null,
            "bytes_y": bytes.map { .number($0.y) } ?? .null,
        ])
    }
}
