/// Errors of many samples, by number of sources and region.
package struct ErrorSummary: Sendable {
    /// One line: a number of sources, or all of them, and a region.
    package struct Line: Hashable, Sendable {
        /// The number of sources; nil for all.
        package let sources: Int?
        /// The region.
        package let region: Region
        /// Samples that have a site of the region.
        package let samples: Int
        /// The mean over these samples of the mean absolute error in the region; so the other statistics.
        package let mean: Double
        /// Half the samples are not above.
        package let median: Double
        /// The 95th percentile.
        package let p95: Double
        /// The 99th percentile.
        package let p99: Double
        /// The largest.
        package let largest: Double
    }

    private var errors: [Int: [Region: [Double]]] = [:]

    /// A summary of nothing.
    package init() {}

    /// Adds a sample.
    package mutating func add(_ sample: FieldErrors, sources: Int) {
        for region in Region.allCases {
            if let error = sample[region] { errors[sources, default: [:]][region, default: []].append(error) }
        }
    }

    /// The lines: numbers of sources in ascending order, then all; regions in their order. Regions without a site are left
    /// out. Sums are in the order in which samples were added, numbers of sources one after another. O(n log n).
    package var lines: [Line] {
        var lines: [Line] = []
        let strata = errors.keys.sorted()
        for sources in strata.map(Optional.some) + [nil] {
            for region in Region.allCases {
                let values =
                    sources.map { errors[$0]?[region] ?? [] } ?? strata.flatMap { errors[$0]?[region] ?? [] }
                guard !values.isEmpty else { continue }
                let ascending = values.sorted()
                lines.append(
                    Line(
                        sources: sources, region: region, samples: values.count,
                        mean: values.reduce(0, +) / Double(values.count),
                        median: Percentile.of(ascending: ascending, 50),
                        p95: Percentile.of(ascending: ascending, 95), p99: Percentile.of(ascending: ascending, 99),
                        largest: ascending[ascending.count - 1]))
            }
        }
        return lines
    }
}
