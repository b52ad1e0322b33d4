internal import CHDF5
internal import Fields

/// The columns of a shard while it is written; they are small, and go to the file at the end.
struct ShardColumns {
    private var ids: [UInt64] = []
    private var sourceCounts: [UInt16] = []
    private var indices: [UInt64] = []
    private var ranks: [UInt64] = []
    private var sources: [Double] = []  // (samples, maximum sources, 4)
    private var errorBounds: [Double] = []
    private var ySHA256s: [UInt8] = []  // (samples, 32)

    /// The number of samples.
    var count: Int { ids.count }

    /// Appends the sample's row, its sources padded with NaN.
    mutating func append(_ sample: EncodedSample, maximumSources: Int) {
        ids.append(sample.id.bits)
        sourceCounts.append(UInt16(sample.sources.count))
        indices.append(sample.index)
        if let rank = sample.rank { ranks.append(rank) }
        for source in sample.sources {
            sources += [Double(source.row), Double(source.column), source.radius, source.value]
        }
        sources += repeatElement(.nan, count: 4 * (maximumSources - sample.sources.count))
        errorBounds.append(sample.errorBound)
        ySHA256s += sample.ySHA256.bytes
    }

    /// Writes every column. Must run inside HDF5's lock.
    func write(to file: hid_t, maximumSources: Int, kind: ShardKind, path: String) throws(ShardsError) {
        _ = try ShardLayout.id.write(ids, shape: [count], to: file, path: path)
        _ = try ShardLayout.sourceCounts.write(sourceCounts, shape: [count], to: file, path: path)
        _ = try ShardLayout.index.write(indices, shape: [count], to: file, path: path)
        if kind == .shard { _ = try ShardLayout.rank.write(ranks, shape: [count], to: file, path: path) }
        let dataset = try ShardLayout.sources.write(sources, shape: [count, maximumSources, 4], to: file, path: path)
        try HDF5.writeAttribute(
            .string(ShardLayout.sourceColumns.joined(separator: ",")), named: "columns", of: dataset.id, path: path)
        _ = try ShardLayout.errorBound.write(errorBounds, shape: [count], to: file, path: path)
        _ = try ShardLayout.ySHA256.write(ySHA256s, shape: [count, 32], to: file, path: path)
    }
}
