internal import Datasets
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
/// Labels are decoded, those that no shard holds solved again. Every y is compared with its digest, every file
/// with the manifest.
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
    private let threads: Int
    private let progress: (Int, Int) -> Void

    /// Prepares to write `output`/pack from the dataset at `path`, or from its folder `pack`.
    ///
    /// - Parameter progress: Called with the number of samples that are done, and of all, from any
    ///   thread.
    /// - Throws: `DatasetError` of kind `.noInput` where there are no shards, `.cannotCreate`
    ///   where `output` has some.
    public init(
        path: String, output: String, threads: Int? = nil,
        progress: @escaping (Int, Int) -> Void = { _, _ in }
    ) throws {
        try OutputPlace.check(dataset: output)
        let (source, stages) = try Dataset.locate(path)
        guard stages.contains(.pack) else {
            throw DatasetError(.noInput, "\(path): has no pack stage: run 'steadyset run' first")
        }
        self.source = source
        folder = "\(Dataset(root: output).root)/\(Stage.pack.rawValue)"
        guard try PathEntry(at: "\(folder)/\(Manifest.fileName)") == .nothing else {
            throw DatasetError(
                .cannotCreate,
                "\(folder) holds shards already: choose another " + "folder for --output")
        }
        self.threads = threads ?? ProcessInfo.processInfo.activeProcessorCount
        self.progress = progress
        Interruption.listen()
    }

    /// Writes the shards, the table of locations and, last, the manifest.
    ///
    /// - Throws: `DatasetError` of kind `.data` where something is damaged, or a label solved
    ///   again is another.
    public func unpack() throws -> Result {
        let lineage = try Versions(of: source).lineage(of: source.version)
        guard let manifest = lineage.last else {
            throw DatasetError(.noInput, "\(source.name): " + "has no manifest")
        }
        let level = manifest.layout["compression_level"]?.int ?? Zstd.defaultLevel
        let physics = try Physics(json: manifest.parameters["physics"] ?? .null)
        let accuracy = Accuracy(json: manifest.parameters)
        let total = manifest.files.reduce(0) { $0 + $1.samples }
        try protectOutput(lineage)
        try Dataset.createFolder(folder)
        var done = 0
        var largest = 1
        let files = try manifest.files.map { file in
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
            try check(reader, file, manifest, physics, accuracy)
            largest = reader.maximumSources
            let form = ShardFormat(
                physics: physics, accuracy: accuracy, maximumSources: largest,
                codec: ShardCodecs.standard,
                level: level)
            let target = try SafePath.below(folder, file.path)
            let writer = try form.writer(for: target, capacity: reader.count)
            try OrderedWork.run(count: reader.count, threads: threads) {
                let restorer = try SampleRestorer(form, codec: reader.codec)
                return { row in
                    try Interruption.check()
                    return try restorer.sample(at: row, of: reader)
                }
            } consume: { [progress] in
                try writer.append($1)
                done += 1
                progress(done, total)
            }
            let written = try writer.finish()
            try AtomicFile.commit(temporary: writer.path, as: target)
            return Manifest.File(
                path: file.path, bytes: written.bytes, sha256: written.sha256,
                samples: file.samples, extra: file.extra)
        }
        let form = ShardFormat(
            physics: physics, accuracy: accuracy, maximumSources: largest,
            codec: ShardCodecs.standard,
            level: level)
        // The base's manifest comes last: without it the folder is unfinished work.
        for version in lineage.reversed() {
            try write(version, files: Array(files.prefix(version.files.count)), form)
        }
        return Result(
            id: manifest.id.description, samples: done, bytes: files.reduce(0) { $0 + $1.bytes })
    }

    /// Writes a version's table of locations, its choices and tags, and its manifest.
    private func write(_ version: Manifest, files: [Manifest.File], _ form: ShardFormat) throws {
        var version = version
        let isBase = version.parent == nil
        version.files = files
        let locations = try form.writeLocations(
            of: files, in: folder,
            as: isBase ? LocationTable.fileName : "locations-\(version.id.short).npy")
        let choices = try version.layout["choices"]?["path"]?.string.map { name in
            let path = try SafePath.resolve(name, in: source.folder(.pack))
            let bytes = try InputFile.read(path, maximumBytes: ChoiceTable.maximumBytes)
            guard Digest(of: bytes).description == version.content["choices"]?.string else {
                throw DatasetError(
                    .data, "\(path): is not what the version lists; it was " + "damaged or replaced"
                )
            }
            try AtomicFile.write(bytes, to: try SafePath.below(folder, name))
            return Manifest.File(
                path: name, bytes: bytes.count, sha256: Digest(of: bytes), samples: 0)
        }
        version.layout = form.layout(
            samplesPerShard: version.layout["samples_per_shard"]?.int ?? 1, locations: locations,
            choices: choices)
        try version.write(
            path: "\(folder)/\(isBase ? Manifest.fileName : Versions.fileName(of: version.id))")
        let written = Versions(of: Dataset(alone: .pack, folder: folder))
        for (name, id) in try Versions(of: source).tags() where id == version.id {
            try written.tag(id, as: name)
        }
    }

    /// A shard must be what the manifest says of it, and its samples those that the manifest's
    /// digest covers.
    private func check(
        _ reader: ShardReader, _ file: Manifest.File, _ manifest: Manifest, _ physics: Physics,
        _ accuracy: Accuracy
    ) throws {
        var content = Digest.Hasher()
        for row in 0..<reader.count {
            content.update(
                reader.content(at: row, rank: reader.ranks.map { Int(clamping: $0[row]) } ?? 0))
        }
        let described = ShardAttribute.describing(physics, accuracy)
        guard reader.kind == .shard, reader.count == file.samples,
            reader.codec.name == manifest.layout["codec"]?.string,
            content.finish().description == file.extra["digest"]?.string,
            described.allSatisfy({ reader.attributes[$0.name] == $0.value })
        else {
            throw DatasetError(
                .data, "\(reader.path): is not the shard that its manifest " + "describes")
        }
    }
}

