extension FixedWidthInteger {
    /// The bytes, least significant first.
    @inlinable package var littleEndianBytes: [UInt8] {
        var bytes: [UInt8] = []
        appendLittleEndian(to: &bytes)
        return bytes
    }

    /// Appends `littleEndianBytes`.
    @inlinable package func appendLittleEndian(to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: Self.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: self >> shift))
        }
    }
}
