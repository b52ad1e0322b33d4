extension BloscFrame {
    /// Bytes before the first stream's zstd frame in a frame of blosc 1.
    package static let headerSize = 24

    /// The number of bytes of `head`.
    static func headSize(_ form: Form) -> Int {
        form == .differences ? contiguousHeadSize + 36 : headerSize - 4
    }

    private static let contiguousHeadSize = 97

    /// Returns what stands before the streams, whose sizes and bytes together are `streams` bytes.
    ///
    /// Of blosc 1, c-blosc's README_CHUNK_FORMAT:
    ///
    ///     0  version 2     1  zstd format 1     2  flags     3  element size
    ///     4  bytes of content     8  bytes of a block, the same     12  bytes of this frame
    ///     16 start of the block, 20
    ///
    /// A frame of blosc 2 has a head of its own, in MessagePack, before such a chunk of version 5
    /// with the filters in 16 more bytes (c-blosc2's README_CFRAME_FORMAT, README_CHUNK_FORMAT).
    static func head(_ form: Form, content: Int, streams: Int) -> [UInt8] {
        // The codec's number (4, zstd) is in the top three bits; 0x10 says "not split"; bit 0 says
        // "shuffled"; bits 0 and 2 say that filters follow.
        let flags: UInt8 =
            switch form {
            case .plain: 4 << 5 | 0x10
            case .shuffled: 4 << 5 | 0x10 | 1
            case .planes: 4 << 5 | 1
            case .differences: 4 << 5 | 5
            }
        let isSecond = form == .differences
        let start = isSecond ? 36 : 20
        let chunk =
            [isSecond ? 5 : 2, 1, flags, UInt8(elementSize)]
            + little(content, 4) + little(content, 4) + little(start + streams, 4)
            + (isSecond ? filters : []) + little(start, 4)
        guard isSecond else { return chunk }
        return contiguousHead(content: content, chunk: start + streams) + chunk
    }

    /// The codes of six filters in their order, here 1, shuffle, and 35, bytedelta, and of the
    /// codec, 5; then what each filter is told: bytedelta the element size.
    private static let filters: [UInt8] =
        [1, 35, 0, 0, 0, 0, 5, 0] + [0, UInt8(elementSize), 0, 0, 0, 0, 0, 0]

    /// The head of a contiguous frame of one chunk: an array of 14 in MessagePack, numbers the
    /// highest byte first, of the sizes of head and frame, flags, sizes of content and chunk, of
    /// an element, a block and a chunk of content, threads, filters, and no metalayers.
    private static func contiguousHead(content: Int, chunk: Int) -> [UInt8] {
        func big(_ value: Int, _ bytes: Int) -> [UInt8] { little(value, bytes).reversed() }
        let size = contiguousHeadSize + chunk + tail(.differences).count
        var head: [UInt8] = [0x9E, 0xA8] + Array("b2frame".utf8) + [0]
        head += [0xD2] + big(contiguousHeadSize, 4) + [0xCF] + big(size, 8)
        // Version 2 with offsets of 64 bits; contiguous; level 1 of codec 5, zstd; no flags.
        head += [0xA4, 0x12, 0, 0x15, 0]
        head += [0xD3] + big(content, 8) + [0xD3] + big(chunk, 8)
        head += [0xD2] + big(elementSize, 4) + [0xD2] + big(content, 4) + [0xD2] + big(content, 4)
        head += [0xD1, 0, 0, 0xD1, 0, 1, 0xC2]
        head += [0xD8, 6] + filters
        return head + [0x93, 0xCD, 0, 7, 0xDE, 0, 0, 0xDC, 0, 0]
    }

    /// What stands after the streams: nothing in blosc 1; in a frame of blosc 2 the chunk of
    /// the places of chunks, of which the only one is 0, stored as it is, and the trailer, an array
    /// of 4 in MessagePack: a version, no metalayers, its size, 35, and no fingerprint.
    static func tail(_ form: Form) -> [UInt8] {
        guard form == .differences else { return [] }
        // The chunk's own only filter is number 1, in the last of six places.
        return [5, 1, 7, 8, 8, 0, 0, 0, 8, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 1]
            + repeatElement(0, count: 18)
            + [0x94, 1, 0x93, 0xCD, 0, 6, 0xDE, 0, 0, 0xDC, 0, 0, 0xCE, 0, 0, 0, 35, 0xD8]
            + repeatElement(0, count: 17)
    }
}
