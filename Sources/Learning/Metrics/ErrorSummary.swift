/// Numbers that say how wrong predictions of many samples are, by number of sources and what is
/// measured: errors by region, or estimates and bounds of them.
package struct ErrorSummary<Measure: Hashable & CaseIterable & Sendable>: Sendable {
    /// One line: a number of sources, or all of them, and a measure.
    package struct Line: Hashable, Sendable {
        /// The number of sources; nil for all.
        package let sources: Int?
        /// What is measured.
        package let measure: Measure
        /// Samples of which it is known.
        package let samples: Int
        /// The mean over these samples; so the other statistics.
        package let mean: Double
        /// Half the samples are not above.
        package let median: Double
        /// The 95th percentile.
        package let p95: Double
        /// The 99th percentile.
        package let p99: Double
        /// The largest.
        package let largest: Double
        /// What a new sample does not exceed with the chance that was asked for; nil for all
        /// numbers of sources together, and where there are too few samples.
        package let covered: Double?
    }

    private var values: [Int: [Measure: [Double]]] = [:]
    private let coverage: Coverage?

    /// A summary of nothing; `coverage` is what bounds for new samples are wanted with.
    package init(coverage: Coverage? = nil) { self.coverage = coverage }

    /// Adds what is known of a sample.
    package mutating func add(_ value: Double, of measure: Measure, sources: Int) {
        values[sources, default: [:]][measure, default: []].append(value)
    }

    /// The lines: numbers of sources in ascending order, then all; measures in their order. Those
    /// that no sample has are left out. Sums are in the order in which samples were added, numbers
    /// of sources one after another. O(n log n).
    package var lines: [Line] {
        var lines: [Line] = []
        let strata = values.keys.sorted()
        for sources in strata.map(Optional.some) + [nil] {
            for measure in Measure.allCases {
                let values =
                    sources.map { self.values[$0]?[measure] ?? [] }
                    ?? strata.flatMap { self.values[$0]?[measure] ?? [] }
                guard !values.isEmpty else { continue }
                let ascending = values.sorted()
                lines.append(
                    Line(
                        sources: sources, measure: measure, samples: values.count,
                        mean: values.reduce(0, +) / Double(values.count),
                        median: Percentile.of(ascending: ascending, 50),
                        p95: Percentile.of(ascending: ascending, 95),
                        p99: Percentile.of(ascending: ascending, 99),
                        largest: ascending[ascending.count - 1],
                        covered: sources == nil ? nil : coverage?.bound(ascending: ascending)))
            }
        }
        return lines
    }
}

extension ErrorSummary where Measure == ErrorMeasure {
    /// Adds what is known of a sample's errors.
    package mutating func add(_ sample: FieldErrors, sources: Int) {
        for measure in ErrorMeasure.allCases {
            if let error = sample[measure] { add(error, of: measure, sources: sources) }
        }
    }
}
