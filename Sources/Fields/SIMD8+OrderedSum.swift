extension SIMD8 where Scalar: FloatingPoint {
    /// The sum of the lanes, from the first to the last.
    ///
    /// The standard library promises no order for `sum()`, and the order decides bits of what is
    /// stored.
    @inline(__always) package var orderedSum: Scalar {
        ((((((self[0] + self[1]) + self[2]) + self[3]) + self[4]) + self[5]) + self[6]) + self[7]
    }
}
