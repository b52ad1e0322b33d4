package import Documents
internal import Fields
package import Shards

/// One shard of MosaicML Streaming's format MDS, version 2, as its reader `streaming` 0.13 takes
/// it.
///
/// Little-endian: the number n of samples (u32), n + 1 offsets from the start of the file (u32),
/// the configuration as JSON, which readers pass over, then the samples. A sample is the sizes of
/// its columns without a fixed size (u32 each), then the columns' bytes, in the order of the
/// columns' names.
package struct MDSShard: Sendable {
    /// A column: its name, its encoding as MDS calls it, and its fixed size in bytes, if it has
    /// one.
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
        configuration =
            JSON.object(MDSShard.description(self.columns, sizeLimit: sizeLimit)).canonicalBytes
    }

    /// Bytes that a shard takes beside its samples'.
    package func overhead(samples: Int) -> Int { 4 + 4 * (samples + 1) + configuration.count }

    /// Puts a shard together, sample by sample.
    package struct Builder {
        private let columns: [Column]
        /// The shard so far; complete once `samples` samples were appended.
        package private(set) var bytes: [UInt8] = []
        private var count = 0

        /// Begins a shard of `samples` samples.
        package init(_ shard: MDSShard, samples: Int) {
            columns = shard.columns
            let fixed = columns.reduce(0) { $0 + ($1.size ?? 1024) }
            bytes.reserveCapacity(shard.overhead(samples: samples) + samples * (fixed + 16))
            MDSShard.append(samples, to: &bytes)
            bytes += [UInt8](repeating: 0, count: 4 * (samples + 1))
            bytes += shard.configuration
            recordEnd()
        }

        /// Appends a sample, whose columns are in the order of the shard's.
        ///
        /// - Throws: `ShardsError` with code `.tooLarge` where the shard is more than MDS can
        ///   address.
        package mutating func append(_ values: [[UInt8]]) throws(ShardsError) {
            precondition(values.count == columns.count, "a sample has a value for every column")
            for (column, value) in zip(columns, values) {
                precondition(
                    column.size ?? value.count == value.count,
                    "a column of fixed size has that size")
                if column.size == nil { MDSShard.append(value.count, to: &bytes) }
            }
            for value in values { bytes += value }
            guard bytes.count <= MDSShard.maximumBytes else {
                throw ShardsError(
                    .tooLarge, "a shard of \(bytes.count) bytes is more than MDS can address")
            }
            count += 1
            recordEnd()
        }

        /// Writes the offset of the end of the last sample, which is where the next one begins.
        private mutating func recordEnd() {
            for byte in 0..<4 {
                bytes[4 + 4 * count + byte] = UInt8(truncatingIfNeeded: bytes.count >> (8 * byte))
            }
        }
    }

    /// The entry of `index.json` for a shard: its files below the index's folder, without the
    /// endings .mds and .zstd.
    package func entry(
        name: String, samples: Int, raw: (bytes: Int, xxh64: String),
        zip: (bytes: Int, xxh64: String)
    ) -> JSON {
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
        bytes += UInt32(truncatingIfNeeded: number).littleEndianBytes
    }
}
