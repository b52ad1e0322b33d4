public import Fields

/// Fields as the little-endian bytes that shards store and digests cover.
public enum FieldBytes {
    /// Returns the bytes of `values`. O(values).
    package static func bytes(of values: [Float]) -> [UInt8] {
        // Floats have no padding, and the machine is little-endian (checked where this module is compiled).
        unsafe values.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Returns the values of `bytes`, four each.
    package static func floats(of bytes: [UInt8]) -> [Float] {
        precondition(bytes.count % 4 == 0, "a float has four bytes")
        let count = bytes.count / 4
        return unsafe [Float](unsafeUninitializedCapacity: count) { out, initialized in
            unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: $0) }
            initialized = count
        }
    }

    /// Returns the SHA-256 of a field's little-endian bytes, as `/y_sha256` records it.
    public static func digest(of values: [Float]) -> Digest { Digest(of: bytes(of: values)) }
}
