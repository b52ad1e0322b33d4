package import Datasets
internal import Documents
package import Fields
internal import Parallel
package import Sampling
package import Shards

/// The samples that an export takes of a pack stage: in the dataset's order, by shard. Safe for
/// threads.
package final class ExportedSamples {
    /// A shard with samples that are taken.
    package struct Shard {
        /// Which of the manifest's files, and its entry.
        package let number: Int
        package let file: Manifest.File
        package let part: Split.Part
        /// Rows of the samples, ascending.
        package let rows: [Int]
    }

    /// One sample: which of `shards`, and which row of it, and its rank.
    package struct Place {
        package let shard: Int32
        package let row: Int32
        package let rank: Int
    }

    /// What was asked for.
    package let expression: SelectionExpression
    /// The shards that hold a sample, in the dataset's order.
    package let shards: [Shard]

    /// The dataset, with its version.
    package let dataset: Dataset
    private let packed: PackedShards

    /// The folder of the pack stage.
    package var folder: String { packed.folder }
    package var manifest: PackManifest { packed.manifest }
    package var physics: Physics { packed.physics }
    /// The manifest's selections.
    package var selections: [Selection] { manifest.selections }
    /// Number of samples.
    package var count: Int { shards.reduce(0) { $0 + $1.rows.count } }
    /// The coefficients that each sample has of its own.
    package var drawn: [ShardCoefficient.Dataset] { ShardCoefficient.drawn(under: physics) }
    package var lattice: Lattice { physics.lattice }

    /// Finds the samples of the dataset at `path`; reads the columns of every shard that may hold
    /// one.
    package init(_ path: String, selections texts: [String], needsFields: Bool = true) throws {
        let (dataset, stages) = try Dataset.locate(path)
        guard stages.contains(.pack) else {
            throw DatasetError(
                .noInput,
                "\(path) has no finished stage 'pack': run 'steadyset pack' or 'steadyset run' "
                    + "first")
        }
        let folder = dataset.folder(.pack)
        let manifest = try dataset.manifest(PackManifest.self)
        self.dataset = dataset
        guard !needsFields || manifest.codec.labels != nil else {
            throw DatasetError(
                .data,
                "\(folder) is packed with the codec '\(manifest.codec.name)', which holds no "
                    + "fields: unpack it first")
        }
        let packed = PackedShards(manifest, in: folder, keeping: 8)
        self.packed = packed
        let expression = SelectionExpression(
            anyOf: try texts.map { try SelectionExpression($0, among: manifest.selections) })
        self.expression = expression
        var shards: [Shard] = []
        for (number, listed) in manifest.shards.enumerated() {
            try Interruption.check()
            let part = listed.part
            guard expression.mayContain(part: part, ranks: listed.ranks) else { continue }
            let reader = try packed.open(number)
            let rows = (0..<reader.count).filter { row in
                expression.contains(
                    part: part, rank: Int(reader.ranks?[row] ?? 0),
                    sources: reader.sourceCounts[row])
            }
            if !rows.isEmpty {
                shards.append(Shard(number: number, file: listed.file, part: part, rows: rows))
            }
        }
        self.shards = shards
        guard !shards.isEmpty else {
            throw DatasetError(.data, "\(folder) has no sample in the selection '\(expression)'")
        }
    }

    /// Whether all samples of the dataset are taken.
    package var isWhole: Bool { count == manifest.samples }

    /// Whether every training sample of the dataset is taken, and there is one.
    package var hasAllTraining: Bool {
        func count(_ samples: [Int]) -> Int { samples.reduce(0, +) }
        let all = count(manifest.shards.filter { $0.part == .train }.map(\.file.samples))
        return all > 0 && all == count(shards.filter { $0.part == .train }.map(\.rows.count))
    }

    /// Returns the reader of a shard; the last few stay open.
    package func reader(_ shard: Int) throws -> ShardReader {
        try packed.reader(shards[shard].number)
    }

    /// The samples of a part, by rank.
    package func places(of part: Split.Part) throws -> [Place] {
        var places: [Place] = []
        for (number, shard) in shards.enumerated() where shard.part == part {
            let reader = try reader(number)
            places += shard.rows.map {
                Place(shard: Int32(number), row: Int32($0), rank: Int(reader.ranks?[$0] ?? 0))
            }
        }
        return places
    }
}
