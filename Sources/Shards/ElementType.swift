/// The types of numbers, and text, that shards have (HDF5 file format, section
/// IV.A.2.d).
enum ElementType: Hashable, Sendable {
    case uint8, uint16, uint32, uint64, int64, float32, float64
    /// Text of a fixed length.
    case text(Int)
    case other

    /// Reads a datatype message; whatever a shard does not have is `other`.
    init(_ bytes: ArraySlice<UInt8>) {
        let bytes = Array(bytes)
        func ends(_ size: UInt8, _ properties: [UInt8]) -> Bool {
            bytes.count >= 8 + properties.count && bytes[4] == size
                && bytes[5..<8].allSatisfy { $0 == 0 }
                && bytes[8..<8 + properties.count].elementsEqual(properties)
        }
        self = .other
        guard bytes.count >= 8, (1...3).contains(bytes[0] >> 4) else { return }
        switch (bytes[0] & 15, bytes[1], bytes[2], bytes[3]) {
        case (0, 0, 0, 0):
            for (type, size) in [
                (ElementType.uint8, UInt8(1)), (.uint16, 2), (.uint32, 4), (.uint64, 8),
            ] where ends(size, [0, 0, 8 * size, 0]) { self = type }
        case (0, 8, 0, 0) where ends(8, [0, 0, 64, 0]): self = .int64
        case (1, 0x20, 31, 0) where ends(4, [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]):
            self = .float32
        case (1, 0x20, 63, 0) where ends(8, [0, 0, 64, 0, 52, 11, 0, 52, 255, 3, 0, 0]):
            self = .float64
        case (3, _, 0, 0):
            let size = bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
            self = .text(size)
        default: break
        }
    }
}
