internal import Documents
package import Fields
internal import Foundation
package import Shards
package import Solving

/// The record of a finished step: what it wrote, and the fingerprint of everything that determined
/// it.
package struct StepRecord {
    package var step: String
    package var fingerprint: Digest
    /// Files by their path in the dataset.
    package var files: [Manifest.File]
    package var leftOut: [UncertifiedSample] = []
    /// How many labels each way made; nil of steps that solve nothing, and in earlier records.
    package var ways: [Solution.Way: Int]?
    /// Of the samples of a part; nil of steps that solve nothing or no training samples, and in
    /// earlier records.
    package var statistics: SampleStatistics?
    /// Seconds of work.
    package var seconds: Double

    /// The path of the record of `step`, relative to its dataset.
    package static func path(of step: String) -> String {
        "\(Dataset.privateName)/steps/\(step).json"
    }

    private static func path(_ step: String, in dataset: Dataset) -> String {
        dataset.path(path(of: step))
    }

    /// The record of `step`, or nil where there is none that can be read: the step is then simply
    /// done again.
    package init?(step: String, in dataset: Dataset) {
        guard
            let json = try? JSON.parse(
                file: StepRecord.path(step, in: dataset), followingLinks: false),
            let schema = try? Schema.named("step"), schema.violations(in: json).isEmpty,
            StepRecord.isWhole(json),
            let fingerprint = json["fingerprint"]?.string.flatMap(Digest.init(hex:))
        else { return nil }
        self.step = step
        self.fingerprint = fingerprint
        files = (json["files"]?.array ?? []).compactMap { file in
            guard let path = file["path"]?.string, let bytes = file["bytes"]?.int,
                let samples = file["samples"]?.int,
                let sha256 = file["sha256"]?.string.flatMap(Digest.init(hex:))
            else { return nil }
            return Manifest.File(path: path, bytes: bytes, sha256: sha256, samples: samples)
        }
        leftOut = (json["left_out"]?.array ?? []).compactMap { try? UncertifiedSample($0, "") }
        ways = json["methods"].flatMap(WayCounts.read)
        statistics = json["statistics"].flatMap { try? SampleStatistics($0, "") }
        seconds = json["seconds"]?.double ?? 0
    }

    /// Whether a record is what was written; one of an earlier release has no digest.
    private static func isWhole(_ json: JSON) -> Bool {
        guard var members = json.object, let digest = members.removeValue(forKey: "digest") else {
            return true
        }
        return digest.string == Digest(of: JSON.object(members).canonicalBytes).description
    }

    package init(
        step: String, fingerprint: Digest, files: [Manifest.File],
        leftOut: [UncertifiedSample] = [], ways: [Solution.Way: Int]? = nil,
        statistics: SampleStatistics? = nil, seconds: Double
    ) {
        self.step = step
        self.fingerprint = fingerprint
        self.files = files
        self.leftOut = leftOut
        self.ways = ways
        self.statistics = statistics
        self.seconds = seconds
    }

    /// Whether every file that the step wrote is still there with its size, and is no link.
    package func isIntact(in dataset: Dataset) -> Bool {
        files.allSatisfy { file in
            guard
                let path = try? SafePath.resolve(
                    file.path, in: dataset.root, followingLink: false),
                let size = PathEntry.size(of: path)
            else { return false }
            return size == file.bytes
        }
    }

    /// Writes the record; with it the step is done.
    package func write(in dataset: Dataset) throws {
        var members: [String: JSON] = [
            "format": .string("steadyset-step"), "version": .integer(1), "step": .string(step),
            "fingerprint": .string(fingerprint.description),
            "files": .array(
                files.map { file in
                    .object([
                        "path": .string(file.path), "bytes": .integer(file.bytes),
                        "sha256": .string(file.sha256.description),
                        "samples": .integer(file.samples),
                    ])
                }), "left_out": .array(leftOut.map(\.json)), "seconds": .number(seconds),
        ]
        members["methods"] = ways.map(WayCounts.json)
        members["statistics"] = statistics?.json
        members["digest"] = .string(Digest(of: JSON.object(members).canonicalBytes).description)
        let json = JSON.object(members)
        let path = StepRecord.path(step, in: dataset)
        try Schema.named("step").check(json, source: path)
        try AtomicFile.write(json.prettyBytes, to: path)
    }

    /// Forgets a step, so that nothing takes its files for finished work while they change.
    package static func remove(_ step: String, in dataset: Dataset) throws {
        try AtomicFile.withdraw(path(step, in: dataset))
    }

    /// The steps of `stage` that have a record.
    ///
    /// - Throws: `DatasetError` of kind `.cannotCreate` where the folder is there and cannot be
    ///   read.
    package static func steps(_ stage: Stage, in dataset: Dataset) throws(DatasetError) -> [String]
    {
        try PathEntry.names(in: dataset.stepsFolder).filter {
            $0.hasPrefix("\(stage.rawValue)-") && $0.hasSuffix(".json")
        }.map {
            String($0.dropLast(5))
        }
    }
}
