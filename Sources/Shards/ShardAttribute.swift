/// The value of an attribute of a shard file.
public enum ShardAttribute: Hashable, Sendable {
    /// UTF-8 text, stored with its length, at most `maximumText` bytes.
    case string(String)
    /// An IEEE double.
    case double(Double)
    /// A signed 64-bit integer.
    case integer(Int)

    /// HDF5 keeps an attribute of up to 64 KiB beside its object.
    public static let maximumText = 60_000
}
