internal import Fields
internal import Foundation
package import Learning
internal import Sampling
package import Shards

/// What predictions are found to be worth, as text: a line a sample, and a summary.
package struct ErrorTable {
    /// What is known of a prediction.
    package enum Judgement {
        /// Its errors, from the label.
        case errors(FieldErrors)
        /// A bound and an estimate of its error, without one.
        case estimate(ErrorEstimate)
    }

    /// Samples so far.
    package private(set) var count = 0
    /// The largest certified bound so far; 0 where labels are there.
    package private(set) var largestBound = 0.0
    private var errors: ErrorSummary<ErrorMeasure>
    private var estimates = ErrorSummary<ErrorEstimate.Measure>()
    private var sum = 0.0
    private let writer: AtomicFile.Writer
    private let hasLabels: Bool
    private let hasSpread: Bool
    private let hasCoverage: Bool

    /// Begins the file of all samples at `path`; it appears when it is committed.
    ///
    /// - Parameters:
    ///   - spread: The name of a last column: of what predictions have beside their fields.
    ///   - coverage: What the summary's bounds for new samples are to hold with; nil for none.
    package init(_ path: String, hasLabels: Bool, spread: String?, coverage: Coverage? = nil) throws
    {
        self.hasLabels = hasLabels
        errors = ErrorSummary(coverage: coverage)
        hasCoverage = coverage != nil
        hasSpread = spread != nil
        writer = try AtomicFile.Writer(path)
        let measures =
            hasLabels ? ErrorTable.measures : ErrorEstimate.Measure.allCases.map(\.rawValue)
        try append(
            ["id", "n_sources", "part", "rank"] + measures + (spread.map { [$0] } ?? []))
    }

    /// The columns of errors.
    package static let measures = ErrorMeasure.allCases.map(\.rawValue)

    /// Whether errors have a column `name`; the paper's R1 to R4 may be written small or large.
    package static func isMeasure(_ name: String) -> Bool {
        measures.contains(name)
            || ErrorMeasure.allCases.contains { $0.isOfRegion && $0.rawValue.uppercased() == name }
    }

    /// The mean over the samples of their mean absolute errors, or of the estimates of these.
    package var mae: Double { sum / Double(max(1, count)) }

    /// Adds a sample; `spread` is what goes into the last column.
    package mutating func add(_ sample: EvaluatedSample, _ judgement: Judgement, spread: Double?)
        throws
    {
        count += 1
        var fields = [sample.id.description, "\(sample.sources)"]
        fields += sample.place.map { [$0.part.rawValue, "\($0.rank)"] } ?? ["", ""]
        switch judgement {
        case .errors(let found):
            errors.add(found, sources: sample.sources)
            sum += found[.mae] ?? 0
            fields += ErrorMeasure.allCases.map { found[$0].map(ErrorTable.digits) ?? "" }
        case .estimate(let estimate):
            for measure in ErrorEstimate.Measure.allCases {
                estimates.add(estimate[measure], of: measure, sources: sample.sources)
            }
            sum += estimate[.mae]
            largestBound = max(largestBound, estimate[.bound])
            fields += ErrorEstimate.Measure.allCases.map {
                $0 == .bound ? BoundText.digits(estimate[$0]) : ErrorTable.digits(estimate[$0])
            }
        }
        if hasSpread { fields.append(spread.map(ErrorTable.digits) ?? "") }
        try append(fields)
    }

    /// Numbers of sources that have too few samples for a bound.
    package var uncovered: [Int] {
        hasCoverage
            ? errors.lines.filter { $0.measure == .mae && $0.covered == nil }.compactMap(\.sources)
            : []
    }

    /// Makes the file appear; returns its size and its SHA-256.
    package func commit() throws -> FileDigest { try writer.commit() }

    /// The summary as text.
    package var summaryText: String {
        hasLabels ? text(errors) : text(estimates)
    }

    private func text<Measure: RawRepresentable<String>>(
        _ summary: ErrorSummary<Measure>
    ) -> String {
        var lines = [
            "n_sources,measure,samples,mean,median,p95,p99,max" + (hasCoverage ? ",covered" : "")
        ]
        for line in summary.lines {
            let isBound = line.measure.rawValue == ErrorEstimate.Measure.bound.rawValue
            let statistics = [line.mean, line.median, line.p95, line.p99, line.largest].map {
                isBound ? BoundText.digits($0) : ErrorTable.digits($0)
            }
            let covered = hasCoverage ? [line.covered.map { BoundText.digits($0) } ?? ""] : []
            lines.append(
                ([line.sources.map { "\($0)" } ?? "all", line.measure.rawValue, "\(line.samples)"]
                    + statistics + covered).joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private mutating func append(_ fields: [String]) throws {
        try writer.append(Array((fields.joined(separator: ",") + "\n").utf8))
    }

    /// Nine significant digits, which tell any two floats apart.
    package static func digits(_ value: Double) -> String { String(format: "%.9g", value) }
}
