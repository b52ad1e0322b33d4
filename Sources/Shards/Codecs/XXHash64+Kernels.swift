extension XXHash64 {
    /// Steps 2 and 3 of the specification: returns the hash of all whole stripes of 32 bytes, four
    /// lanes of eight bytes each, and where they end.
    static func stripes(
        of bytes: [UInt8], _ start: SIMD4<UInt64>, _ p1: UInt64, _ p2: UInt64, _ p4: UInt64
    ) -> (hash: UInt64, place: Int) {
        var (first, second, third, fourth) = (start[0], start[1], start[2], start[3])
        let end = bytes.count / 32 * 32
        unsafe bytes.withUnsafeBytes { input in
            // Loads stay below `end`, which is within the array.
            func word(_ place: Int) -> UInt64 {
                UInt64(
                    littleEndian: unsafe input.loadUnaligned(fromByteOffset: place, as: UInt64.self)
                )
            }
            for place in stride(from: 0, to: end, by: 32) {
                first = round(first, word(place), p1, p2)
                second = round(second, word(place + 8), p1, p2)
                third = round(third, word(place + 16), p1, p2)
                fourth = round(fourth, word(place + 24), p1, p2)
            }
        }
        var hash =
            rotated(first, 1) &+ rotated(second, 7) &+ rotated(third, 12) &+ rotated(fourth, 18)
        for lane in [first, second, third, fourth] {
            hash = (hash ^ round(0, lane, p1, p2)) &* p1 &+ p4
        }
        return (hash, end)
    }
}
