internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards
internal import Solving
internal import Verification

/// What a person wants to know of a dataset, a stage or a shard, at a glance.
struct Overview: Sendable {
    /// Everything, for machines.
    let json: JSON
    /// The lines for a person.
    let text: String

    /// Looks at a dataset's folder, a stage's folder, or a shard file; reads no chunk.
    init(path: String) throws {
        if InputFile.isFolder(path) == false {
            (json, text) = try Overview.shard(path)
        } else {
            let (dataset, stages) = try Dataset.locate(path)
            let manifests = try stages.map { try dataset.manifest($0) }
            json = .object([
                "dataset": .string(dataset.root),
                "version": dataset.version.map { .string($0.description) } ?? .null,
                "stages": .array(manifests.map(Overview.summary)),
            ])
            text = try Overview.text(dataset, manifests)
        }
    }

    /// A stage for machines: its manifest without the list of files.
    private static func summary(_ manifest: Manifest) -> JSON {
        .object([
            "stage": .string(manifest.stage), "id": .string(manifest.id.description),
            "parameters": manifest.parameters, "content": manifest.content,
            "layout": manifest.layout,
            "files": .integer(manifest.files.count),
            "bytes": .integer(manifest.files.reduce(0) { $0 + $1.bytes }),
        ])
    }

