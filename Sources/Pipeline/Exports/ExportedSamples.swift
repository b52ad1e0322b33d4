internal import Fields
internal import Sampling
internal import Shards

/// The samples that an export takes of a pack stage: in the dataset's order, by shard. Safe for threads.
final class ExportedSamples {
    /// A shard with samples that are taken.
    struct Shard {
        /// Which of the manifest's files, and its entry.
        let number: Int
        let file: Manifest.File
        let part: Split.Part
        /// Rows of the samples, ascending.
        let rows: [Int]
    }

    /// One sample: which of `shards`, and which row of it, and its rank.
    struct Place {
        let shard: Int32
        let row: Int32
        let rank: Int
    }

    /// What was asked for.
    let expression: SelectionExpression
    /// The shards that hold a sample, in the dataset's order.
    let shards: [Shard]

    private let packed: PackedShards

    /// The folder of the pack stage.
    var folder: String { packed.folder }
    var manifest: Manifest { packed.manifest }
    var physics: Physics { packed.physics }
    /// The manifest's selections.
    var selections: [Selection] { packed.selections }
    /// Number of samples.
    var count: Int { shards.reduce(0) { $0 + $1.rows.count } }
    /// The coefficients that each sample has of its own.
    var drawn: [ShardCoefficient.Dataset] { ShardCoefficient.drawn(under: physics) }
    var lattice: Lattice { physics.lattice }

    /// Finds the samples of the dataset at `path`; reads the columns of every shard that may hold one.
    init(_ path: String, selections texts: [String]) throws {
        let (dataset, stages) = try Verifier.locate(path)
        guard stages.contains(.pack) else {
            throw PipelineError(
                .noInput, "\(path) has no finished stage 'pack': run 'steadyset pack' or 'steadyset run' first")
        }
        let folder = dataset.folder(.pack)
        let manifest = try dataset.manifest(.pack)
        guard manifest.layout["codec"] == .string("standard") else {
            throw PipelineError(
                .data,
                "\(folder) is packed with the codec '\(manifest.layout["codec"]?.string ?? "?")': only standard shards can be "
                    + "exported, so unpack it first")
        }
        let packed = try PackedShards(manifest, in: folder, keeping: 8)
        self.packed = packed
        let expression = SelectionExpression(
            anyOf: try texts.map { try SelectionExpression($0, among: packed.selections) })
        self.expression = expression
        var shards: [Shard] = []
        for (number, file) in manifest.files.enumerated() {
            try Interruption.check()
            let part = try packed.part(of: file)
            guard let bounds = file.extra["ranks"]?.array?.compactMap(\.int), bounds.count == 2, bounds[0] <= bounds[1]
            else { throw PipelineError(.data, "\(folder): the entry of '\(file.path)' lacks ranks") }
            guard expression.mayContain(part: part, ranks: bounds[0]..<bounds[1]) else { continue }
            let reader = try packed.open(number)
            let rows = (0..<reader.count).filter { row in
                expression.contains(
                    part: part, rank: Int(reader.ranks?[row] ?? 0), sources: reader.sourceCounts[row])
            }
            if !rows.isEmpty { shards.append(Shard(number: number, file: file, part: part, rows: rows)) }
        }
        self.shards = shards
        guard !shards.isEmpty else {
            throw PipelineError(.data, "\(folder) has no sample in the selection '\(expression)'")
        }
    }

    /// Returns the reader of a shard; the last few stay open.
    func reader(_ shard: Int) throws -> ShardReader { try packed.reader(shards[shard].number) }

    /// The samples of a part, by rank.
    func places(of part: Split.Part) throws -> [Place] {
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
