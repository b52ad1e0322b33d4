/// The blosc1 frame in which a chunk is stored (HDF5 filter 32001), as c-blosc 1 describes it.
///
/// One block of one or four streams, each a zstd frame; integers are little-endian:
///
///     0  version 2     1  zstd format 1     2  flags     3  element size
///     4  bytes of content     8  bytes of a block, the same     12  bytes of this frame
///     16 start of the block, 20     20 bytes of the first stream
///     24 the first stream, then sizes and streams
///
/// blosc takes a stream that is as long as its content for stored, not compressed; where a zstd
/// frame happens to have that length, an empty skippable frame (RFC 8878, §3.1.2), which every zstd
/// reader passes over, follows it.
package enum BloscFrame {
    /// HDF5's registered number of the blosc filter.
    package static let filter: Int32 = 32001
    /// Bytes before the first zstd frame.
    package static let headerSize = 24
    /// More than this is refused as content: two planes on the largest lattice.
    package static let maximumContent = 1 << 27

    private static let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]
    private static let elementSize = 4

    /// How the content, elements of four bytes, becomes streams.
    package enum Form: Hashable, Sendable, CaseIterable {
        /// One stream, the bytes as they are.
        case plain
        /// One stream, the bytes shuffled.
        case shuffled
        /// The bytes shuffled, and a stream for each byte of the elements.
        case planes

        /// The number of streams.
        package var streams: Int { self == .planes ? elementSize : 1 }

        // The codec's number (4, zstd) is in the top three bits; 0x10 says "not split"; bit 0 says
        // "shuffled".
        fileprivate var flags: UInt8 {
            4 << 5 | (self == .planes ? 0 : 0x10) | (self == .plain ? 0 : 1)
        }
    }

    /// The largest frame that `encode` makes of `size` bytes, with room to spare; readers refuse
    /// more.
    package static func bound(_ size: Int) -> Int { size + 65536 }

    /// Returns the frame of `content`, elements of four bytes, at the compressor's level, with
    /// blocks that end at `cuts`.
    ///
    /// - Throws: `ShardsError` with code `.compression` or `.tooLarge`.
    package static func encode(
        _ content: [UInt8], as form: Form, with compressor: Zstd.Compressor, cuts: [Int] = []
    ) throws(ShardsError) -> [UInt8] {
        precondition(
            !content.isEmpty && content.count % elementSize == 0,
            "a frame holds whole elements")
        precondition(cuts.isEmpty || form.streams == 1, "cuts are of one stream")
        guard content.count <= maximumContent else {
            throw ShardsError(.tooLarge, "a field of \(content.count) bytes does not fit a chunk")
        }
        let bytes = form == .plain ? content : Shuffle.shuffled(content)
        let part = bytes.count / form.streams
        let streams = try (0..<form.streams).map { (stream) throws(ShardsError) -> [UInt8] in
            let range = stream * part..<(stream + 1) * part
            let search = form == .planes ? Zstd.Search(plane: stream, in: bytes, range) : .all
            var stream = try compressor.compress(
                bytes, in: range, prefix: 4, cuts: cuts, search: search)
            if stream.count - 4 == part { stream += skippable }
            put(stream.count - 4, at: 0, in: &stream)
            return stream
        }
        var frame: [UInt8] = [2, 1, form.flags, UInt8(elementSize)]
        frame.reserveCapacity(headerSize - 4 + streams.reduce(0) { $0 + $1.count })
        frame += repeatElement(0, count: headerSize - 4 - frame.count)
        for stream in streams { frame += stream }
        put(content.count, at: 4, in: &frame)
        put(content.count, at: 8, in: &frame)
        put(frame.count, at: 12, in: &frame)
        put(headerSize - 4, at: 16, in: &frame)
        return frame
    }

    /// Returns the content of `frame`, which must be `size` bytes, in the form that is said.
    ///
    /// Only frames as `encode` makes them are accepted; other writers' use several blocks.
    ///
    /// - Throws: `ShardsError` with code `.corrupt`.
    package static func decode(
        _ frame: [UInt8], size: Int, as form: Form, with decompressor: Zstd.Decompressor
    ) throws(ShardsError) -> [UInt8] {
        var content: [UInt8] = []
        let part = size / form.streams
        for range in try checkHeader(frame, size: size, as: form) {
            let bytes = try decompressor.decompress(frame, in: range, size: part)
            if form.streams == 1 { content = bytes } else { content += bytes }
        }
        return form == .plain ? content : Shuffle.unshuffled(content)
    }

    /// Checks every field of the header of the frame that `frame` has from `start` on, whose
    /// content must be `size` bytes, and returns where its zstd frames are; these are not looked
    /// at.
    @discardableResult package static func checkHeader(
        _ frame: [UInt8], from start: Int = 0, size: Int, as form: Form
    ) throws(ShardsError) -> [Range<Int>] {
        guard frame.count - start > headerSize else {
            throw ShardsError(
                .corrupt, "a chunk of \(frame.count) bytes is too short for a blosc frame")
        }
        let expected: [(name: String, found: Int, expected: Int)] = [
            ("version", Int(frame[start]), 2), ("zstd format", Int(frame[start + 1]), 1),
            ("flags", Int(frame[start + 2]), Int(form.flags)),
            ("element size", Int(frame[start + 3]), elementSize),
            ("content size", get(start + 4, in: frame), size),
            ("block size", get(start + 8, in: frame), size),
            ("frame size", get(start + 12, in: frame), frame.count - start),
            ("block start", get(start + 16, in: frame), headerSize - 4),
        ]
        for field in expected where field.found != field.expected {
            throw ShardsError(
                .corrupt,
                "a chunk is not a blosc frame as Steadyset writes it: its \(field.name) is "
                    + "\(field.found), expected is \(field.expected)")
        }
        var ranges: [Range<Int>] = []
        var place = start + headerSize - 4
        for _ in 0..<form.streams {
            let first = place + 4
            let length = first <= frame.count ? get(place, in: frame) : 0
            guard length > 0, length <= frame.count - first else {
                throw ShardsError(
                    .corrupt,
                    "a chunk is not a blosc frame as Steadyset writes it: it ends in a stream")
            }
            place = first + length
            let isFollowed =
                length == size / form.streams + 8
                && frame[place - 8..<place].elementsEqual(skippable)
            ranges.append(first..<place - (isFollowed ? 8 : 0))
        }
        guard place == frame.count else {
            throw ShardsError(
                .corrupt,
                "a chunk is not a blosc frame as Steadyset writes it: bytes follow its last stream")
        }
        return ranges
    }

    private static func put(_ value: Int, at offset: Int, in frame: inout [UInt8]) {
        for byte in 0..<4 { frame[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }

    private static func get(_ offset: Int, in frame: [UInt8]) -> Int {
        (0..<4).reduce(0) { $0 | Int(frame[offset + $1]) << (8 * $1) }
    }
}
