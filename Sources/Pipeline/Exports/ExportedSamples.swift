internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// The samples that an export takes of a pack stage: in the dataset's order, by shard. Safe for threads.
final class ExportedSamples {
    /// A shard with samples that are taken.
    struct Shard {
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

    /// The folder of the pack stage.
    let folder: String
    let manifest: Manifest
    let physics: Physics
    /// The manifest's selections.
    let selections: [Selection]
    /// What was asked for.
    let expression: SelectionExpression
    /// The shards that hold a sample, in the dataset's order.
    let shards: [Shard]

    private let lock = NSLock()
    private var readers: [(shard: Int, reader: ShardReader)] = []

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
        folder = dataset.folder(.pack)
        let manifest = try dataset.manifest(.pack)
        self.manifest = manifest
        guard manifest.layout["codec"] == .string("standard") else {
            throw PipelineError(
                .data,
                "\(folder) is packed with the codec '\(manifest.layout["codec"]?.string ?? "?")': only standard shards can be "
                    + "exported, so unpack it first")
        }
        let physics = try Physics(json: manifest.parameters["physics"] ?? .null)
        self.physics = physics
        let selections = try (manifest.content["selections"]?.array ?? []).map { try Selection(json: $0) }
        self.selections = selections
        let expression = SelectionExpression(
            anyOf: try texts.map { try SelectionExpression($0, among: selections) })
        self.expression = expression
        var shards: [Shard] = []
        for file in manifest.files {
            try Interruption.check()
            guard let part = file.extra["part"]?.string.flatMap(Split.Part.init),
                let bounds = file.extra["ranks"]?.array?.compactMap(\.int), bounds.count == 2, bounds[0] <= bounds[1]
            else { throw PipelineError(.data, "\(folder): the entry of '\(file.path)' lacks part or ranks") }
            guard expression.mayContain(part: part, ranks: bounds[0]..<bounds[1]) else { continue }
            let reader = try ExportedSamples.open(file, in: folder, physics: physics)
            let rows = (0..<reader.count).filter { row in
                expression.contains(
                    part: part, rank: Int(reader.ranks?[row] ?? 0), sources: reader.sourceCounts[row])
            }
            if !rows.isEmpty { shards.append(Shard(file: file, part: part, rows: rows)) }
        }
        self.shards = shards
        guard !shards.isEmpty else {
            throw PipelineError(.data, "\(folder) has no sample in the selection '\(expression)'")
        }
    }

    /// Returns the reader of a shard; the last few stay open.
    func reader(_ shard: Int) throws -> ShardReader {
        lock.lock()
        defer { lock.unlock() }
        if let found = readers.first(where: { $0.shard == shard }) { return found.reader }
        let reader = try ExportedSamples.open(shards[shard].file, in: folder, physics: physics)
        if readers.count >= 8 { readers.removeFirst() }
        readers.append((shard, reader))
        return reader
    }

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

    private static func open(_ file: Manifest.File, in folder: String, physics: Physics) throws -> ShardReader {
        let path = try SafePath.resolve(file.path, in: folder)
        let reader = try ShardReader(path: path, followingLinks: false)
        guard reader.kind == .shard, reader.count == file.samples, reader.lattice == physics.lattice,
            reader.coefficients == ShardCoefficient.drawn(under: physics)
        else {
            throw PipelineError(
                .data, "\(path): is not the shard that the manifest lists: 'steadyset verify' says more")
        }
        return reader
    }
}
