internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards

/// A JSON file of references (kerchunk's specification, version 1) that make the dataset one Zarr
/// of version 2. Chunks of fields are ranges of bytes of the shards; the columns are in the file
/// itself.
struct KerchunkFormat: ExportFormat {
    let name = "kerchunk"
    let words = "references for kerchunk and xarray: one virtual Zarr; a file .json"
    let isFolder = false
    let options: Set<ExportOption> = [.selection, .baseURL]

    func example(_ name: String) -> String {
        """
        import xarray                        # pip install xarray kerchunk zarr

        data = xarray.open_dataset("\(name)", engine="kerchunk")
        print(data.y.shape)
        """
    }

    func write(_ task: ExportTask) throws {
        let manifest = task.samples.manifest
        guard manifest.codec.labels?.field != .differences else {
            throw DatasetError(
                .data,
                "\(task.samples.folder) is packed with the codec '\(manifest.codec.name)', which "
                    + "Zarr does not read: unpack the dataset first")
        }
        let destination = try ExportDestination.file(task.options.output)
        let base = task.options.baseURL ?? task.relativeFolder(from: task.options.output)
        let writer = try AtomicFile.Writer(destination.path)
        var isFirst = true
        func write(_ text: String) throws {
            let bytes = Array(text.utf8)
            task.result.bytes += bytes.count
            try writer.append(bytes)
        }
        func refer(_ key: String, _ value: String) throws {
            try write("\(isFirst ? "" : ",\n")\(JSON.string(key).canonicalText):\(value)")
            isFirst = false
        }
        // The place is a template, so that whoever opens the file may name another one.
        try write(
            #"{"version":1,"templates":{"u":\#(JSON.string(base).canonicalText)},"refs":{"# + "\n")
        try refer(".zgroup", Self.text(.object(["zarr_format": .integer(2)])))
        try refer(
            ".zattrs",
            Self.text(.object(task.origin.merging(["physics": task.samples.physics.json]) { $1 })))
        let sides = [task.sides.rows, task.sides.columns]
        var arrays = [ZarrArray(name: "x", extent: sides, shuffled: false)]
        arrays.append(
            manifest.codec.isStandard
                ? ZarrArray(name: "y", extent: sides, shuffled: true)
                : ZarrArray(name: "y", extent: sides, compressor: Self.archive(manifest)))
        for drawn in task.samples.drawn {
            let planes = drawn.planes == 1 ? [] : [drawn.planes]
            arrays.append(
                ZarrArray(
                    name: drawn.coefficient.rawValue,
                    extent: planes + sides, shuffled: true))
        }
        for array in arrays {
            try refer(
                "\(array.name)/.zarray", Self.text(array.metadata(samples: task.samples.count)))
            try refer("\(array.name)/.zattrs", Self.text(array.attributes))
        }

        var columns = ZarrColumns()
        var sample = 0
        for (number, shard) in task.samples.shards.enumerated() {
            try Interruption.check()
            let reader = try task.samples.reader(number)
            let locations = try reader.locations()
            let url = JSON.string("{{u}}/\(shard.file.path)").canonicalText
            for row in shard.rows {
                var offset = locations[row].offset
                for (array, size) in zip(arrays, locations[row].sizes) {
                    let chunk =
                        "\(array.name)/\(sample)"
                        + String(repeating: ".0", count: array.extent.count)
                    try refer(chunk, "[\(url),\(offset),\(size)]")
                    offset += UInt64(size)
                }
                columns.append(reader, row, shard.part)
                sample += 1
            }
            task.advance(shard.rows.count)
        }
        for column in columns.all {
            try refer("\(column.name)/.zarray", Self.text(column.metadata))
            try refer("\(column.name)/.zattrs", Self.text(column.attributes))
            let chunk = "\(column.name)/0" + String(repeating: ".0", count: column.extent.count)
            try refer(chunk, "\"base64:\(Data(column.bytes).base64EncodedString())\"")
        }
        try write("\n}}\n")
        try writer.commit()
        task.result.files = 1
        if !manifest.codec.isStandard {
            task.result.notes.append(
                "y is read by the codec of archives, which the Python package steadyset has: "
                    + "import it before reading")
        }
        if task.options.baseURL == nil {
            task.result.notes.append(
                "the shards are named by the relative path '\(base)': open the file from its own "
                    + "folder, or say where they are with template_overrides={\"u\": …}")
        }
        if task.samples.count > 200_000 {
            task.result.notes.append(
                "a reader keeps all \(2 * task.samples.count) references in memory: --selection "
                    + "makes a smaller file")
        }
    }

    /// The codec of an archive's y: what the HDF5 filter has as its client data.
    private static func archive(_ manifest: PackManifest) -> JSON {
        .object([
            "id": .string("steadyset-archive"), "physics": manifest.physics.json,
            "grid_bits": manifest.accuracy.members["grid_bits"] ?? .null,
        ])
    }

    /// A document inside the document: a reference's value may be text.
    private static func text(_ json: JSON) -> String {
        JSON.string(json.canonicalText).canonicalText
    }
}

/// A field of all samples as Zarr (version 2) describes it: (samples, extent…), one chunk a sample.
private struct ZarrArray {
    let name: String
    let extent: [Int]
    let compressor: JSON

