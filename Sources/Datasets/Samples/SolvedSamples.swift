internal import Documents
internal import Fields
internal import Parallel
package import Shards

/// The part files of a finished solve stage, opened as they are needed and checked against its
/// manifest.
package final class SolvedSamples {
    package let files: [Manifest.File]
    private let folder: String
    private var open: [(file: Int, reader: ShardReader)] = []
    private var verified: Set<Int> = []

    /// Files open at a time; a shard needs few.
    private static let maximumOpen = 4

    package convenience init(_ manifest: SolveManifest, in folder: String) {
        self.init(manifest.parts.map(\.file), in: folder)
    }

    /// The part files that records tell of, without a look at their digests.
    package convenience init(recorded files: [Manifest.File], in folder: String) {
        self.init(files, in: folder)
        verified = Set(files.indices)
    }

    private init(_ files: [Manifest.File], in folder: String) {
        self.files = files
        self.folder = folder
    }

    /// The same files, opened anew, for another thread; digests that were checked are not checked
    /// again.
    package func copy() -> SolvedSamples {
        let copy = SolvedSamples(files, in: folder)
        copy.verified = verified
        return copy
    }

    /// Checks the digests of all files, several at a time.
    package func verify(threads: Int) throws {
        try OrderedWork.run(count: files.count, threads: threads) { [self] in
            { [self] file in
                try Interruption.check()
                _ = try path(of: file, checking: true)
            }
        } consume: { [self] file, _ in
            verified.insert(file)
        }
    }

    /// The reader of a file. Its digest is checked when it is opened first.
    package func reader(_ file: Int) throws -> ShardReader {
        if let found = open.first(where: { $0.file == file }) { return found.reader }
        let path = try path(of: file)
        let reader = try ShardReader(path: path)
        if open.count >= SolvedSamples.maximumOpen { open.removeFirst() }
        open.append((file, reader))
        return reader
    }

    /// Where a file is, whose digest was compared.
    package func path(of file: Int) throws -> String {
        let path = try path(of: file, checking: !verified.contains(file))
        verified.insert(file)
        return path
    }

    /// Where a file is; its digest is compared with the manifest where asked.
    private func path(of file: Int, checking: Bool) throws -> String {
        let entry = files[file]
        let path: String
        do { path = try SafePath.resolve(entry.path, in: folder) } catch {
            guard error.code == .notFound else { throw error }
            throw DatasetError(
                .noInput,
                "\(folder)/\(entry.path) is missing: run 'steadyset solve' or 'steadyset run' "
                    + "again")
        }
        if checking {
            let digest = try FileDigest(of: path)
            guard digest.sha256 == entry.sha256, digest.bytes == entry.bytes else {
                throw DatasetError(
                    .data,
                    "\(path) was altered or damaged: it is not what manifest.json beside it "
                        + "lists. Remove it and run 'steadyset run' again to compute it anew")
            }
        }
        return path
    }

    /// One sample with its compressed chunks.
    package func sample(_ sample: RankedSample) throws -> EncodedSample {
        var encoded = try reader(Int(sample.file)).sample(at: Int(sample.row))
        encoded.rank = UInt64(sample.rank)
        return encoded
    }

    /// The bytes of a sample that a content digest covers, and its error bound.
    package func content(_ sample: RankedSample) throws -> (bytes: [UInt8], errorBound: Double) {
        let (reader, row) = (try reader(Int(sample.file)), Int(sample.row))
        return (reader.content(at: row, rank: sample.rank), reader.errorBounds[row])
    }
}
