internal import CHDF5
internal import Fields

/// The columns of a shard while it is written; they are small, and go to the file at the end.
struct ShardColumns {
    private var ids: [UInt64] = []
    private var sourceCounts: [UInt16] = []
    private var indices: [UInt64] = []
    private var ranks: [UInt64] = []
    private var sources: [[Source]] = []
    private var keys: [UInt32] = []  // (samples, keys)
    private var errorBounds: [Double] = []
    private var contrasts: [Double] = []
    private var ySHA256s: [UInt8] = []  // (samples, 32)
    private var checksums: [UInt64] = []  // (samples, chunks)

    /// The number of samples.
    var count: Int { ids.count }

    /// Appends the sample's row.
    mutating func append(_ sample: EncodedSample) {
        ids.append(sample.id.bits)
        sourceCounts.append(UInt16(sample.sources.count))
        indices.append(sample.index)
        if let rank = sample.rank { ranks.append(rank) }
        sources.append(sample.sources)
        keys += sample.keys
        errorBounds.append(sample.errorBound)
        if let contrast = sample.contrast { contrasts.append(contrast) }
        ySHA256s += sample.ySHA256.bytes
        checksums += sample.chunks.map(XXHash64.hash(of:))
    }

    /// Writes every column. Must run inside HDF5's lock.
    func write(
        to file: hid_t, maximumSources: Int, kind: ShardKind, path: String
    ) throws(ShardsError) {
        try ShardLayout.id.write(ids, shape: [count], to: file, path: path)
        try ShardLayout.sourceCounts.write(sourceCounts, shape: [count], to: file, path: path)
        try ShardLayout.index.write(indices, shape: [count], to: file, path: path)
        if kind == .shard {
            try ShardLayout.rank.write(ranks, shape: [count], to: file, path: path)
        }
        try writeSources(to: file, maximumSources: maximumSources, path: path)
        if count > 0, !keys.isEmpty {
            try ShardLayout.keys.write(
                keys, shape: [count, keys.count / count], to: file, path: path)
        }
        try ShardLayout.errorBound.write(errorBounds, shape: [count], to: file, path: path)
        if !contrasts.isEmpty {
            try ShardLayout.contrast.write(contrasts, shape: [count], to: file, path: path)
        }
        try ShardLayout.ySHA256.write(ySHA256s, shape: [count, 32], to: file, path: path)
        if !checksums.isEmpty {
            try ShardLayout.checksums.write(
                checksums, shape: [count, checksums.count / count], to: file, path: path)
        }
    }

    /// Writes `/sources` as wide as the shapes need, padded with NaN.
    private func writeSources(to file: hid_t, maximumSources: Int, path: String) throws(ShardsError)
    {
        let table = SourceTable(holding: sources.joined())
        let width = table.width
        var rows: [Double] = []  // (samples, maximum sources, width)
        rows.reserveCapacity(count * maximumSources * width)
        for list in sources {
            for source in list { rows += table.row(of: source) }
            rows += repeatElement(.nan, count: width * (maximumSources - list.count))
        }
        try ShardLayout.sources.write(
            rows, shape: [count, maximumSources, width],
            attributes: [("columns", .string(table.columns.joined(separator: ",")))], to: file,
            path: path)
    }
}
