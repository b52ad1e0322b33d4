/// The blosc1 frame in which a chunk is stored (HDF5 filter 32001), as c-blosc 1 describes it.
///
/// One block, not split, one zstd frame; integers are little-endian:
///
///     0  version 2     1  zstd format 1     2  flags     3  element size
///     4  bytes of content     8  bytes of a block, the same     12  bytes of this frame
///     16 start of the block, 20     20 bytes of the zstd frame     24 the zstd frame
///
/// blosc takes a block that is as long as its content for stored, not compressed; where a zstd frame happens to have
/// that length, an empty skippable frame (RFC 8878, §3.1.2), which every zstd reader passes over, follows it.
package enum BloscFrame {
    /// HDF5's registered number of the blosc filter.
    package static let filter: Int32 = 32001
    /// Bytes before the zstd frame.
    package static let headerSize = 24
    /// More than this is refused as content: two planes on the largest lattice.
    package static let maximumContent = 1 << 27

    private static let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]
    private static let elementSize = 4
    // The codec's number (4, zstd) is in the top three bits; 0x10 says "not split"; bit 0 says "shuffled".
    private static let flags: UInt8 = 4 << 5 | 0x10

    /// The largest frame that `encode` makes of `size` bytes, with room to spare; readers refuse more.
    package static func bound(_ size: Int) -> Int { size + 65536 }

    /// Returns the frame of `content`, elements of four bytes, at the compressor's level, with blocks that end at `cuts`.
    ///
    /// - Throws: `ShardsError` with code `.compression` or `.tooLarge`.
    package static func encode(
        _ content: [UInt8], shuffle: Bool, with compressor: Zstd.Compressor, cuts: [Int] = []
    ) throws(ShardsError) -> [UInt8] {
        precondition(!content.isEmpty && content.count % elementSize == 0, "a frame holds whole elements")
        guard content.count <= maximumContent else {
            throw ShardsError(.tooLarge, "a field of \(content.count) bytes does not fit a chunk")
        }
        var frame = try compressor.compress(
            shuffle ? Shuffle.shuffled(content) : content, prefix: headerSize, cuts: cuts)
        if frame.count - headerSize == content.count { frame += skippable }
        frame.replaceSubrange(0..<4, with: [2, 1, flags | (shuffle ? 1 : 0), UInt8(elementSize)])
        put(content.count, at: 4, in: &frame)
        put(content.count, at: 8, in: &frame)
        put(frame.count, at: 12, in: &frame)
        put(headerSize - 4, at: 16, in: &frame)
        put(frame.count - headerSize, at: 20, in: &frame)
        return frame
    }

    /// Returns the content of `frame`, which must be `size` bytes, shuffled or not as said.
    ///
    /// Only frames as `encode` makes them are accepted; other writers' use several blocks.
    ///
    /// - Throws: `ShardsError` with code `.corrupt`.
    package static func decode(
        _ frame: [UInt8], size: Int, shuffle: Bool, with decompressor: Zstd.Decompressor
    ) throws(ShardsError) -> [UInt8] {
        try checkHeader(frame, size: size, shuffle: shuffle)
        let content = try decompressor.decompress(frame, in: content(of: frame, size: size), size: size)
        return shuffle ? Shuffle.unshuffled(content) : content
    }

    /// Where the zstd frame is, in a frame whose content has `size` bytes.
    static func content(of frame: [UInt8], size: Int) -> Range<Int> {
        let isFollowed = frame.count - headerSize == size + 8 && Array(frame.suffix(8)) == skippable
        return headerSize..<frame.count - (isFollowed ? 8 : 0)
    }

    /// Checks every field of the header of `frame`, whose content must be `size` bytes; the content is not looked at.
    package static func checkHeader(_ frame: [UInt8], size: Int, shuffle: Bool) throws(ShardsError) {
        guard frame.count > headerSize else {
            throw ShardsError(.corrupt, "a chunk of \(frame.count) bytes is too short for a blosc frame")
        }
        let expected: [(name: String, found: Int, expected: Int)] = [
            ("version", Int(frame[0]), 2), ("zstd format", Int(frame[1]), 1),
            ("flags", Int(frame[2]), Int(flags | (shuffle ? 1 : 0))), ("element size", Int(frame[3]), elementSize),
            ("content size", get(4, in: frame), size), ("block size", get(8, in: frame), size),
            ("frame size", get(12, in: frame), frame.count), ("block start", get(16, in: frame), headerSize - 4),
            ("block length", get(20, in: frame), frame.count - headerSize),
        ]
        for field in expected where field.found != field.expected {
            throw ShardsError(
                .corrupt,
                "a chunk is not a blosc frame as Steadyset writes it: its \(field.name) is \(field.found), "
                    + "expected is \(field.expected)")
        }
    }

    private static func put(_ value: Int, at offset: Int, in frame: inout [UInt8]) {
        for byte in 0..<4 { frame[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }

    private static func get(_ offset: Int, in frame: [UInt8]) -> Int {
        (0..<4).reduce(0) { $0 | Int(frame[offset + $1]) << (8 * $1) }
    }
}
