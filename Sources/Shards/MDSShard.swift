package import Fields

/// One shard of MosaicML Streaming's format MDS, version 2, as its reader `streaming` 0.13 takes it.
///
/// Little-endian: the number n of samples (u32), n + 1 offsets from the start of the file (u32), the configuration as JSON,
/// which readers pass over, then the samples. A sample is the sizes of its columns without a fixed size (u32 each), then the
/// columns' bytes, in the order of the columns' names.
package struct MDSShard: Sendable {
    /// A column: its name, its encoding as MDS calls it, and its fixed size in bytes, if it has one.
    package struct Column: Hashable, Sendable {
        package let name: String
        package let encoding: String
        package let size: Int?

        /// Creates a column.
        package init(_ name: String, _ encoding: String, size: Int?) {
            self.name = name
            self.encoding = encoding
            self.size = size
        }
    }

    /// The largest shard, as offsets have 32 bits.
    package static let maximumBytes = Int(UInt32.max)

    /// The columns, sorted by name.
    package let columns: [Column]
    /// Bytes after which a shard is full, as the index records it.
    package let sizeLimit: Int
    private let configuration: [UInt8]

    /// Prepares shards with `columns`, in any order.
    package init(columns: [Column], sizeLimit: Int) {
        self.columns = columns.sorted { $0.name < $1.name }
        self.sizeLimit = sizeLimit
        configuration = JSON.object(MDSShard.description(self.columns, sizeLimit: sizeLimit)).canonicalBytes
    }

    /// Returns the bytes of one sample, whose columns are in the order of `columns`.
    package func sample(_ values: [[UInt8]]) -> [UInt8] {
        precondition(values.count == columns.count, "a sample has a value for every column")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(values.reduce(4 * values.count) { $0 + $1.count })
        for (column, value) in zip(columns, values) {
            precondition(column.size ?? value.count == value.count, "a column of fixed size has that size")
            if column.size == nil { MDSShard.append(value.count, to: &bytes) }
        }
        for value in values { bytes += value }
        return bytes
    }

    /// Bytes that a shard takes beside its samples'.
    package func overhead(samples: Int) -> Int { 4 + 4 * (samples + 1) + configuration.count }

    /// Returns the uncompressed shard of these samples, at most `maximumBytes`.
    package func bytes(of samples: [[UInt8]]) throws(ShardsError) -> [UInt8] {
        let total = samples.reduce(overhead(samples: samples.count)) { $0 + $1.count }
        guard total <= MDSShard.maximumBytes else {
            throw ShardsError(.tooLarge, "a shard of \(total) bytes is more than MDS can address")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        MDSShard.append(samples.count, to: &bytes)
        var offset = overhead(samples: samples.count)
        MDSShard.append(offset, to: &bytes)
        for sample in samples {
            offset += sample.count
            MDSShard.append(offset, to: &bytes)
        }
        bytes += configuration
        for sample in samples { bytes += sample }
        return bytes
    }

    /// The entry of `index.json` for a shard: its files below the index's folder, without the endings .mds and .zstd.
    package func entry(name: String, samples: Int, raw: (bytes: Int, xxh64: String), zip: (bytes: Int, xxh64: String))
        -> JSON
    {
        func file(_ name: String, _ file: (bytes: Int, xxh64: String)) -> JSON {
            .object([
                "basename": .string(name), "bytes": .integer(file.bytes),
                "hashes": .object(["xxh64": .string(file.xxh64)]),
            ])
        }
        var members = MDSShard.description(columns, sizeLimit: sizeLimit)
        members["samples"] = .integer(samples)
        members["raw_data"] = file("\(name).mds", raw)
        members["zip_data"] = file("\(name).mds.zstd", zip)
        return .object(members)
    }

    private static func description(_ columns: [Column], sizeLimit: Int) -> [String: JSON] {
        [
            "version": .integer(2), "format": .string("mds"), "compression": .string("zstd"),
            "hashes": .array([.string("xxh64")]), "size_limit": .integer(sizeLimit),
            "column_names": .array(columns.map { .string($0.name) }),
            "column_encodings": .array(columns.map { .string($0.encoding) }),
            "column_sizes": .array(columns.map { $0.size.map(JSON.integer) ?? .null }),
        ]
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
    }
}
