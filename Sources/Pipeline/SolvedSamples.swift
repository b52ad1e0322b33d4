internal import Fields
internal import Shards

/// The part files of a finished solve stage, opened as they are needed and checked against its manifest.
final class SolvedSamples {
    let files: [Manifest.File]
    let compressionLevel: Int
    private let folder: String
    private var open: [(file: Int, reader: ShardReader)] = []
    private var verified: Set<Int> = []

    /// Files open at a time; a shard needs few.
    private static let maximumOpen = 4

    init(_ manifest: Manifest, in folder: String) {
        files = manifest.files
        compressionLevel = SolvedSamples.compressionLevel(manifest)
        self.folder = folder
    }

    /// The level that a solve stage's chunks were compressed with.
    static func compressionLevel(_ manifest: Manifest) -> Int {
        manifest.layout["compression_level"]?.int ?? ShardWriter.defaultLevel
    }

    /// The reader of a file. Its digest is checked when it is opened first.
    func reader(_ file: Int) throws -> ShardReader {
        if let found = open.first(where: { $0.file == file }) { return found.reader }
        let entry = files[file]
        let path: String
        do {
            path = try SafePath.resolve(entry.path, in: folder)
        } catch {
            guard error.code == .notFound else { throw error }
            throw PipelineError(
                .noInput, "\(folder)/\(entry.path) is missing: run 'steadyset solve' or 'steadyset run' again")
        }
        if verified.insert(file).inserted {
            let digest = try FileDigest(of: path, followingLinks: false)
            guard digest.sha256 == entry.sha256, digest.bytes == entry.bytes else {
                throw PipelineError(
                    .data,
                    "\(path) was altered or damaged: it is not what manifest.json beside it lists. Remove it and run "
                        + "'steadyset run' again to compute it anew")
            }
        }
        let reader = try ShardReader(path: path, followingLinks: false)
        if open.count >= SolvedSamples.maximumOpen { open.removeFirst() }
        open.append((file, reader))
        return reader
    }

    /// One sample with its compressed chunks.
    func sample(_ sample: RankOrder.Sample) throws -> EncodedSample {
        var encoded = try reader(Int(sample.file)).sample(at: Int(sample.row))
        encoded.rank = UInt64(sample.rank)
        return encoded
    }

    /// The bytes of a sample that a content digest covers, and its error bound.
    func content(_ sample: RankOrder.Sample) throws -> (bytes: [UInt8], errorBound: Double) {
        let (reader, row) = (try reader(Int(sample.file)), Int(sample.row))
        return (reader.content(at: row, rank: sample.rank), reader.errorBounds[row])
    }
}