/// Makes samples of standard form from a shard of any codec; one thread owns it.
private final class SampleRestorer {
    private let form: ShardFormat
    private let decoder: SampleDecoder
    private let encoder: SampleEncoder
    private let solver: Solver?
    private var label: [Float]

    init(_ form: ShardFormat, codec: any ShardCodec) throws {
        self.form = form
        decoder = try SampleDecoder(lattice: form.physics.lattice)
        encoder = try SampleEncoder(lattice: form.physics.lattice, level: form.level)
        solver =
            codec.labels == nil ? Solver(physics: form.physics, accuracy: form.accuracy) : nil
        label = solver == nil ? [] : [Float](repeating: 0, count: form.physics.lattice.count)
    }

    func sample(at row: Int, of reader: ShardReader) throws -> EncodedSample {
        var sample = try reader.sample(at: row)
        if sample.label != nil {
            // A frame that is that of y is carried over.
            if sample.label != .y {
                sample.y = try encoder.frame(
                    of: try reader.y(at: row, with: decoder, checkingDigest: true), as: .y)
            }
        } else {
            let configuration = try reader.configuration(at: row, under: form.physics)
            guard configuration.id == sample.id else {
                throw DatasetError(
                    .data,
                    "\(reader.path): sample \(sample.id): its id is not " + "that of its sources")
            }
            let image = SourceImage(configuration)
            let solution = solver?.solve(image, physics: configuration.physics, into: &label)
            let solved = try encoder.encode(
                configuration, under: form.physics, image: image, label: label, id: sample.id,
                index: sample.index, errorBound: sample.errorBound)
            guard solved.ySHA256 == sample.ySHA256, solution?.errorBound == sample.errorBound else {
                throw DatasetError(
                    .data,
                    "\(reader.path): sample \(sample.id): solved again it differs from its "
                        + "digest; the Steadyset that packed it may be another one")
            }
            (sample.x, sample.y, sample.coefficients) = (solved.x, solved.y, solved.coefficients)
        }
        sample.label = .y
        sample.numbers = []
        return sample
    }
}
