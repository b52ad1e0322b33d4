internal import Documents
internal import Fields

/// The HDF5 filter through which the chunks of a dataset are stored, as its header says it.
public struct ChunkFilter: Hashable, Sendable {
    /// The filter's number.
    let number: Int32
    /// Its client data, the same for all chunks of the dataset.
    let values: [UInt32]

    /// Whether a library may leave it out where it writes; what would then be stored of an archive
    /// is no chunk of one.
    var isOptional: Bool { isBlosc }

    private var isBlosc: Bool { number == BloscFrame.filter || number == BloscFrame.filter2 }

    /// Bytes of its client data, but for those few of blosc that every file has.
    var further: Int { isBlosc ? 0 : 4 * values.count }

    /// The registered filter blosc, for chunks of `bytes` bytes; see `BloscFrame`. Its values are
    /// those that c-blosc's filter documents; the last is the codec, zstd.
    static func blosc(bytes: Int, level: Int, isShuffled: Bool) -> ChunkFilter {
        ChunkFilter(
            number: BloscFrame.filter,
            values: [2, 2, 4, UInt32(bytes), UInt32(level), isShuffled ? 1 : 0, 5])
    }

    /// The registered filter of blosc 2, for chunks of `bytes` bytes: the version of its values,
    /// what the HDF5 library leaves at 0, and then as in `blosc`.
    static func blosc2(bytes: Int, level: Int) -> ChunkFilter {
        ChunkFilter(
            number: BloscFrame.filter2, values: [1, 0, 4, UInt32(bytes), UInt32(level), 1, 5])
    }

    /// The number of the filter of archives, of the range that the HDF Group leaves to who did not
    /// register.
    static let archiveNumber: Int32 = 48217

    /// The filter of archives in a file with these attributes. Its client data are the version, 1,
    /// rows, columns, the bits of the grid (2³² − 1 without one), the number of bytes of the
    /// physics, and the physics as canonical JSON, four bytes a value, the last filled up with
    /// zeros. These fit the 64 KiB of a header's message, as the attribute `physics` is shorter.
    ///
    /// - Throws: `ShardsError` with code `.corrupt` where the attributes lack the physics or the
    ///   grid.
    static func archive(_ attributes: [String: ShardAttribute], path: String) throws(ShardsError)
        -> ChunkFilter
    {
        let content = try ShardContent(attributes, path: path)
        let (physics, lattice) = (content.physics, content.physics.lattice)
        let text = Array(physics.json.canonicalText.utf8)
        let words = stride(from: 0, to: text.count, by: 4).map { place in
            text[place..<min(place + 4, text.count)].reversed().reduce(UInt32(0)) {
                $0 << 8 | UInt32($1)
            }
        }
        let bits = content.step.map { UInt32(-Int($0.exponent)) } ?? .max
        return ChunkFilter(
            number: archiveNumber,
            values: [1, UInt32(lattice.rows), UInt32(lattice.columns), bits, UInt32(text.count)]
                + words)
    }
}
