internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// A folder a part, in it shards in rank order, and an `index.json` for the part and for each
/// subset and window that lies wholly in the export. A subset's folder is below that of the next
/// larger one, so that its index names shards below itself and no sample is stored twice.
struct MDSFormat: ExportFormat {
    let name = "mds"
    let words = "MosaicML Streaming's shards with zstd; a folder"
    let isFolder = true
    let options: Set<ExportOption> = [.selection]

    /// Bytes after which a shard is full, before compression; what `streaming` has as its default.
    private static let sizeLimit = 1 << 26

    func example(_: String) -> String {
        """
        from streaming import StreamingDataset   # pip install mosaicml-streaming

        data = StreamingDataset(local=".", split="train", batch_size=32, validate_hash="xxh64")
        print(len(data), data[0]["y"].shape)
        """
    }

    func write(_ task: ExportTask) throws {
        let destination = try ExportDestination.folder(task.options.output)
        let shard = MDSShard(columns: columns(of: task), sizeLimit: Self.sizeLimit)
        var files: [(path: String, digest: FileDigest, samples: Int)] = []
        var folders: [String: JSON] = [:]
        for part in Split.Part.allCases {
            let places = try task.samples.places(of: part)
            guard !places.isEmpty else { continue }
            let tree = SubsetFolders(
                part: part, selections: task.samples.selections, ranks: places.map(\.rank))
            let batches = tree.batches(places.map(\.rank), size: samplesPerShard(shard))
            for folder in tree.folders {
                try Dataset.createFolder(try SafePath.below(destination.temporary, folder.path))
            }
            var entries: [(path: String, entry: Entry)] = []
            try write(
                task, batches, of: places, as: shard, into: destination.temporary
            ) {
                path, digest, entry in
                files.append((path + ".mds.zstd", digest, entry.samples))
                entries.append((path, entry))
            }
            for folder in tree.folders {
                let inside = entries.filter { $0.path.hasPrefix(folder.path + "/") }
                let list = inside.map { path, entry in
                    shard.entry(
                        name: String(path.dropFirst(folder.path.count + 1)), samples: entry.samples,
                        raw: entry.raw, zip: entry.zip)
                }
                let index = JSON.object(["version": .integer(2), "shards": .array(list)])
                let digest = try AtomicFile.write(
                    index.canonicalBytes,
                    to: try SafePath.below(destination.temporary, "\(folder.path)/index.json"))
                files.append(
                    (
                        "\(folder.path)/index.json", digest,
                        inside.reduce(0) { $0 + $1.entry.samples }
                    ))
                for name in folder.names { folders[name] = .string(folder.path) }
            }
        }
        try task.publish(folder: destination, files: files, extra: ["folders": .object(folders)])
    }

    private struct Entry {
        let samples: Int
        let raw: (bytes: Int, xxh64: String)
        let zip: (bytes: Int, xxh64: String)
    }

    /// Types that PyTorch collates without help: it has no batches of unsigned numpy scalars, nor
    /// of lists of several lengths.
    private func columns(of task: ExportTask) -> [MDSShard.Column] {
        let field = "\(task.sides.rows),\(task.sides.columns)"
        let size = 4 * task.samples.lattice.count
        return [
            MDSShard.Column("error_bound", "float64", size: 8),
            MDSShard.Column("id", "str", size: nil), MDSShard.Column("n_sources", "int", size: 8),
            MDSShard.Column("rank", "int", size: 8), MDSShard.Column("sources", "str", size: nil),
            MDSShard.Column("x", "ndarray:float32:\(field)", size: size),
            MDSShard.Column("y", "ndarray:float32:\(field)", size: size),
        ]
            + (ShardCoefficient.hasContrast(under: task.samples.physics)
                ? [MDSShard.Column("contrast", "float64", size: 8)] : [])
            + task.samples.drawn.map { drawn in
                MDSShard.Column(
                    drawn.coefficient.rawValue,
                    "ndarray:float32:\(drawn.planes == 1 ? "" : "\(drawn.planes),")\(field)",
                    size: drawn.planes * size)
            }
    }

    /// As many samples as fit the limit, whatever their sources.
    private func samplesPerShard(_ shard: MDSShard) -> Int {
        let size = shard.columns.reduce(0) { $0 + ($1.size ?? 4096) }
        return max(1, (Self.sizeLimit - shard.overhead(samples: 0)) / (size + 4))
    }

    /// Writes shards, several at a time; calls `written` for each in order, with its path without
    /// endings.
    private func write(
        _ task: ExportTask, _ batches: [SubsetFolders.Batch], of places: [ExportedSamples.Place],
        as shard: MDSShard,
        into folder: String, written: @escaping (String, FileDigest, Entry) -> Void
    ) throws {
        try OrderedWork.run(count: batches.count, threads: task.threads) {
            () -> (Int) throws -> Made in
            let decoder = try SampleDecoder(lattice: task.samples.lattice)
            let compressor = try Zstd.Compressor(level: Zstd.defaultLevel)
            return { number in
                try Interruption.check()
                let batch = places[batches[number].range]
                var builder = MDSShard.Builder(shard, samples: batch.count)
                for place in batch {
                    try builder.append(
                        try values(
                            task.samples, place, in: shard, with: decoder))
                }
                let raw = builder.bytes
                let zip = unsafe try compressor.compress(raw.span.bytes)
                let entry = Entry(
                    samples: batch.count, raw: (raw.count, XXHash64.hex(of: raw)),
                    zip: (zip.count, XXHash64.hex(of: zip)))
                return Made(zip: zip, entry: entry)
            }
        } consume: { number, made in
            let path = "\(batches[number].folder)/shard.\(SampleListing.Part.digits(number))"
            let digest = try AtomicFile.write(
                made.zip, to: try SafePath.below(folder, "\(path).mds.zstd"))
            written(path, digest, made.entry)
            task.advance(made.entry.samples)
        }
    }

    private struct Made {
        let zip: [UInt8]
        let entry: Entry
    }

    /// The columns of one sample.
    private func values(
        _ samples: ExportedSamples, _ place: ExportedSamples.Place, in shard: MDSShard,
        with decoder: SampleDecoder
    ) throws -> [[UInt8]] {
        let (reader, row) = (try samples.reader(Int(place.shard)), Int(place.row))
        let fields = try ExportedFields(reader, row, with: decoder)
        var values: [String: [UInt8]] = [
            "contrast": (reader.contrasts?[row] ?? .nan).bitPattern.littleEndianBytes,
            "error_bound": reader.errorBounds[row].bitPattern.littleEndianBytes,
            "id": Array(reader.ids[row].description.utf8),
            "n_sources": reader.sourceCounts[row].littleEndianBytes,
            "rank": place.rank.littleEndianBytes,
            "sources": JSON.array(try reader.sources(at: row).map(\.json)).canonicalBytes,
            "x": fields.x, "y": fields.y,
        ]
        for (dataset, bytes) in zip(reader.coefficients, fields.coefficients) {
            values[dataset.coefficient.rawValue] = bytes
        }
        return shard.columns.map { values[$0.name] ?? [] }
    }
}
