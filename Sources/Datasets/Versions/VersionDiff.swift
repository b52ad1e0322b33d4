public import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// What differs between the training sets of two versions, and why.
public struct VersionDiff {
    /// A version and its training set.
    private struct Side {
        let name: String
        let id: Digest
        let expression: String
        /// The training set: numbers of sources by id.
        let training: [SampleID: Int]
        /// Number of samples of the version.
        let samples: Int
    }

    private let before: Side
    private let after: Side
    /// Samples that joined and that left the training set, ascending.
    private let joined: [SampleID]
    private let left: [SampleID]
    /// Samples that only one of the versions has.
    private let new: Int
    private let gone: Int
    /// Why they did, as far as versions say.
    private let reasons: [SampleID: ChosenSample]

    /// Compares the versions at two references.
    ///
    /// - Parameters:
    ///   - before: the first, or where it is the only one the version that is compared with its
    ///     parent.
    ///   - after: the other; a version of the first's dataset where it is no path.
    ///   - selection: the expression that is the training set of both; nil for what each version's
    ///     round chose. The base's is then what the other's first round started from, or else the
    ///     part `train`.
    public init(_ before: String, _ after: String?, selection: String? = nil) throws {
        let datasets = try VersionDiff.datasets(before, after)
        let lineages = try datasets.map { try Versions(of: $0).lineage(of: $0.version) }
        let stores = try zip(datasets, lineages).map { dataset, lineage in
            guard let manifest = lineage.last else {
                throw DatasetError(.noInput, "\(dataset.name): has no manifest")
            }
            return try PackedSamples(manifest, in: dataset.folder(.pack))
        }
        func side(_ number: Int) throws -> Side {
            let manifest = stores[number].manifest
            let first = lineages[1 - number].dropFirst().first?.descent?.round.from
            let id = manifest.id
            let isAncestor = lineages[1 - number].first?.id == id
            let expression =
                selection ?? manifest.descent?.round.selection
                ?? (isAncestor ? first : nil) ?? "train"
            let chosen = try stores[number].select(expression, of: .train)
            let tag = try Versions(of: datasets[number]).tags().filter { $0.value == id }
                .keys.min()
            let isBase = manifest.parent == nil
            let version = tag ?? (isBase ? Versions.base : id.short)
            return Side(
                name: "\(datasets[number].root)@\(version)",
                id: id, expression: expression,
                training: Dictionary(chosen.map { ($0.id, Int($0.sources)) }) { first, _ in first },
                samples: stores[number].samples.count)
        }
        let (old, fresh) = (try side(0), try side(1))
        self.before = old
        self.after = fresh
        joined = fresh.training.keys.filter { old.training[$0] == nil }.sorted()
        left = old.training.keys.filter { fresh.training[$0] == nil }.sorted()
        let ids = stores.map { Set($0.samples.map(\.id)) }
        new = ids[1].subtracting(ids[0]).count
        gone = ids[0].subtracting(ids[1]).count
        // The later version's word counts.
        var reasons: [SampleID: ChosenSample] = [:]
        for (dataset, lineage) in zip(datasets, lineages) {
            let shared = Set(lineages[0].map(\.id)).intersection(lineages[1].map(\.id))
            for manifest in lineage where !shared.contains(manifest.id) {
                guard let file = manifest.choices, let descent = manifest.descent else { continue }
                let table = try ChoiceTable(
                    path: try SafePath.resolve(file.path, in: dataset.folder(.pack)))
                guard Digest(of: table.bytes) == descent.choices else {
                    throw DatasetError(
                        .data,
                        "\(dataset.folder(.pack))/\(file.path): was altered or damaged: run "
                            + "'steadyset verify'")
                }
                for row in table.rows { reasons[row.choice.id] = row.choice }
            }
        }
        self.reasons = reasons
    }

    /// The two versions.
    private static func datasets(_ before: String, _ after: String?) throws -> [Dataset] {
        let first = try PackedSamples.locate(before)
        guard let after else {
            let lineage = try Versions(of: first).lineage(of: first.version)
            guard let parent = lineage.dropLast().last else {
                throw DatasetError(
                    .usage,
                    "\(before) has no parent to be compared with: name another version, "
                        + "DATASET@VERSION")
            }
            return [first.at(parent.parent == nil ? nil : parent.id), first]
        }
        // `diff DATASET@A B`: the second may be a version alone.
        let isVersion =
            InputFile.isFolder(after) == nil && !after.contains("@") && !after.contains("/")
        return [first, isVersion ? try first.at(version: after) : try PackedSamples.locate(after)]
    }

