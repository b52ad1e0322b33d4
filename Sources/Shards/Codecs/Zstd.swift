internal import CZstd

/// zstd (RFC 8878) frames that declare their content's size and end with its checksum.
///
/// Only frames of exactly that kind are accepted back: a damaged header must not turn off the check
/// that would find it.
public enum Zstd {
    /// Compression levels that are offered.
    package static let levels = 1...19
    /// The level where none is asked for.
    public static let defaultLevel = 3

    /// Compresses; owns one reusable context, so each thread has its own compressor.
    @safe package final class Compressor {
        private let context: OpaquePointer
        private let isForFields: Bool
        private var scratch: [UInt8] = []
        /// Memory for what is compressed, which the next user of the compressor may overwrite.
        var memory: [UInt8] = []

        /// Creates a compressor at `level`, one of `levels`.
        ///
        /// - Parameter forFields: whether to search as suits the bytes of fields, as `Search` says,
        ///   instead of as the level has it.
        package init(level: Int, forFields: Bool = false) throws(ShardsError) {
            precondition(Zstd.levels.contains(level), "zstd levels are from 1 to 19")
            guard let context = unsafe ZSTD_createCCtx() else {
                throw ShardsError(
                    .compression, "zstd cannot allocate a compression context: out of memory")
            }
            unsafe self.context = context
            isForFields = forFields
            try set(ZSTD_c_compressionLevel, to: level)
            try set(ZSTD_c_checksumFlag, to: 1)
            if forFields {
                try set(ZSTD_c_strategy, to: Int(ZSTD_fast.rawValue))
            }
        }

        private func set(_ parameter: ZSTD_cParameter, to value: Int) throws(ShardsError) {
            _ = try check(
                unsafe ZSTD_CCtx_setParameter(context, parameter, Int32(value)), "set up zstd")
        }

        deinit { _ = unsafe ZSTD_freeCCtx(context) }

        /// Returns `prefix` zeros, which are the caller's to fill, and one frame with the content
        /// `bytes`.
        ///
        /// The same bytes give the same frame with any one release of zstd. The corresponding C
        /// functions are `ZSTD_compress2` and, with cuts, `ZSTD_compressStream2`.
        ///
        /// - Parameters:
        ///   - cuts: where blocks shall end, ascending: a block of equal bytes takes four bytes,
        ///     and is expanded as fast as memory is filled.
        ///   - search: what a compressor for fields looks for; others do as their level has it.
        package func compress(
            _ bytes: RawSpan, prefix: Int = 0, cuts: [Int] = [], search: Search = .all
        ) throws(ShardsError) -> [UInt8] {
            let count = bytes.byteCount
            // A window as large as the content makes a single-segment frame, whose header has no
            // byte without meaning.
            let log = max(10, Int.bitWidth - max(count - 1, 1).leadingZeroBitCount)
            guard log <= 31 else {
                throw ShardsError(.tooLarge, "\(count) bytes are too many for one zstd frame")
            }
            try set(ZSTD_c_windowLog, to: log)
            if isForFields {
                try set(ZSTD_c_hashLog, to: search.tableBits)
                try set(ZSTD_c_minMatch, to: search.shortestMatch)
                // Of the fast strategy's two ways with literals, 0 codes them and 1 stores them.
                try set(ZSTD_c_targetLength, to: search.codesLiterals ? 0 : 1)
            }
            let bound = ZSTD_compressBound(count) + 16 * cuts.count
            if scratch.count < bound { scratch = [UInt8](repeating: 0, count: bound) }
            let result = unsafe scratch.withUnsafeMutableBytes { out in
                unsafe bytes.withUnsafeBytes { bytes in
                    cuts.isEmpty
                        ? unsafe ZSTD_compress2(
                            context, out.baseAddress, out.count, bytes.baseAddress, bytes.count)
                        : unsafe compress(bytes, cuts, into: out)
                }
            }
            let length = try check(result, "compress")
            // Copied, so that a frame which waits to be written holds no more memory than it has
            // bytes.
            var frame: [UInt8] = []
            frame.reserveCapacity(prefix + length)
            frame.append(contentsOf: repeatElement(0, count: prefix))
            frame.append(contentsOf: scratch[..<length])
            return frame
        }

        /// Ends a block at each cut. Returns the frame's length, or an error code of zstd.
        private func compress(
            _ bytes: UnsafeRawBufferPointer, _ cuts: [Int], into out: UnsafeMutableRawBufferPointer
        ) -> Int {
            var result = unsafe ZSTD_CCtx_reset(context, ZSTD_reset_session_only)
            guard ZSTD_isError(result) == 0 else { return result }
            result = unsafe ZSTD_CCtx_setPledgedSrcSize(context, UInt64(bytes.count))
            guard ZSTD_isError(result) == 0 else { return result }
            var output = unsafe ZSTD_outBuffer(dst: out.baseAddress, size: out.count, pos: 0)
            var input = unsafe ZSTD_inBuffer(src: bytes.baseAddress, size: 0, pos: 0)
            for end in cuts + [bytes.count] {
                unsafe input.size = end
                repeat {
                    result = unsafe ZSTD_compressStream2(
                        context, &output, &input, end == bytes.count ? ZSTD_e_end : ZSTD_e_flush)
                    guard ZSTD_isError(result) == 0 else { return result }
                } while result > 0
            }
            return unsafe output.pos
        }
    }

