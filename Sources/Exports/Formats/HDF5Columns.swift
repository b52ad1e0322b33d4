internal import Fields
internal import Shards

/// The columns that exports in HDF5 have beside the fields.
struct HDF5Columns {
    private var ids: [UInt64] = []
    private var ranks: [UInt64] = []
    private var counts: [UInt16] = []
    private var bounds: [Double] = []
    private var contrasts: [Double] = []
    private var digests: [UInt8] = []

    /// Appends a sample.
    mutating func append(_ reader: ShardReader, _ row: Int) {
        ids.append(reader.ids[row].bits)
        ranks.append(reader.ranks?[row] ?? 0)
        counts.append(UInt16(reader.sourceCounts[row]))
        bounds.append(reader.errorBounds[row])
        if let contrast = reader.contrasts?[row] { contrasts.append(contrast) }
        digests += reader.ySHA256s[row].bytes
    }

    /// Writes `/id`, `/rank`, `/n_sources`, `/error_bound`, `/contrast` where every sample has
    /// one, and `/y_sha256`.
    func write(to document: HDF5Document) throws(ShardsError) {
        let count = ids.count
        try document.writeArray(.uint64s(ids), shape: [count], named: "/id")
        try document.writeArray(.uint64s(ranks), shape: [count], named: "/rank")
        try document.writeArray(.uint16s(counts), shape: [count], named: "/n_sources")
        try document.writeArray(.doubles(bounds), shape: [count], named: "/error_bound")
        if contrasts.count == count {
            try document.writeArray(.doubles(contrasts), shape: [count], named: "/contrast")
        }
        try document.writeArray(.bytes(digests), shape: [count, 32], named: "/y_sha256")
    }
}
