package import Documents
package import Fields
internal import Foundation
internal import Shards

/// How and where a stage was run: what may differ between two runs that make the same manifest.
package struct Provenance {
    package static let fileName = "provenance.json"

    package let json: JSON

    package init(
        stage: Stage, manifest: Digest, pipeline: String, threads: Int, started: Stopwatch,
        seconds: Double, workSeconds: Double, samples: Int, importPath: String?,
        extra: [String: JSON] = [:]
    ) {
        var members = extra
        members.merge([
            "format": .string("steadyset-provenance"), "version": .integer(1),
            "stage": .string(stage.rawValue), "manifest": .string(manifest.description),
            "pipeline": .string(pipeline), "steadyset": .string(Release.version),
            "libraries": .object(Libraries.versions.mapValues(JSON.string)),
            "host": .string(ProcessInfo.processInfo.hostName),
            "system": .string(ProcessInfo.processInfo.operatingSystemVersionString),
            "threads": .integer(threads), "started": .string(started.date.ISO8601Format()),
            "finished": .string(started.date.addingTimeInterval(max(0, seconds)).ISO8601Format()),
            "seconds": .number(seconds), "work_seconds": .number(workSeconds),
            "samples": .integer(samples),
            "samples_per_second": workSeconds > 0 ? .number(Double(samples) / workSeconds) : .null,
        ]) { $1 }
        if let importPath { members["import"] = .string(importPath) }
        json = .object(members)
    }

    package func write(to folder: String) throws {
        let path = "\(folder)/\(Provenance.fileName)"
        try Schema.named("provenance").check(json, source: path)
        try AtomicFile.write(json.prettyBytes, to: path)
    }
}

/// The release of this program.
public enum Release {
    /// Semantic version.
    public static let version = "0.1.0"
}