    /// Decompresses; owns one reusable context, so each thread has its own decompressor.
    @safe package final class Decompressor {
        private let context: OpaquePointer

        /// Creates a decompressor.
        package init() throws(ShardsError) {
            guard let context = unsafe ZSTD_createDCtx() else {
                throw ShardsError(
                    .compression, "zstd cannot allocate a decompression context: out of memory"
                )
            }
            unsafe self.context = context
        }

        deinit { _ = unsafe ZSTD_freeDCtx(context) }

        /// Returns the content of the one frame that fills `frame[range]`, which must be exactly
        /// `size` bytes.
        ///
        /// What the frame says of itself is checked before anything is allocated.
        package func decompress(_ frame: [UInt8], in range: Range<Int>, size: Int)
            throws(ShardsError) -> [UInt8]
        {
            try check(frame, in: range, size: size)
            var failure: ShardsError?
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { out, count in
                do throws(ShardsError) {
                    unsafe try expand(
                        frame, in: range,
                        to: UnsafeMutableRawBufferPointer(start: out.baseAddress, count: size))
                    count = size
                } catch { failure = error }
            }
            if let failure { throw failure }
            return bytes
        }

        /// Fills `out` with the content of the one frame that fills `frame[range]`, which must be
        /// exactly as long.
        func decompress(
            _ frame: [UInt8], in range: Range<Int>, to out: UnsafeMutableRawBufferPointer
        ) throws(ShardsError) {
            try check(frame, in: range, size: out.count)
            unsafe try expand(frame, in: range, to: out)
        }

        /// Fills `out` with the content of the one frame that fills `frame[range]`, which must be
        /// exactly as long, and whose bytes are known to be those that were written: zstd then need
        /// not compute the checksum of the content.
        ///
        /// `frame` is changed so that it has no checksum.
        func decompressVerified(
            _ frame: inout [UInt8], in range: Range<Int>, to out: UnsafeMutableRawBufferPointer
        ) throws(ShardsError) {
            try check(frame, in: range, size: out.count)
            frame[range.lowerBound + 4] &= ~0b100
            unsafe try expand(frame, in: range.lowerBound..<range.upperBound - 4, to: out)
        }

        /// Checks what a frame says of itself.
        private func check(_ frame: [UInt8], in range: Range<Int>, size: Int) throws(ShardsError) {
            try Zstd.checkHeader(frame, in: range)
            let (declared, length) = unsafe frame.withUnsafeBytes { frame in
                let part = unsafe UnsafeRawBufferPointer(rebasing: frame[range])
                return unsafe (
                    ZSTD_getFrameContentSize(part.baseAddress, part.count),
                    ZSTD_findFrameCompressedSize(part.baseAddress, part.count)
                )
            }
            guard declared == UInt64(size) else {
                throw ShardsError(
                    .corrupt,
                    "a zstd frame declares \(declared) bytes of content, expected are \(size)")
            }
            guard try Zstd.check(length, "find the end of") == range.count else {
                throw ShardsError(
                    .corrupt,
                    "a zstd frame has \(length) bytes where \(range.count) are stored")
            }
        }

        /// Expands a frame that was checked. The corresponding C function is `ZSTD_decompressDCtx`.
        private func expand(
            _ frame: [UInt8], in range: Range<Int>, to out: UnsafeMutableRawBufferPointer
        ) throws(ShardsError) {
            let result = unsafe frame.withUnsafeBytes { frame in
                let part = unsafe UnsafeRawBufferPointer(rebasing: frame[range])
                return unsafe ZSTD_decompressDCtx(
                    context, out.baseAddress, out.count, part.baseAddress, part.count)
            }
            guard try Zstd.check(result, "decompress") == out.count else {
                throw ShardsError(
                    .corrupt, "a zstd frame holds \(result) bytes, expected are \(out.count)")
            }
        }
    }

    /// Checks magic number and frame header descriptor (RFC 8878, §3.1.1.1): single segment,
    /// checksum, no dictionary.
    private static func checkHeader(_ frame: [UInt8], in range: Range<Int>) throws(ShardsError) {
        guard range.count >= 6, Array(frame[range].prefix(4)) == [0x28, 0xB5, 0x2F, 0xFD] else {
            throw ShardsError(.corrupt, "the stored bytes are not a zstd frame")
        }
        guard frame[range.lowerBound + 4] & 0b0011_1111 == 0b0010_0100 else {
            throw ShardsError(
                .corrupt, "a zstd frame is not a single segment with a content checksum")
        }
    }

    /// Returns `result`, or throws where it is an error code of zstd.
    private static func check(_ result: Int, _ action: String) throws(ShardsError) -> Int {
        guard ZSTD_isError(result) != 0 else { return result }
        let name = unsafe String(cString: ZSTD_getErrorName(result))
        let damaged = action == "decompress" || action == "find the end of"
        throw ShardsError(
            damaged ? .corrupt : .compression, "zstd cannot \(action) the frame: \(name)")
    }
}
