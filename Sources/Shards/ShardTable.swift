internal import Fields

/// The columns of a shard as they are read.
struct ShardTable: Sendable {
    let ids: [UInt64]
    let sourceCounts: [UInt16]
    let indices: [UInt64]
    let ranks: [UInt64]?
    let keys: [UInt32]  // (samples, keys)
    let sources: [Double]  // (samples, maximum sources, width)
    let errorBounds: [Double]
    let contrasts: [Double]?
    let ySHA256s: [Digest]
    let checksums: [UInt64]  // (samples, chunks)

    /// Reads every column.
    init(of file: ShardFile, head: ShardHead) throws(ShardsError) {
        let (path, count) = (file.path, head.count)
        ids = try ShardLayout.id.read(shape: [count], from: file)
        sourceCounts = try ShardLayout.sourceCounts.read(shape: [count], from: file)
        indices = try ShardLayout.index.read(shape: [count], from: file)
        ranks = head.kind == .shard ? try ShardLayout.rank.read(shape: [count], from: file) : nil
        keys =
            head.keys == 0 ? [] : try ShardLayout.keys.read(shape: [count, head.keys], from: file)
        sources = try ShardLayout.sources.read(
            shape: [count, head.maximumSources, head.sourceTable.width], from: file)
        errorBounds = try ShardLayout.errorBound.read(shape: [count], from: file)
        contrasts =
            file.has(ShardLayout.contrast.name)
            ? try ShardLayout.contrast.read(shape: [count], from: file) : nil
        let bytes = try ShardLayout.ySHA256.read(shape: [count, 32], from: file)
        ySHA256s = (0..<count).compactMap { Digest(bytes: Array(bytes[32 * $0..<32 * ($0 + 1)])) }
        let chunks = head.codec.fields.count + head.coefficients.count
        checksums =
            count * chunks == 0
            ? [] : try ShardLayout.checksums.read(shape: [count, chunks], from: file)
        // Whole numbers that every reader can hold; arithmetic with them does not overflow.
        if (indices + (ranks ?? [])).contains(where: { $0 > ShardLayout.largestNumber }) {
            throw ShardsError(.corrupt, "an index or a rank of \(path) is beyond 2^53", path: path)
        }
        // Half a step of rounding is in every bound of a label on a grid; what is less certifies
        // nothing.
        let least = ShardLayout.leastBound(head.attributes)
        if let position = errorBounds.firstIndex(where: { !($0 >= least && $0.isFinite) }) {
            throw ShardsError(
                .corrupt,
                "sample \(position) of \(path) has the error bound \(errorBounds[position]), "
                    + "which no label of its grid can have: at least \(least), half a step, is "
                    + "lost in rounding; the file is damaged or forged, so make it again",
                path: path)
        }
        if let position = contrasts?.firstIndex(where: { !($0 >= 1 && $0.isFinite) }) {
            throw ShardsError(
                .corrupt,
                "sample \(position) of \(path) has the contrast "
                    + "\(contrasts?[position] ?? .nan), and no medium has one below 1; the file "
                    + "is damaged or forged, so make it again", path: path)
        }
        if let position = sourceCounts.firstIndex(where: { $0 > head.maximumSources }) {
            throw ShardsError(
                .corrupt,
                "sample \(position) of \(path) claims \(sourceCounts[position]) sources; there is "
                    + "room for \(head.maximumSources)", path: path)
        }
    }
}