    /// The strata of either, ascending, with the numbers of samples: before, after, joined, left.
    private var strata: [(sources: Int, counts: [Int])] {
        let columns: [[Int]] = [
            Array(before.training.values), Array(after.training.values),
            joined.compactMap { after.training[$0] }, left.compactMap { before.training[$0] },
        ]
        return Set(columns.joined()).sorted().map { sources in
            (sources, columns.map { column in column.count { $0 == sources } })
        }
    }

    /// Numbers of the samples that joined by the rule that chose them, "-" where no version says.
    private var acquisitions: [(name: String, samples: Int)] {
        Dictionary(grouping: joined) { reasons[$0]?.acquisition ?? "-" }.map {
            ($0.key, $0.value.count)
        }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }

    /// The quantiles 0, ¼, ½, ¾ and 1 of the scores of the samples that joined; none where none has
    /// one.
    private var quantiles: [Double] {
        let scores = joined.compactMap { reasons[$0]?.score }.sorted()
        guard !scores.isEmpty else { return [] }
        // Linear between neighbours, as NumPy's default.
        return [0, 0.25, 0.5, 0.75, 1].map { share in
            let place = share * Double(scores.count - 1)
            let low = Int(place)
            let high = min(low + 1, scores.count - 1)
            return scores[low] + (scores[high] - scores[low]) * (place - Double(low))
        }
    }

    /// The comparison for machines.
    ///
    /// - Parameter ids: whether the samples are listed.
    public func json(ids: Bool) -> JSON {
        func side(_ side: Side) -> JSON {
            .object([
                "dataset": .string(side.name), "id": .string(side.id.description),
                "selection": .string(side.expression), "training": .integer(side.training.count),
                "samples": .integer(side.samples),
            ])
        }
        var members: [String: JSON] = [
            "before": side(before), "after": side(after), "joined": .integer(joined.count),
            "left": .integer(left.count), "new_samples": .integer(new),
            "gone_samples": .integer(gone),
            "strata": .array(
                strata.map {
                    .object([
                        "sources": .integer($0.sources), "before": .integer($0.counts[0]),
                        "after": .integer($0.counts[1]), "joined": .integer($0.counts[2]),
                        "left": .integer($0.counts[3]),
                    ])
                }),
            "acquisitions": .object(
                .init(uniqueKeysWithValues: acquisitions.map { ($0.name, .integer($0.samples)) })),
            "score_quantiles": .array(quantiles.map(JSON.number)),
        ]
        if ids {
            members["joined_ids"] = .array(joined.map { .string($0.description) })
            members["left_ids"] = .array(left.map { .string($0.description) })
        }
        return .object(members)
    }

    /// The comparison for a person.
    ///
    /// - Parameter ids: whether the samples are listed.
    public func text(ids: Bool) -> String {
        func pad(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        func side(_ word: String, _ side: Side) -> String {
            "\(word)  \(side.name), \(side.id.short): \(side.samples) samples, "
                + "\(side.training.count) of them in '\(side.expression)'"
        }
        var lines = [
            side("before", before), side("after ", after),
            "the training set: \(joined.count) joined, \(left.count) left, "
                + "\(after.training.count - joined.count) stay",
            "the dataset: \(new) samples new" + (gone == 0 ? "" : ", \(gone) not there any more"),
            "", ["sources", "before", "after", "joined", "left"].map { pad($0, 8) }.joined(),
        ]
        for row in strata {
            lines.append(([row.sources] + row.counts).map { pad("\($0)", 8) }.joined())
        }
        if !joined.isEmpty {
            lines += [
                "",
                "joined by  "
                    + acquisitions.map { "\($0.name) \($0.samples)" }.joined(separator: ", "),
            ]
        }
        if !quantiles.isEmpty {
            let names = ["least", "quarter", "median", "three quarters", "largest"]
            lines.append(
                "scores     "
                    + zip(names, quantiles).map { "\($0) \(VersionLog.digits($1))" }.joined(
                        separator: ", "))
        }
        if ids {
            lines.append("")
            for (sign, list) in [("+", joined), ("-", left)] {
                for id in list {
                    let reason = reasons[id]
                    let score = reason?.score.map { " \(VersionLog.digits($0))" } ?? ""
                    lines.append(
                        "\(sign) \(id)"
                            + (reason.map {
                                " \($0.origin.rawValue) \($0.acquisition)\(score)"
                            } ?? ""))
                }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