    private static func text(_ dataset: Dataset, _ manifests: [Manifest]) throws -> String {
        var lines = ["dataset  \(dataset.root)"]
        if let version = dataset.version {
            lines.append("version  \(version)")
        } else {
            let others = Versions(of: dataset).shortIDs().count
            if others > 0 {
                lines.append("versions \(others) beside this, the base: 'steadyset log' shows them")
            }
        }
        if let manifest = manifests.first(where: { $0.stage == "pack" }) ?? manifests.first,
            let physics = try physics(manifest) ?? manifests.compactMap({ try physics($0) }).first
        {
            lines += physics.words
        }
        if let parameters = manifests.first(where: { $0.parameters["tolerance"] != nil })?
            .parameters
        {
            let accuracy = Accuracy(json: parameters)
            let grid = accuracy.gridBits.map { "multiples of 2^-\($0)" } ?? "plain Float32"
            lines.append("labels   certified to \(accuracy.tolerance), \(grid)")
        }
        if let design = manifests.first(where: { $0.stage == "sample" })?.parameters["design"] {
            let design = try Design(json: design)
            let shapes =
                design.json["radius"].map { "radius \($0.canonicalText)" }
                ?? "shapes \(design.json["shapes"]?.canonicalText ?? "")"
            lines.append(
                "design   seed \(design.seed), \(shapes), values "
                    + "\(design.values.json.canonicalText)")
        }
        if let strata = manifests.compactMap({ $0.content["strata"]?.array }).last {
            lines.append("strata   \(describe(strata: strata))")
        }
        lines.append("")
        for manifest in manifests {
            let bytes = manifest.files.reduce(0) { $0 + $1.bytes }
            let name = manifest.stage.padding(toLength: 8, withPad: " ", startingAt: 0)
            let samples = manifest.content["samples"]?.int.map { "\($0) samples, " } ?? ""
            lines.append(
                "\(name) \(samples)\(manifest.files.count) "
                    + "\(manifest.files.count == 1 ? "file" : "files"), \(Words.bytes(bytes))\n   "
                    + "      id \(manifest.id)"
            )
            if let copies = manifest.content["copies"]?.array, !copies.isEmpty {
                lines.append(
                    "         \(copies.count) samples left out: earlier ones are the "
                        + "same problem")
            }
            if let left = manifest.content["left_out"]?.array, !left.isEmpty {
                lines.append(
                    "         \(left.count) samples left out: their bound is above the "
                        + "tolerance")
            }
            if let bound = manifest.content["largest_error_bound"]?.double, manifest.stage == "pack"
            {
                lines.append("         largest error bound \(bound)")
            }
        }
        for manifest in manifests { lines += learned(manifest) }
        if let selections = manifests.compactMap({ $0.content["selections"]?.array }).last {
            lines += ["", "selections"] + (try table(selections))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What a training or an evaluation came to.
    private static func learned(_ manifest: Manifest) -> [String] {
        let (parameters, content) = (manifest.parameters, manifest.content)
        switch manifest.stage {
        case Stage.train.rawValue:
            let model = parameters["model"]
            let words = [
                "",
                "model    \(model?["kind"]?.string ?? ""), width \(model?["width"]?.double ?? 0), "
                    + "\(content["parameters"]?.int ?? 0) parameters",
                "trained  \(content["epochs"]?.int ?? 0) epochs on "
                    + "'\(parameters["selection"]?.string ?? "")', loss "
                    + "\(parameters["loss"]?.canonicalText ?? ""), prefactor "
                    + "\(parameters["prefactor"]?.canonicalText ?? "")",
            ]
            let epoch = content["best_epoch"]?.int ?? 0
            let judged = content["judged"]?.array ?? []
            guard judged.indices.contains(epoch - 1), let value = judged[epoch - 1].double else {
                return words
            }
            let by =
                "\(parameters["best_by"]?.string ?? "") of "
                + "\(parameters["judge"]?.string ?? "")"
            return words + ["best     epoch \(epoch), \(by) \(value)"]
        case Stage.evaluate.rawValue:
            let what =
                parameters["selection"]?.string.map { "samples of '\($0)'" } ?? "configurations"
            let result =
                if let bound = content["largest_bound"] {
                    "estimated mean absolute error "
                        + "\(content["estimate_mae"]?.double ?? .infinity), no error above "
                        + "\(bound.double ?? .infinity)"
                } else {
                    "mean absolute error \(content["mae"]?.double ?? 0)"
                }
            return ["", "judged   \(content["samples"]?.int ?? 0) \(what), \(result)"]
        default: return []
        }
    }

    private static func physics(_ manifest: Manifest) throws -> Physics? {
        let json =
            manifest.parameters["physics"] ?? manifest.parameters["design"]?["physics"]
            ?? manifest.parameters["import"]?["physics"]
        return try json.map { try Physics(json: $0) }
    }

    /// `1…20 sources, 25 samples each`, or one by one where they differ.
    private static func describe(strata: [JSON]) -> String {
        let sources = strata.compactMap { $0["sources"]?.int }
        let samples = strata.compactMap { $0["samples"]?.int }
        guard let first = sources.first, let last = sources.last else { return "none" }
        if Set(samples).count == 1, sources == Array(first...last) {
            return "\(first == last ? "\(first)" : "\(first) to \(last)") sources, \(samples[0]) "
                + "samples each"
        }
        let pairs = zip(sources, samples).map { "\($0): \($1)" }
        return "samples by number of sources " + pairs.prefix(24).joined(separator: ", ")
            + (pairs.count > 24 ? ", …" : "")
    }

    /// Subsets and windows line by line; the selections of one stratum, which are many, in one line
    /// a part.
    private static func table(_ selections: [JSON]) throws -> [String] {
        let all = try selections.map { try Selection(json: $0) }
        var lines = all.filter { $0.stratum == nil }.map { selection in
            let name = selection.name.padding(toLength: 20, withPad: " ", startingAt: 0)
            let ranges = selection.ranges.count == 1 ? "" : " in \(selection.ranges.count) ranges"
            return
                "  \(name) \(selection.samples) samples, ranks \(selection.span.lowerBound) to "
                + "\(selection.span.upperBound - 1)\(ranges)"
        }
        for part in Sampling.Split.Part.allCases {
            let strata = all.filter { $0.part == part && $0.stratum != nil }
            if let first = strata.first, let last = strata.last {
                lines.append("  \(first.name) … \(last.name)  one for each number of sources")
            }
        }
        return lines
    }

    private static func shard(_ path: String) throws -> (JSON, String) {
        let kind = try FileKind(of: path)
        guard kind == .hdf5 else {
            throw DatasetError(
                .data,
                "\(path) \(kind.words). 'show' takes a dataset's folder, DATASET@VERSION, a "
                    + "stage's folder, or a shard (HDF5)"
            )
        }
        let reader = try ShardReader(path: path)
        var physics: Physics?
        if case .string(let text)? = reader.attributes["physics"] {
            physics = try Physics(
                json: try JSON.parse(Array(text.utf8), source: "\(path), attribute 'physics'"))
        }
        let bytes = PathEntry.size(of: path) ?? 0
        let largest = reader.errorBounds.max() ?? 0
        let raw = reader.count * reader.lattice.count * 8
        let json = JSON.object([
            "shard": .string(path), "kind": .string(reader.kind.rawValue),
            "samples": .integer(reader.count),
            "lattice": .array([.integer(reader.lattice.rows), .integer(reader.lattice.columns)]),
            "physics": physics?.json ?? .null, "bytes": .integer(bytes),
            "largest_error_bound": .number(largest),
            "ranks": reader.ranks.flatMap { ranks in
                ranks.first.flatMap { first in
                    ranks.last.map { .array([.integer(Int(first)), .integer(Int($0))]) }
                }
            } ?? .null,
            "ids": .array(reader.ids.prefix(1000).map { .string($0.description) }),
        ])
        var lines = ["\(reader.kind == .shard ? "shard" : "part")    \(path)"]
        if let physics { lines += physics.words }
        lines.append(
            "samples  \(reader.count), \(Words.bytes(bytes)), "
                + "\(Words.digits(Double(raw) / Double(max(1, bytes)))) times smaller than raw x "
                + "and y")
        if !reader.codec.isStandard { lines.append("codec    \(reader.codec.name)") }
        if let ranks = reader.ranks, let first = ranks.first, let last = ranks.last {
            lines.append("ranks    \(first) to \(last)")
        }
        lines.append("bounds   at most \(largest)")
        lines.append("first    " + reader.ids.prefix(3).map(\.description).joined(separator: " "))
        return (json, lines.joined(separator: "\n") + "\n")
    }
}
