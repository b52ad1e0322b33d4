/// Three nested loops over places in memory; the innermost comes last.
struct Strides {
    var counts: (Int, Int, Int)
    var strides: (Int, Int, Int)
}

extension WeightGradient {
    /// Calls `body` with copies of `width` numbers (16 or 8) from every place, one after the other.
    ///
    /// The places are a power of two apart as a rule, and so compete for the same few lines of a
    /// cache; every one is read once for each six inputs.
    static func withCopy(
        of numbers: Floats, _ places: Strides, width: Int, _ body: (Floats) -> Void
    ) {
        let (outerCount, middleCount, innerCount) = places.counts
        let (outerStride, middleStride, innerStride) = places.strides
        let count = outerCount * middleCount * innerCount * width
        unsafe withUnsafeTemporaryAllocation(
            byteCount: count * MemoryLayout<Float>.stride, alignment: 64
        ) { bytes in
            let copy = unsafe Floats(
                start: bytes.bindMemory(to: Float.self).baseAddress.unsafelyUnwrapped)
            var to = copy
            for outer in 0..<outerCount {
                for middle in 0..<middleCount {
                    var from = numbers.advanced(by: outer &* outerStride &+ middle &* middleStride)
                    for _ in 0..<innerCount {
                        to.store(from.load(0, as: SIMD8<Float>.self), 0)
                        if width > 8 { to.store(from.load(8, as: SIMD8<Float>.self), 8) }
                        to = to.advanced(by: width)
                        from = from.advanced(by: innerStride)
                    }
                }
            }
            body(copy)
        }
    }
}
