internal import Fields
internal import Foundation
internal import Sampling
internal import Shards
internal import Synchronization

/// The samples of a pack stage: what each is, and a reader of its fields that any number of threads may use.
final class PackedSamples: Sendable {
    /// One sample: where it is, and what selections ask.
    struct Sample: Sendable {
        let id: SampleID
        let rank: Int
        let file: Int32
        let row: Int32
        /// The number of sources.
        let sources: Int32
        let part: Split.Part
    }

    /// The pack stage's manifest.
    let manifest: Manifest
    /// The equation, and the lattice of the fields.
    let physics: Physics
    /// All samples: training, validation, test, each in rank order.
    let samples: [Sample]
    private let selections: [Selection]
    private let folder: String
    private let open: Mutex<[(file: Int32, reader: ShardReader)]>

    /// Shards that are open at a time. A shard that is opened again costs a few milliseconds.
    private static let maximumOpen = 128

    /// Reads the columns of every shard that `manifest` lists in `folder`; no field is read.
    ///
    /// - Throws: `PipelineError` or `ShardsError` where a shard is missing or is not what the manifest lists.
    init(_ manifest: Manifest, in folder: String) throws {
        self.manifest = manifest
        self.folder = folder
        open = Mutex([])
        physics = try Physics(json: manifest.parameters["physics"] ?? .null)
        selections = try (manifest.content["selections"]?.array ?? []).map { try Selection(json: $0) }
        var samples: [Sample] = []
        for (number, file) in manifest.files.enumerated() {
            try Interruption.check()
            let reader = try PackedSamples.open(file, in: folder)
            guard let part = file.extra["part"]?.string.flatMap(Split.Part.init(rawValue:)), let ranks = reader.ranks,
                reader.count == file.samples, reader.lattice == physics.lattice
            else {
                throw PipelineError(
                    .data, "\(reader.path) is not the shard that the manifest beside it lists: run 'steadyset verify'")
            }
            for row in 0..<reader.count {
                samples.append(
                    Sample(
                        id: reader.ids[row], rank: Int(clamping: ranks[row]), file: Int32(number), row: Int32(row),
                        sources: Int32(reader.sourceCounts[row]), part: part))
            }
        }
        self.samples = samples
    }

    /// The samples that `expression` names, of `part` where one is given; in the order of `samples`.
    ///
    /// - Throws: `PipelineError` where a name is unknown, or nothing is left.
    func select(_ expression: String, of part: Split.Part? = nil) throws -> [Sample] {
        let selection = try SelectionExpression(expression, among: selections)
        let found = samples.filter {
            (part == nil || $0.part == part)
                && selection.contains(part: $0.part, rank: $0.rank, sources: Int($0.sources))
        }
        guard !found.isEmpty else {
            let place = part.map { " of the part '\($0.rawValue)'" } ?? ""
            throw PipelineError(
                .data, "the selection '\(expression)' has no sample\(place): 'steadyset show' lists what there is")
        }
        return found
    }

    /// The samples of a whole part; none where it is empty.
    func all(of part: Split.Part) -> [Sample] { samples.filter { $0.part == part } }

    /// The reader of a sample's shard. Safe for any number of threads.
    func reader(of sample: Sample) throws -> ShardReader {
        if let found = open.withLock({ open in open.first { $0.file == sample.file }?.reader }) { return found }
        let reader = try PackedSamples.open(manifest.files[Int(sample.file)], in: folder)
        open.withLock { open in
            if open.count >= PackedSamples.maximumOpen { open.removeFirst() }
            open.append((sample.file, reader))
        }
        return reader
    }

    private static func open(_ file: Manifest.File, in folder: String) throws -> ShardReader {
        let path: String
        do {
            path = try SafePath.resolve(file.path, in: folder)
        } catch {
            guard error.code == .notFound else { throw error }
            throw PipelineError(
                .noInput, "\(folder)/\(file.path) is missing: run 'steadyset pack' or 'steadyset run' again")
        }
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size]) as? Int
        guard size == file.bytes else {
            throw PipelineError(
                .data, "\(path) has another size than the manifest beside it lists: run 'steadyset verify'")
        }
        return try ShardReader(path: path, followingLinks: false)
    }

    /// The dataset that `path` is: a dataset's folder, or that of its pack stage.
    static func locate(_ path: String) throws -> Dataset {
        let (dataset, stages) = try Verifier.locate(path)
        guard stages.contains(.pack) else {
            throw PipelineError(
                .noInput, "\(path) has no shards: run 'steadyset pack' or 'steadyset run' with it first")
        }
        return dataset
    }
}
