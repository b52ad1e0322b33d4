internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards

/// Errors of predictions as text: a line a sample, and a summary.
struct ErrorTable {
    /// Errors of the samples so far, by number of sources and region.
    private(set) var summary = ErrorSummary()
    /// Samples so far.
    private(set) var count = 0
    private var sum = 0.0
    private let writer: AtomicFile.Writer
    private var hasher = Digest.Hasher()
    private let hasVariance: Bool

    /// Begins the file of all samples at `path`; it appears when it is committed.
    init(_ path: String, hasVariance: Bool) throws {
        self.hasVariance = hasVariance
        writer = try AtomicFile.Writer(path)
        let columns = ["id", "n_sources", "part", "rank", "mae", "mse", "max"] + ErrorTable.regions.map(\.rawValue)
        try append(columns + (hasVariance ? ["variance"] : []))
    }

    private static let regions = Region.allCases.filter { $0 != .all }

    /// The mean over the samples of their mean absolute errors.
    var mae: Double { sum / Double(max(1, count)) }

    /// Adds a sample; `variance` is the mean over sites of the variance of its predictions.
    mutating func add(_ sample: PackedSamples.Sample, _ errors: FieldErrors, variance: Double?) throws {
        summary.add(errors, sources: Int(sample.sources))
        let mae = errors[.all] ?? 0
        sum += mae
        count += 1
        var fields = [sample.id.description, "\(sample.sources)", sample.part.rawValue, "\(sample.rank)"]
        fields += [mae, errors.mse, errors.largest].map(ErrorTable.digits)
        fields += ErrorTable.regions.map { errors[$0].map(ErrorTable.digits) ?? "" }
        if hasVariance { fields.append(variance.map(ErrorTable.digits) ?? "") }
        try append(fields)
    }

    /// Makes the file appear; returns its SHA-256.
    func commit() throws -> Digest {
        try writer.commit()
        return hasher.finish()
    }

    /// The summary as text.
    var summaryText: String {
        var lines = ["n_sources,region,samples,mean,median,p95,p99,max"]
        for line in summary.lines {
            let statistics = [line.mean, line.median, line.p95, line.p99, line.largest].map(ErrorTable.digits)
            lines.append(
                ([line.sources.map { "\($0)" } ?? "all", line.region.rawValue, "\(line.samples)"] + statistics)
                    .joined(separator: ","))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private mutating func append(_ fields: [String]) throws {
        let line = Array((fields.joined(separator: ",") + "\n").utf8)
        hasher.update(line)
        try writer.append(line)
    }

    /// Nine significant digits, which tell any two floats apart.
    static func digits(_ value: Double) -> String { String(format: "%.9g", value) }
}
