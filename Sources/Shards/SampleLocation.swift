/// Where the chunks of a sample lie in its shard: one after another, in one range of bytes.
public struct SampleLocation: Hashable, Sendable {
    /// Where the first chunk, that of x, begins in the file.
    public let offset: UInt64
    /// The size of each chunk: x, y, then coefficients in the order of the file's `coefficients`.
    public private(set) var sizes: [UInt32]

    /// A place with the chunk of x alone, which HDF5 keeps below 4 GiB.
    init(_ chunk: (offset: UInt64, bytes: UInt32)) {
        offset = chunk.offset
        sizes = [chunk.bytes]
    }

    /// Appends a chunk, and returns whether it lies right after the others.
    mutating func extend(by chunk: (offset: UInt64, bytes: UInt32)) -> Bool {
        guard chunk.offset == sizes.reduce(offset, { $0 + UInt64($1) }) else { return false }
        sizes.append(chunk.bytes)
        return true
    }
}
