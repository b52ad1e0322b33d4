/// The byte shuffle of blosc and HDF5 for elements of four bytes: first every element's byte 0,
/// then every byte 1, …
///
/// Neighbouring floats share sign, exponent and the first bits of the mantissa; side by side these
/// compress.
package enum Shuffle {
    /// Returns `bytes` shuffled; their number must be a multiple of 4. O(bytes).
    package static func shuffled(_ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count % 4 == 0, "whole elements of four bytes are shuffled")
        let count = bytes.count / 4
        return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { out, initialized in
            unsafe bytes.withUnsafeBytes {
                unsafe shuffle($0, UnsafeMutableRawBufferPointer(out), count)
            }
            initialized = bytes.count
        }
    }

    /// Returns what `shuffled` made `bytes` of. O(bytes).
    package static func unshuffled(_ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count % 4 == 0, "whole elements of four bytes are shuffled")
        let count = bytes.count / 4
        return unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { out, initialized in
            unsafe bytes.withUnsafeBytes {
                unsafe unshuffle($0, UnsafeMutableRawBufferPointer(out), count)
            }
            initialized = bytes.count
        }
    }

    /// Sixteen elements a step: even and odd bytes are told apart twice, which brings each
    /// element's byte k to part k.
    private static func shuffle(
        _ input: UnsafeRawBufferPointer, _ out: UnsafeMutableRawBufferPointer, _ count: Int
    ) {
        var element = 0
        while element + 16 <= count {
            let a = unsafe input.loadUnaligned(fromByteOffset: 4 * element, as: SIMD32<UInt8>.self)
            let b = unsafe input.loadUnaligned(
                fromByteOffset: 4 * element + 32, as: SIMD32<UInt8>.self)
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
            for byte in 0..<4 { unsafe out[byte * count + element] = input[4 * element + byte] }
            element += 1
        }
    }

    /// The inverse of `shuffle`: the same two steps backwards.
    static func unshuffle(
        _ input: UnsafeRawBufferPointer, _ out: UnsafeMutableRawBufferPointer, _ count: Int
    ) {
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
}
