internal import Fields

/// The table of all samples of a pack stage, `locations.npy`: what a reader without HDF5 needs to
/// find, choose, decode and check a sample.
///
/// A NumPy array of records, one a sample, in the order of the manifest's files and of the rows in
/// each. Numbers are little-endian, without gaps. Sizes of chunks come last, and their checksums,
/// those of coefficients where each sample has its own; a recipe has none, and its offsets are 0.
/// Equal shards make equal bytes.
public enum LocationTable {
    /// The file's name in the folder of the pack stage.
    public static let fileName = "locations.npy"

    /// The fields of a record, in order: name and type as NumPy writes them.
    static let fields: [(name: String, type: String)] = [
        ("id", "'<u8'"), ("rank", "'<u8'"), ("error_bound", "'<f8'"), ("offset", "'<u8'"),
        ("n_sources", "'<u4'"), ("y_sha256", "'|u1', (32,)"),
    ]

    /// Returns what precedes the records of `samples` samples, stored by `codec`, each with
    /// `coefficients` of its own.
    public static func header(
        samples: Int, codec: any ShardCodec, coefficients: [ShardCoefficient.Dataset]
    ) -> [UInt8] {
        let chunks = codec.fields.map(\.name) + coefficients.map(\.coefficient.rawValue)
        return NumPyFile.header(
            count: samples,
            fields: fields + chunks.map { ("\($0)_bytes", "'<u4'") }
                + chunks.map { ("\($0)_checksum", "'<u8'") })
    }

    /// Returns the records of the samples in a shard, in its order.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the chunks of a sample are not one range
    ///   of bytes.
    public static func records(of reader: ShardReader) throws(ShardsError) -> [UInt8] {
        var bytes: [UInt8] = []
        let locations = try reader.locations()
        for position in 0..<reader.count {
            let location = locations.isEmpty ? nil : locations[position]
            bytes += reader.ids[position].bits.littleEndianBytes
            bytes += (reader.ranks?[position] ?? 0).littleEndianBytes
            bytes += reader.errorBounds[position].bitPattern.littleEndianBytes
            bytes += (location?.offset ?? 0).littleEndianBytes
            bytes += UInt32(reader.sourceCounts[position]).littleEndianBytes
            bytes += reader.ySHA256s[position].bytes
            for size in location?.sizes ?? [] { bytes += size.littleEndianBytes }
            for checksum in reader.checksums(at: position) { bytes += checksum.littleEndianBytes }
        }
        return bytes
    }
}
