/// Where the chunks of a sample lie in its shard: one after another, in one range of bytes.
public struct SampleLocation: Hashable, Sendable {
    /// Where the first chunk, that of x, begins in the file.
    public let offset: UInt64
    /// The size of each chunk: x, y, then coefficients in the order of the file's datasets of them.
    public let sizes: [UInt32]
}
