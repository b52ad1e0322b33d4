public import Documents
internal import Fields
internal import Foundation
internal import Shards

/// The lineage of a dataset's versions: what each round added and dropped, by which rule and model.
public struct VersionLog {
    /// One version.
    private struct Entry {
        let manifest: Manifest
        /// Tags, sorted.
        let tags: [String]
        /// Bytes of the files that its parent does not have.
        let bytes: Int
    }

    private let dataset: Dataset
    private let entries: [Entry]
    /// Files that cannot be read as versions of this dataset, and why.
    private let broken: [String]

    /// Reads the manifests of all versions.
    ///
    /// - Throws: `DatasetError` where there is no dataset or its base or tags cannot be read.
    public init(path: String) throws {
        let dataset = try Dataset(reference: path).at(nil)
        let versions = Versions(of: dataset)
        let tags = try versions.tags()
        let base = try versions.baseManifest()
        var broken: [String] = []
        var manifests = [base]
        for short in versions.shortIDs() {
            do {
                if let found = try versions.lineage(of: try versions.manifest(short: short).id).last
                {
                    manifests.append(found)
                }
            } catch { broken.append(DatasetError(error).message) }
        }
        let byID = Dictionary(manifests.map { ($0.id, $0) }) { first, _ in first }
        entries = manifests.map { manifest in
            let inherited = manifest.parent.flatMap { byID[$0] }?.files.count ?? 0
            return Entry(
                manifest: manifest, tags: tags.filter { $0.value == manifest.id }.keys.sorted(),
                bytes: manifest.files.dropFirst(inherited).reduce(0) { $0 + $1.bytes }
                    + (manifest.layout["locations"]?["bytes"]?.int ?? 0)
                    + (manifest.layout["choices"]?["bytes"]?.int ?? 0))
        }
        self.dataset = dataset
        self.broken = broken
    }

    private func children(of entry: Entry) -> [Entry] {
        entries.filter { $0.manifest.parent == entry.manifest.id }.sorted {
            (VersionLog.number($0), $0.manifest.id.short) < (
                VersionLog.number($1), $1.manifest.id.short
            )
        }
    }

    private static func number(_ entry: Entry) -> Int {
        entry.manifest.content["round"]?["number"]?.int ?? 0
    }

    /// A score with three significant digits.
    package static func digits(_ score: Double) -> String { String(format: "%.3g", score) }

    /// The number of samples that a round's table of them has.
    package static func count(_ table: JSON?) -> Int {
        (table?.array ?? []).reduce(0) { $0 + ($1["samples"]?.int ?? 0) }
    }

    /// The versions for machines, parents before their children.
    public var json: JSON {
        var list: [JSON] = []
        func append(_ entry: Entry) {
            let (manifest, content) = (entry.manifest, entry.manifest.content)
            list.append(
                .object([
                    "id": .string(manifest.id.description),
                    "tags": .array(entry.tags.map(JSON.string)),
                    "parent": content["parent"] ?? .null, "samples": content["samples"] ?? .null,
                    "bytes": .integer(entry.bytes), "round": content["round"] ?? .null,
                ]))
            for child in children(of: entry) { append(child) }
        }
        append(entries[0])
        return .object([
            "dataset": .string(dataset.root), "versions": .array(list),
            "broken": .array(broken.map(JSON.string)),
        ])
    }

    /// The versions as a tree.
    public var text: String {
        var lines = [dataset.root]
        func append(_ entry: Entry, _ first: String, _ rest: String) {
            let (manifest, content) = (entry.manifest, entry.manifest.content)
            let names = manifest.parent == nil ? [Versions.base] + entry.tags : entry.tags
            lines.append(
                "\(first)\((names + [manifest.id.short]).joined(separator: "  "))  "
                    + "\(content["samples"]?.int ?? 0) samples, "
                    + "\(Words.bytes(entry.bytes))\(manifest.parent == nil ? "" : " more")")
            let children = children(of: entry)
            let bar = children.isEmpty ? "   " : "│  "
            for line in VersionLog.words(manifest) { lines.append(rest + bar + line) }
            for (number, child) in children.enumerated() {
                let isLast = number == children.count - 1
                append(child, rest + (isLast ? "└─ " : "├─ "), rest + (isLast ? "   " : "│  "))
            }
        }
        append(entries[0], "", "")
        lines += broken.map { "BROKEN  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What a round did and why.
    private static func words(_ manifest: Manifest) -> [String] {
        guard let round = manifest.content["round"] else { return [] }
        let counts = [("added", "added"), ("taken", "taken"), ("dropped", "dropped")].map {
            key, word in "\(count(round[key])) \(word)"
        }
        let selection = round["selection"]?.string ?? ""
        let size = (manifest.content["selections"]?.array ?? []).first {
            $0["name"]?.string == selection
        }?["samples"]?.int
        var why = "by \(round["acquisition"]?.string ?? "")"
        if let curation = round["curation"], let score = curation["score"]?.string {
            why += " of \(score)" + (curation["by"]?.string.map { " (\($0))" } ?? "")
        }
        let judge = round["judge"]
        if let model = judge?["model"]?.string { why += ", model \(model.prefix(16))" }
        if judge?["command"] != nil { why += ", judged by a command" }
        if let scores = judge?["scores"]?.string { why += ", scores \(scores.prefix(16))" }
        if let mean = round["mean_score"]?.double {
            why += ", mean score " + "\(VersionLog.digits(mean))"
        }
        if let all = round["mean_candidate_score"]?.double, let count = round["candidates"]?.int {
            why += " (of \(count) candidates \(VersionLog.digits(all)))"
        }
        return [
            "round \(round["number"]?.int ?? 0) after '\(round["from"]?.string ?? "")': "
                + "\(counts.joined(separator: ", ")); \(selection) has \(size ?? 0) samples", why,
        ]
    }
}
