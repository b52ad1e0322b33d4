public import Fields

/// Fields as the little-endian bytes that shards store and digests cover.
public enum FieldBytes {
    /// Returns the bytes of `values`. O(values).
    package static func bytes(of values: [Float]) -> [UInt8] {
        // Floats have no padding, and the machine is little-endian (checked where this module is
        // compiled).
        unsafe values.withUnsafeBytes { unsafe [UInt8]($0) }
    }

    /// Returns the values of `bytes`, four each.
    package static func floats(of bytes: [UInt8]) -> [Float] {
        precondition(bytes.count % 4 == 0, "a float has four bytes")
        let count = bytes.count / 4
        return unsafe [Float](unsafeUninitializedCapacity: count) { out, initialized in
            unsafe bytes.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: $0)
            }
            initialized = count
        }
    }

    /// Whether no value is infinite or not a number.
    static func areFinite(_ values: Span<Float>) -> Bool {
        // Without an early end, so that vectors of numbers are looked at: an exponent of ones and
        // one more carries into the sign.
        unsafe values.withUnsafeBufferPointer { values in
            var found: UInt32 = 0
            for place in 0..<values.count {
                unsafe found |= (values[place].bitPattern & 0x7F80_0000) &+ 0x0080_0000
            }
            return found & 0x8000_0000 == 0
        }
    }

    /// Returns the numbers whose little-endian bytes `bytes` are.
    static func numbers<Number: BitwiseCopyable>(of bytes: [UInt8]) -> [Number] {
        let size = MemoryLayout<Number>.size
        precondition(bytes.count % size == 0, "numbers are whole")
        let count = bytes.count / size
        // Any bytes make a number of the types that columns have.
        return unsafe [Number](unsafeUninitializedCapacity: count) { out, initialized in
            unsafe bytes.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: $0)
            }
            initialized = count
        }
    }

    /// Returns at which bytes of `values`, (rows, columns), runs of at least four rows of zeros
    /// begin and end, but for both ends.
    ///
    /// Most rows of a source image are empty. zstd would copy their zeros from just before, a few
    /// bytes at a time; a block of their own is filled at once.
    static func edges(ofEmptyRowsIn values: [Float], columns: Int) -> [Int] {
        unsafe values.withUnsafeBufferPointer { values in
            var edges: [Int] = []
            var empty = 0
            for row in 0...values.count / columns {
                let start = row * columns
                var isEmpty = start < values.count
                if isEmpty {
                    var found: UInt32 = 0
                    for place in start..<start + columns {
                        unsafe found |= values[place].bitPattern
                    }
                    isEmpty = found == 0
                }
                if isEmpty {
                    empty += 1
                } else {
                    if empty >= 4 { edges += [4 * (start - empty * columns), 4 * start] }
                    empty = 0
                }
            }
            return edges.filter { $0 > 0 && $0 < 4 * values.count }
        }
    }

    /// Returns the SHA-256 of a field's little-endian bytes, as `/y_sha256` records it.
    public static func digest(of values: [Float]) -> Digest {
        var hasher = Digest.Hasher()
        unsafe values.withUnsafeBytes { unsafe hasher.update($0) }
        return hasher.finish()
    }
}

extension BloscFrame {
    /// Fills `values` with the content of the frame that `frame` has from `start` on, which must be
    /// as long, without taking memory beyond `scratch`.
    ///
    /// - Parameter isVerified: whether the bytes of `frame` are known to be those that were
    ///   written. zstd then does not compute its checksum of the content; `frame` is changed so
    ///   that it has none.
    /// - Throws: `ShardsError` with code `.corrupt`; `values` then hold anything.
    static func decode(
        _ frame: inout [UInt8], from start: Int = 0, into values: inout MutableSpan<Float>,
        as form: Form, isVerified: Bool, with decompressor: Zstd.Decompressor,
        scratch: inout [UInt8]
    ) throws(ShardsError) {
        let count = values.count
        let ranges = try checkHeader(frame, from: start, size: 4 * count, as: form)
        var failure: ShardsError?
        func expand(to out: UnsafeMutableRawBufferPointer) {
            let part = out.count / ranges.count
            do throws(ShardsError) {
                for (stream, range) in ranges.enumerated() {
                    let out = unsafe UnsafeMutableRawBufferPointer(
                        rebasing: out[stream * part..<(stream + 1) * part])
                    if isVerified {
                        unsafe try decompressor.decompressVerified(&frame, in: range, to: out)
                    } else {
                        unsafe try decompressor.decompress(frame, in: range, to: out)
                    }
                }
            } catch { failure = error }
        }
        if form == .plain {
            unsafe values.withUnsafeMutableBytes { unsafe expand(to: $0) }
            if let failure { throw failure }
            return
        }
        if scratch.count != 4 * count { scratch = [UInt8](repeating: 0, count: 4 * count) }
        unsafe scratch.withUnsafeMutableBytes { unsafe expand(to: $0) }
        if let failure { throw failure }
        unsafe values.withUnsafeMutableBytes { out in
            unsafe scratch.withUnsafeBytes {
                unsafe Shuffle.unshuffle($0, out, count, form == .differences)
            }
        }
    }
}
