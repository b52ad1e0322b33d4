public import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// The lineage of a dataset's versions: what each round added and dropped, by which rule and model.
public struct VersionLog {
    /// One version.
    private struct Entry {
        let manifest: PackManifest
        let id: Digest
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
        for short in try versions.shortIDs() {
            do {
                if let found = try versions.lineage(of: try versions.manifest(short: short).id).last
                {
                    manifests.append(found)
                }
            } catch { broken.append(DatasetError(error).message) }
        }
        let known = manifests.map { (id: $0.id, manifest: $0) }
        let byID = Dictionary(known.map { ($0.id, $0.manifest) }) { first, _ in first }
        entries = known.map { id, manifest in
            let inherited = manifest.parent.flatMap { byID[$0] }?.shards.count ?? 0
            return Entry(
                manifest: manifest, id: id, tags: tags.filter { $0.value == id }.keys.sorted(),
                bytes: manifest.shards.dropFirst(inherited).reduce(0) { $0 + $1.file.bytes }
                    + manifest.companions.reduce(0) { $0 + $1.bytes })
        }
        self.dataset = dataset
        self.broken = broken
    }

    private func children(of entry: Entry) -> [Entry] {
        entries.filter { $0.manifest.parent == entry.id }.sorted {
            (VersionLog.number($0), $0.id.short) < (VersionLog.number($1), $1.id.short)
        }
    }

    /// The number of the round that made a version; 0 for the base.
    private static func number(_ entry: Entry) -> Int {
        entry.manifest.descent.map(\.round.number) ?? 0
    }

    /// A score with three significant digits.
    package static func digits(_ score: Double) -> String { String(format: "%.3g", score) }

    /// The versions for machines, parents before their children.
    public var json: JSON {
        var list: [JSON] = []
        func append(_ entry: Entry) {
            let descent = entry.manifest.descent
            list.append(
                .object([
                    "id": .string(entry.id.description),
                    "tags": .array(entry.tags.map(JSON.string)),
                    "parent": descent.map { .string($0.parent.description) } ?? .null,
                    "samples": .integer(entry.manifest.samples), "bytes": .integer(entry.bytes),
                    "round": descent?.round.json ?? .null,
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
            let manifest = entry.manifest
            let names = manifest.parent == nil ? [Versions.base] + entry.tags : entry.tags
            lines.append(
                "\(first)\((names + [entry.id.short]).joined(separator: "  "))  "
                    + "\(manifest.samples) samples, "
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
    private static func words(_ manifest: PackManifest) -> [String] {
        guard let round = manifest.descent?.round else { return [] }
        let counts = [(round.added, "added"), (round.taken, "taken"), (round.dropped, "dropped")]
            .map { "\($0.samples) \($1)" }
        let size = manifest.selections.first { $0.name == round.selection }?.samples
        var why = "by \(round.acquisition)"
        if let scoring = round.scoring {
            why += " of \(scoring.score)" + (scoring.column.map { " (\($0))" } ?? "")
        }
        switch round.judge {
        case .model(let digest): why += ", model \(digest.short)"
        case .command: why += ", judged by a command"
        case .scores(let digest): why += ", scores \(digest.short)"
        case nil: break
        }
        if let mean = round.meanScore { why += ", mean score \(VersionLog.digits(mean))" }
        if let pool = round.pool {
            why += " (of \(pool.candidates) candidates \(VersionLog.digits(pool.meanScore)))"
        }
        return [
            "round \(round.number) after '\(round.from)': \(counts.joined(separator: ", ")); "
                + "\(round.selection) has \(size ?? 0) samples", why,
        ]
    }
}