    init(name: String, extent: [Int], compressor: JSON) {
        (self.name, self.extent, self.compressor) = (name, extent, compressor)
    }

    init(name: String, extent: [Int], shuffled: Bool) {
        self.init(
            name: name, extent: extent,
            compressor: .object([
                "id": .string("blosc"), "cname": .string("zstd"), "clevel": .integer(3),
                "blocksize": .integer(0), "shuffle": .integer(shuffled ? 1 : 0),
            ]))
    }

    func metadata(samples: Int) -> JSON {
        // A chunk that is missing shows as NaN, not as a field of zeros.
        return .object([
            "zarr_format": .integer(2), "shape": .array(([samples] + extent).map(JSON.integer)),
            "chunks": .array(([1] + extent).map(JSON.integer)), "dtype": .string("<f4"),
            "order": .string("C"), "fill_value": .string("NaN"), "filters": .null,
            "compressor": compressor,
        ])
    }

    var attributes: JSON {
        .object([
            "_ARRAY_DIMENSIONS": .array(
                (["sample"] + (extent.count == 3 ? ["direction"] : []) + ["row", "column"]).map(
                    JSON.string)), "coordinates": .string("id part rank n_sources error_bound"),
        ])
    }
}

/// The columns of all samples, little-endian.
private struct ZarrColumns {
    struct Column {
        let name: String
        let type: String
        let extent: [Int]
        let samples: Int
        let bytes: [UInt8]
        var further: [String: JSON] = [:]

        var metadata: JSON {
            .object([
                "zarr_format": .integer(2), "shape": .array(([samples] + extent).map(JSON.integer)),
                "chunks": .array(([samples] + extent).map(JSON.integer)), "dtype": .string(type),
                "order": .string("C"), "fill_value": .null, "filters": .null, "compressor": .null,
            ])
        }

        var attributes: JSON {
            let dimensions = ["sample"] + (extent.isEmpty ? [] : ["byte"])
            return .object(
                further.merging(["_ARRAY_DIMENSIONS": .array(dimensions.map(JSON.string))]) { $1 })
        }
    }

    private var samples = 0
    private var ids: [UInt8] = []
    private var parts: [UInt8] = []
    private var ranks: [UInt8] = []
    private var counts: [UInt8] = []
    private var bounds: [UInt8] = []
    private var contrasts: [UInt8] = []
    private var digests: [UInt8] = []

    mutating func append(_ reader: ShardReader, _ row: Int, _ part: Split.Part) {
        samples += 1
        ids += reader.ids[row].bits.littleEndianBytes
        parts.append(UInt8(Split.Part.allCases.firstIndex(of: part) ?? 0))
        ranks += (reader.ranks?[row] ?? 0).littleEndianBytes
        counts += UInt16(reader.sourceCounts[row]).littleEndianBytes
        bounds += reader.errorBounds[row].bitPattern.littleEndianBytes
        if let contrast = reader.contrasts?[row] {
            contrasts += contrast.bitPattern.littleEndianBytes
        }
        digests += reader.ySHA256s[row].bytes
    }

    var all: [Column] {
        let names = Split.Part.allCases.map(\.rawValue).joined(separator: " ")
        func column(_ name: String, _ type: String, _ bytes: [UInt8], _ extent: [Int] = [])
            -> Column
        { Column(name: name, type: type, extent: extent, samples: samples, bytes: bytes) }
        var part = column("part", "|u1", parts)
        part.further = [
            "flag_values": .array([.integer(0), .integer(1), .integer(2)]),
            "flag_meanings": .string(names),
        ]
        return [
            column("id", "<u8", ids), part, column("rank", "<u8", ranks),
            column("n_sources", "<u2", counts), column("error_bound", "<f8", bounds),
        ] + (contrasts.count == bounds.count ? [column("contrast", "<f8", contrasts)] : []) + [
            column("y_sha256", "|u1", digests, [32])
        ]
    }
}
