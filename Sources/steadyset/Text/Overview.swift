internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
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
            let manifests = try stages.map { (stage: $0, manifest: try dataset.manifest($0)) }
            json = .object([
                "dataset": .string(dataset.root),
                "version": dataset.version.map { .string($0.description) } ?? .null,
                "stages": .array(manifests.map { Overview.summary($0.manifest) }),
                "methods": Overview.ways(dataset).map(WayCounts.json) ?? .null,
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

    /// How many labels each way made, where the solve stage's provenance is there and says so.
    private static func ways(_ dataset: Dataset) -> [Solution.Way: Int]? {
        let path = "\(dataset.folder(.solve))/\(Provenance.fileName)"
        return (try? JSON.parse(file: path))?["methods"].flatMap(WayCounts.read)
    }

    private static func text(_ dataset: Dataset, _ all: [(stage: Stage, manifest: Manifest)]) throws
        -> String
    {
        var stages = StageManifests()
        for (stage, manifest) in all {
            let name =
                stage == .pack ? manifest.packPath : "\(stage.rawValue)/\(Manifest.fileName)"
            try stages.add(manifest, of: stage, path: dataset.path(name))
        }
        var lines = ["dataset  \(dataset.root)"]
        if let version = dataset.version {
            lines.append("version  \(version)")
        } else {
            let others = try Versions(of: dataset).shortIDs().count
            if others > 0 {
                lines.append("versions \(others) beside this, the base: 'steadyset log' shows them")
            }
        }
        if let physics = stages.pack?.physics ?? stages.sample?.origin.physics {
            lines += physics.words
        }
        if let accuracy = stages.solve?.accuracy ?? stages.pack?.accuracy {
            let grid = accuracy.gridBits.map { "multiples of 2^-\($0)" } ?? "plain Float32"
            let method = accuracy.method == .auto ? "" : ", method \(accuracy.method.rawValue)"
            lines.append("labels   certified to \(accuracy.tolerance), \(grid)\(method)")
            if let ways = ways(dataset) { lines.append("methods  \(WayCounts.words(ways))") }
        }
        if case .drawn(let design)? = stages.sample?.origin {
            let json = design.json
            let shapes =
                json["radius"].map { "radius \($0.canonicalText)" }
                ?? "shapes \(JSON.array(design.shapes.map(\.json)).canonicalText)"
            lines.append(
                "design   seed \(design.seed), \(shapes), values "
                    + "\(design.values.json.canonicalText)")
        }
        if let strata = stages.pack?.strata ?? stages.solve?.strata ?? stages.sample?.strata {
            lines.append("strata   \(describe(strata))")
        }
        lines.append("")
        for (stage, manifest) in all { lines += describe(stage, manifest, stages) }
        if let train = stages.train { lines += describe(train) }
        if let evaluate = stages.evaluate { lines += describe(evaluate) }
        if let selections = stages.pack?.selections ?? stages.split?.selections {
            lines += ["", "selections"] + table(selections)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// What a stage holds.
    private static func describe(_ stage: Stage, _ manifest: Manifest, _ stages: StageManifests)
        -> [String]
    {
        let bytes = manifest.files.reduce(0) { $0 + $1.bytes }
        let name = stage.rawValue.padding(toLength: 8, withPad: " ", startingAt: 0)
        let samples: Int? =
            switch stage {
            case .sample: stages.sample?.samples
            case .solve: stages.solve?.samples
            case .pack: stages.pack?.samples
            case .train: stages.train?.samples
            case .evaluate: stages.evaluate?.samples
            case .split, .resample: nil
            }
        var lines = [
            "\(name) \(samples.map { "\($0) samples, " } ?? "")\(manifest.files.count) "
                + "\(manifest.files.count == 1 ? "file" : "files"), \(Words.bytes(bytes))\n       "
                + "  id \(manifest.id)"
        ]
        if stage == .sample, let copies = stages.sample?.copies.count, copies > 0 {
            lines.append(
                "         \(copies) samples left out: earlier ones are the same problem")
        }
        if stage == .solve, let left = stages.solve?.leftOut.count, left > 0 {
            lines.append(
                "         \(left) samples left out: their bound is above the tolerance")
        }
        if stage == .pack, let bound = stages.pack?.largestErrorBound {
            lines.append("         largest error bound \(bound)")
        }
        return lines
    }

    /// What a training came to.
    private static func describe(_ train: TrainManifest) -> [String] {
        let training = train.training
        let words = [
            "",
            "model    \(training.model.kind.rawValue), width \(training.model.width), "
                + "\(train.parameterCount) parameters",
            "trained  \(train.epochs) epochs on '\(training.selection)', loss "
                + "\(training.loss.json.canonicalText), prefactor "
                + training.prefactor.json.canonicalText,
        ]
        guard train.judged.indices.contains(train.bestEpoch - 1),
            let value = train.judged[train.bestEpoch - 1]
        else { return words }
        let by = "\(training.bestBy.rawValue) of \(training.judge.rawValue)"
        return words + ["best     epoch \(train.bestEpoch), \(by) \(value)"]
    }

    /// What an evaluation came to.
    private static func describe(_ evaluate: EvaluateManifest) -> [String] {
        let what = evaluate.parameters.selection.map { "samples of '\($0)'" } ?? "configurations"
        let result =
            switch evaluate.result {
            case .measured(let mae): "mean absolute error \(mae)"
            case .estimated(let mae, let bound):
                "estimated mean absolute error \(mae), no error above \(bound)"
            }
        return ["", "judged   \(evaluate.samples) \(what), \(result)"]
    }

    /// `1…20 sources, 25 samples each`, or one by one where they differ.
    private static func describe(_ strata: [Stratum]) -> String {
        guard let first = strata.first, let last = strata.last else { return "none" }
        let areAlike = strata.allSatisfy { $0.samples == first.samples }
        if areAlike, strata.map(\.sources) == Array(first.sources...last.sources) {
            let range =
                first.sources == last.sources
                ? "\(first.sources)" : "\(first.sources) to \(last.sources)"
            return "\(range) sources, \(first.samples) samples each"
        }
        let pairs = strata.map { "\($0.sources): \($0.samples)" }
        return "samples by number of sources " + pairs.prefix(24).joined(separator: ", ")
            + (pairs.count > 24 ? ", …" : "")
    }

    /// Subsets and windows line by line; the selections of one stratum, which are many, in one line
    /// a part.
    private static func table(_ all: [Selection]) -> [String] {
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
