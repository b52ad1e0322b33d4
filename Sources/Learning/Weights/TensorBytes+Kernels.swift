#if _endian(big)
    #error("tensors are little-endian, and this module copies the machine's own bytes")
#endif

/// Values of tensors as little-endian bytes.
enum TensorBytes {
    /// Appends the bytes of `values`.
    static func append(_ values: [Float], to bytes: inout [UInt8]) {
        unsafe values.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// The values whose bytes are those of `range`, four each.
    static func floats(of bytes: [UInt8], in range: Range<Int>) -> [Float] {
        precondition(range.count % 4 == 0, "a float has four bytes")
        let count = range.count / 4
        return unsafe [Float](unsafeUninitializedCapacity: count) { out, initialized in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe UnsafeMutableRawBufferPointer(out).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
            initialized = count
        }
    }
}
