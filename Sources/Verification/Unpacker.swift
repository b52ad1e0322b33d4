public import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

/// Turns shards of any codec into standard ones: the very files, and the manifest, that `pack` with
/// the standard codec writes. A version comes with all that it was made from.
///
/// Labels are decoded, those that no shard holds solved again. Every y is compared with its digest,
/// every file with the manifest.
public final class Unpacker {
    /// What was done.
    public struct Result: Sendable {
        /// The manifest's id, which does not depend on the codec.
        public let id: String
        /// Samples that were written.
        public let samples: Int
        /// Bytes of their files.
        public let bytes: Int
    }

    private let source: Dataset
    package let folder: String
    private let output: Dataset
    private let threads: Int
    private let reporter: any Reporter

    /// Prepares to write `output`/pack from the dataset at `path`, or from its folder `pack`.
    ///
    /// - Parameter reporter: Hears how the work goes, as work on the stage `pack`.
    /// - Throws: `DatasetError` of kind `.noInput` where there are no shards, `.cannotCreate`
    ///   where `output` has some.
    public init(
        path: String, output: String, threads: Int? = nil, reporter: any Reporter = Reporters([])
    ) throws {
        try OutputPlace.check(dataset: output)
        let (source, stages) = try Dataset.locate(path)
        guard stages.contains(.pack) else {
            throw DatasetError(.noInput, "\(path): has no pack stage: run 'steadyset run' first")
        }
        self.source = source
        self.output = Dataset(root: output)
        folder = self.output.folder(.pack)
        guard try PathEntry(at: "\(folder)/\(Manifest.fileName)") == .nothing else {
            throw DatasetError(
                .cannotCreate,
                "\(folder) holds shards already: choose another folder for --output")
        }
        self.threads = threads ?? Cores.usable
        self.reporter = reporter
        Interruption.listen()
    }

    /// Writes the shards, the table of locations and, last, the manifest. The folder is locked
    /// meanwhile.
    ///
    /// - Throws: `DatasetError` of kind `.data` where something is damaged, or a label solved
    ///   again is another, `.inUse` where somebody works in the folder.
    public func unpack() throws -> Result {
        try withExtendedLifetime(try output.claim()) {
            try Workplace(root: output.root).telling(reporter) { try write() }
        }
    }

    private func write() throws -> Result {
        let lineage = try Versions(of: source).lineage(of: source.version)
        guard let manifest = lineage.last else {
            throw DatasetError(.noInput, "\(source.name): has no manifest")
        }
        let total = manifest.shards.reduce(0) { $0 + $1.file.samples }
        try protectOutput(lineage)
        try Dataset.createFolder(folder)
        reporter.began(.pack, total: total, done: 0)
        var done = 0
        var largest = 1
        let files = try manifest.shards.map { shard in
            let file = shard.file
            try Interruption.check()
            let path = try SafePath.resolve(file.path, in: source.folder(.pack))
            let digest = try FileDigest(of: path)
            guard digest.sha256 == file.sha256, digest.bytes == file.bytes else {
                throw DatasetError(
                    .data,
                    "\(path): is not what manifest.json beside it lists; it was damaged or "
                        + "replaced")
            }
            let reader = try ShardReader(path: path)
            try check(reader, shard, manifest)
            largest = reader.maximumSources
            let form = Unpacker.form(manifest, maximumSources: largest)
            let target = try SafePath.below(folder, file.path)
            let writer = try form.writer(for: target, capacity: reader.count)
            try OrderedWork.run(count: reader.count, threads: threads) {
                let converter = try SampleConverter(form)
                return { row in
                    try Interruption.check()
                    do { return try converter.converted(try reader.sample(at: row)) } catch let
                        error as DatasetError
                    {
                        throw DatasetError(
                            error.kind, "\(reader.path): \(error.message)", path: reader.path)
                    }
                }
            } consume: { [reporter] in
                try writer.append($1)
                done += 1
                reporter.advanced(.pack, done: done)
            }
            let written = try writer.finish()
            try AtomicFile.commit(temporary: writer.path, as: target)
            return Manifest.File(
                path: file.path, bytes: written.bytes, sha256: written.sha256,
                samples: file.samples)
        }
        let form = Unpacker.form(manifest, maximumSources: largest)
        // The base's manifest comes last: without it the folder is unfinished work.
        for version in lineage.reversed() {
            try write(version, files: Array(files.prefix(version.shards.count)), form)
        }
        return Result(
            id: manifest.id.description, samples: done, bytes: files.reduce(0) { $0 + $1.bytes })
    }

    private static func form(_ manifest: PackManifest, maximumSources: Int) -> ShardFormat {
        ShardFormat(
            physics: manifest.physics, accuracy: manifest.accuracy,
            maximumSources: maximumSources, codec: ShardCodecs.standard, level: manifest.level)
    }

    /// Writes a version's table of locations, its choices and tags, and its manifest.
    private func write(_ version: PackManifest, files: [Manifest.File], _ form: ShardFormat) throws
    {
        var version = version
        let (isBase, id) = (version.parent == nil, version.id)
        for (number, file) in files.enumerated() { version.shards[number].file = file }
        let locations = try form.writeLocations(
            of: files, in: folder,
            as: isBase ? LocationTable.fileName : "locations-\(id.short).npy")
        version.locations = PackManifest.Companion(locations)
        if let choices = version.choices {
            let path = try SafePath.resolve(choices.path, in: source.folder(.pack))
            let bytes = try InputFile.read(path, maximumBytes: ChoiceTable.maximumBytes)
            guard Digest(of: bytes) == version.descent?.choices else {
                throw DatasetError(
                    .data, "\(path): is not what the version lists; it was damaged or replaced")
            }
            try AtomicFile.write(bytes, to: try SafePath.below(folder, choices.path))
            version.choices = PackManifest.Companion(
                Manifest.File(
                    path: choices.path, bytes: bytes.count, sha256: Digest(of: bytes), samples: 0))
        }
        version.codec = form.codec
        version.compressionLevel = form.recordedLevel
        if version.statistics == nil {
            // Recipes that were not made with their labels at hand have none.
            version.statistics = try PackedShards(version, in: folder, keeping: 4).statistics(
                of: version.shards.indices, threads: threads)
        }
        try version.manifest.write(
            path: "\(folder)/\(isBase ? Manifest.fileName : PackManifest.fileName(of: id))")
        let written = Versions(of: Dataset(alone: .pack, folder: folder))
        for (name, tagged) in try Versions(of: source).tags() where tagged == id {
            try written.tag(id, as: name)
        }
    }

    /// A shard must be what the manifest says of it, and its samples those that the manifest's
    /// digest covers.
    private func check(
        _ reader: ShardReader, _ shard: PackManifest.Shard, _ manifest: PackManifest
    ) throws {
        var content = Digest.Hasher()
        for row in 0..<reader.count {
            content.update(
                reader.content(at: row, rank: reader.ranks.map { Int(clamping: $0[row]) } ?? 0))
        }
        let described = ShardAttribute.describing(manifest.physics, manifest.accuracy)
        guard reader.kind == .shard, reader.count == shard.file.samples,
            reader.codec.name == manifest.codec.name, content.finish() == shard.digest,
            described.allSatisfy({ reader.attributes[$0.name] == $0.value })
        else {
            throw DatasetError(
                .data, "\(reader.path): is not the shard that its manifest describes")
        }
    }
}
