/// The frame in which a chunk is stored: of blosc 1 (HDF5 filter 32001) or of blosc 2 (32026), as
/// c-blosc and c-blosc2 describe them.
///
/// One block of one or four streams, each a zstd frame with its size before it; `head` and `tail`
/// are what stands around them. Integers are little-endian where nothing else is said.
///
/// blosc takes a stream that is as long as its content for stored, not compressed; where a zstd
/// frame happens to have that length, an empty skippable frame (RFC 8878, §3.1.2), which every zstd
/// reader passes over, follows it.
package enum BloscFrame {
    /// HDF5's registered number of the blosc filter.
    package static let filter: Int32 = 32001
    /// HDF5's registered number of the filter of blosc 2.
    package static let filter2: Int32 = 32026
    /// More than this is refused as content: two planes on the largest lattice.
    package static let maximumContent = 1 << 27

    private static let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0]
    static let elementSize = 4

    /// How the content, elements of four bytes, becomes streams.
    package enum Form: Hashable, Sendable, CaseIterable {
        /// One stream, the bytes as they are.
        case plain
        /// One stream, the bytes shuffled.
        case shuffled
        /// The bytes shuffled, and a stream for each byte of the elements.
        case planes
        /// The same of the differences of each byte and that of the element before, modulo 256: the
        /// filter bytedelta. A frame of blosc 2.
        case differences

        /// The number of streams.
        package var streams: Int { self == .planes || self == .differences ? elementSize : 1 }
    }

    /// The largest frame that `encode` makes of `size` bytes, with room to spare; readers refuse
    /// more.
    package static func bound(_ size: Int) -> Int { size + 65536 }

    /// Returns the frame of `content`, elements of four bytes, at the compressor's level, with
    /// blocks that end at `cuts`; `search` is what a compressor for fields looks for in shuffled
    /// bytes, nil for what suits their form.
    ///
    /// - Throws: `ShardsError` with code `.compression` or `.tooLarge`.
    package static func encode(
        _ content: RawSpan, as form: Form, with compressor: Zstd.Compressor, cuts: [Int] = [],
        search: Zstd.Search? = nil
    ) throws(ShardsError) -> [UInt8] {
        let size = content.byteCount
        precondition(size > 0 && size % elementSize == 0, "a frame holds whole elements")
        precondition(cuts.isEmpty || form == .plain, "cuts are of what is not shuffled")
        guard size <= maximumContent else {
            throw ShardsError(.tooLarge, "a field of \(size) bytes does not fit a chunk")
        }
        var streams: [[UInt8]] = []
        if form == .plain {
            streams.append(try stream(of: content, with: compressor, cuts: cuts))
        } else {
            // A local name for the one array, as a span of a property may not be passed on.
            var bytes: [UInt8] = []
            swap(&bytes, &compressor.memory)
            defer { swap(&bytes, &compressor.memory) }
            Shuffle.shuffle(content, into: &bytes, asDifferences: form == .differences)
            let part = size / form.streams
            for plane in 0..<form.streams {
                let range = plane * part..<(plane + 1) * part
                streams.append(
                    unsafe try stream(
                        of: bytes.span.bytes.extracting(range), with: compressor,
                        search: search
                            ?? Zstd.Search(plane: plane, of: form, in: bytes, range)))
            }
        }
        let length = streams.reduce(0) { $0 + $1.count }
        var frame = head(form, content: size, streams: length)
        let tail = tail(form)
        frame.reserveCapacity(frame.count + length + tail.count)
        for stream in streams { frame += stream }
        return frame + tail
    }

    /// Returns a stream with its size before it.
    private static func stream(
        of bytes: RawSpan, with compressor: Zstd.Compressor, cuts: [Int] = [],
        search: Zstd.Search = .all
    ) throws(ShardsError) -> [UInt8] {
        var stream = try compressor.compress(bytes, prefix: 4, cuts: cuts, search: search)
        if stream.count - 4 == bytes.byteCount { stream += skippable }
        stream.replaceSubrange(..<4, with: little(stream.count - 4, 4))
        return stream
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
        guard form != .plain else { return content }
        return Shuffle.unshuffled(content, ofDifferences: form == .differences)
    }

    /// Checks every byte around the streams of the frame that `frame` has from `start` on, whose
    /// content must be `size` bytes, and returns where its zstd frames are; these are not looked
    /// at.
    @discardableResult package static func checkHeader(
        _ frame: [UInt8], from start: Int = 0, size: Int, as form: Form
    ) throws(ShardsError) -> [Range<Int>] {
        let tail = tail(form)
        let length = frame.count - start - headSize(form) - tail.count
        guard length > 4 * form.streams else {
            throw ShardsError(
                .corrupt, "a chunk of \(frame.count) bytes is too short for a blosc frame")
        }
        try compare(frame, from: start, with: head(form, content: size, streams: length), start)
        let end = frame.count - tail.count
        try compare(frame, from: end, with: tail, start)
        var ranges: [Range<Int>] = []
        var place = end - length
        for _ in 0..<form.streams {
            let first = place + 4
            let length = first <= end ? number(at: place, in: frame) : 0
            guard length > 0, length <= end - first else {
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
        guard place == end else {
            throw ShardsError(
                .corrupt,
                "a chunk is not a blosc frame as Steadyset writes it: bytes follow its last stream")
        }
        return ranges
    }

    private static func compare(
        _ frame: [UInt8], from place: Int, with expected: [UInt8], _ start: Int
    ) throws(ShardsError) {
        for (offset, byte) in expected.enumerated() where frame[place + offset] != byte {
            throw ShardsError(
                .corrupt,
                "a chunk is not a blosc frame as Steadyset writes it: its byte "
                    + "\(place + offset - start) is \(frame[place + offset]), expected is \(byte)")
        }
    }

    /// The `bytes` bytes of a number, the lowest first.
    static func little(_ value: Int, _ bytes: Int) -> [UInt8] {
        (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func number(at offset: Int, in frame: [UInt8]) -> Int {
        (0..<4).reduce(0) { $0 | Int(frame[offset + $1]) << (8 * $1) }
    }
}
