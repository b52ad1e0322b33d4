/// The byte shuffle of blosc and HDF5 for elements of four bytes: first every element's byte 0,
/// then every byte 1, …
///
/// Neighbouring floats share sign, exponent and the first bits of the mantissa; side by side these
/// compress.
package enum Shuffle {
    /// Fills `out` with `bytes` shuffled; their number must be a multiple of 4. O(bytes).
    ///
    /// - Parameter asDifferences: whether with the differences of each byte and that of the element
    ///   before, modulo 256: the filter bytedelta of blosc 2.
    package static func shuffle(
        _ bytes: RawSpan, into out: inout [UInt8], asDifferences: Bool = false
    ) {
        precondition(bytes.byteCount % 4 == 0, "whole elements of four bytes are shuffled")
        if out.count != bytes.byteCount { out = [UInt8](repeating: 0, count: bytes.byteCount) }
        unsafe out.withUnsafeMutableBytes { out in
            unsafe bytes.withUnsafeBytes { unsafe shuffle($0, out, out.count / 4, asDifferences) }
        }
    }

    /// Returns what `shuffle` made `bytes` of. O(bytes).
    package static func unshuffled(_ bytes: [UInt8], ofDifferences: Bool = false) -> [UInt8] {
        precondition(bytes.count % 4 == 0, "whole elements of four bytes are shuffled")
        let count = bytes.count / 4
        return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { out, initialized in
            unsafe bytes.withUnsafeBytes {
                unsafe unshuffle($0, UnsafeMutableRawBufferPointer(out), count, ofDifferences)
            }
            initialized = bytes.count
        }
    }

    /// Sixteen elements a step: even and odd bytes are told apart twice, which brings each
    /// element's byte k to part k.
    private static func shuffle(
        _ input: UnsafeRawBufferPointer, _ out: UnsafeMutableRawBufferPointer, _ count: Int,
        _ asDifferences: Bool
    ) {
        func load(_ place: Int) -> SIMD32<UInt8> {
            let bytes = unsafe input.loadUnaligned(fromByteOffset: place, as: SIMD32<UInt8>.self)
            guard asDifferences else { return bytes }
            let before = unsafe input.loadUnaligned(
                fromByteOffset: place - 4, as: SIMD32<UInt8>.self)
            return bytes &- before
        }
        var element = 0
        if asDifferences, count > 0 {
            // Before the first element there is none.
            for byte in 0..<4 { unsafe out[byte * count] = input[byte] }
            element = 1
        }
        while element + 16 <= count {
            let (a, b) = (load(4 * element), load(4 * element + 32))
            // Bytes 0 and 2 of each element.
            let even = SIMD32<UInt8>(lowHalf: a.evenHalf, highHalf: b.evenHalf)
            let odd = SIMD32<UInt8>(lowHalf: a.oddHalf, highHalf: b.oddHalf)  // bytes 1 and 3
            unsafe out.storeBytes(of: even.evenHalf, toByteOffset: element, as: SIMD16<UInt8>.self)
            unsafe out.storeBytes(
                of: odd.evenHalf, toByteOffset: count + element, as: SIMD16<UInt8>.self)
            unsafe out.storeBytes(
                of: even.oddHalf, toByteOffset: 2 * count + element, as: SIMD16<UInt8>.self)
            unsafe out.storeBytes(
                of: odd.oddHalf, toByteOffset: 3 * count + element, as: SIMD16<UInt8>.self)
            element += 16
        }
        while element < count {
            for byte in 0..<4 {
                let before = unsafe asDifferences ? input[4 * element + byte - 4] : 0
                unsafe out[byte * count + element] = input[4 * element + byte] &- before
            }
            element += 1
        }
    }

    /// The inverse of `shuffle`: the same two steps backwards.
    static func unshuffle(
        _ input: UnsafeRawBufferPointer, _ out: UnsafeMutableRawBufferPointer, _ count: Int,
        _ ofDifferences: Bool
    ) {
        guard !ofDifferences else { return unsafe unshuffleDifferences(input, out, count) }
        var element = 0
        while element + 16 <= count {
            var even = SIMD32<UInt8>()
            var odd = SIMD32<UInt8>()
            even.evenHalf = unsafe input.loadUnaligned(
                fromByteOffset: element, as: SIMD16<UInt8>.self)
            odd.evenHalf = unsafe input.loadUnaligned(
                fromByteOffset: count + element, as: SIMD16<UInt8>.self)
            even.oddHalf = unsafe input.loadUnaligned(
                fromByteOffset: 2 * count + element, as: SIMD16<UInt8>.self)
            odd.oddHalf = unsafe input.loadUnaligned(
                fromByteOffset: 3 * count + element, as: SIMD16<UInt8>.self)
            var a = SIMD32<UInt8>()
            var b = SIMD32<UInt8>()
            a.evenHalf = even.lowHalf
            a.oddHalf = odd.lowHalf
            b.evenHalf = even.highHalf
            b.oddHalf = odd.highHalf
            unsafe out.storeBytes(of: a, toByteOffset: 4 * element, as: SIMD32<UInt8>.self)
            unsafe out.storeBytes(of: b, toByteOffset: 4 * element + 32, as: SIMD32<UInt8>.self)
            element += 16
        }
        while element < count {
            for byte in 0..<4 { unsafe out[4 * element + byte] = input[byte * count + element] }
            element += 1
        }
    }

    /// The inverse for differences: eight elements a step, a lane of eight bytes for each byte of
    /// the elements.
    private static func unshuffleDifferences(
        _ input: UnsafeRawBufferPointer, _ out: UnsafeMutableRawBufferPointer, _ count: Int
    ) {
        func lane(_ byte: Int, _ element: Int) -> UInt64 {
            unsafe input.loadUnaligned(fromByteOffset: byte * count + element, as: UInt64.self)
        }
        // Sums of bytes, each modulo 256; the casts are between vectors of 32 bytes.
        func sum(_ a: SIMD4<UInt64>, _ b: SIMD4<UInt64>) -> SIMD4<UInt64> {
            unsafe unsafeBitCast(
                unsafeBitCast(a, to: SIMD32<UInt8>.self)
                    &+ unsafeBitCast(b, to: SIMD32<UInt8>.self), to: SIMD4<UInt64>.self)
        }
        var before = SIMD4<UInt64>()  // the last element's bytes, each eight times
        var element = 0
        while element + 8 <= count {
            var sums = SIMD4<UInt64>(
                lane(0, element), lane(1, element), lane(2, element), lane(3, element))
            for bits: UInt64 in [8, 16, 32] { sums = sum(sums, sums &<< bits) }
            var last = sums &>> 56
            for bits: UInt64 in [8, 16, 32] { last |= last &<< bits }
            sums = sum(sums, before)
            before = sum(before, last)
            let bytes = unsafe unsafeBitCast(sums, to: SIMD32<UInt8>.self)
            var (even, odd) = (SIMD16<UInt8>(), SIMD16<UInt8>())
            even.evenHalf = bytes.lowHalf.lowHalf
            odd.evenHalf = bytes.lowHalf.highHalf
            even.oddHalf = bytes.highHalf.lowHalf
            odd.oddHalf = bytes.highHalf.highHalf
            var elements = SIMD32<UInt8>()
            elements.evenHalf = even
            elements.oddHalf = odd
            unsafe out.storeBytes(of: elements, toByteOffset: 4 * element, as: SIMD32<UInt8>.self)
            element += 8
        }
        while element < count {
            for byte in 0..<4 {
                let before = unsafe element == 0 ? 0 : out[4 * element + byte - 4]
                unsafe out[4 * element + byte] = input[byte * count + element] &+ before
            }
            element += 1
        }
    }
}
