/// The checksum of HDF5's own records (Jenkins 2006, `lookup3.c`, `hashlittle` with the initial
/// value 0).
package enum Lookup3 {
    /// Returns the checksum of `bytes`.
    package static func hash(of bytes: ArraySlice<UInt8>) -> UInt32 {
        var a: UInt32 = 0xDEAD_BEEF &+ UInt32(truncatingIfNeeded: bytes.count)
        var (b, c) = (a, a)
        var place = bytes.startIndex
        func word(_ start: Int) -> UInt32 {
            var word: UInt32 = 0
            for index in start..<min(start + 4, bytes.endIndex) where index >= start {
                word |= UInt32(bytes[index]) << UInt32(8 * (index - start))
            }
            return word
        }
        func turned(_ value: UInt32, _ bits: UInt32) -> UInt32 {
            value << bits | value >> (32 - bits)
        }
        while bytes.endIndex - place > 12 {
            a &+= word(place)
            b &+= word(place + 4)
            c &+= word(place + 8)
            (a, c) = ((a &- c) ^ turned(c, 4), c &+ b)
            (b, a) = ((b &- a) ^ turned(a, 6), a &+ c)
            (c, b) = ((c &- b) ^ turned(b, 8), b &+ a)
            (a, c) = ((a &- c) ^ turned(c, 16), c &+ b)
            (b, a) = ((b &- a) ^ turned(a, 19), a &+ c)
            (c, b) = ((c &- b) ^ turned(b, 4), b &+ a)
            place += 12
        }
        guard place < bytes.endIndex else { return c }
        a &+= word(place)
        if place + 4 < bytes.endIndex { b &+= word(place + 4) }
        if place + 8 < bytes.endIndex { c &+= word(place + 8) }
        c = (c ^ b) &- turned(b, 14)
        a = (a ^ c) &- turned(c, 11)
        b = (b ^ a) &- turned(a, 25)
        c = (c ^ b) &- turned(b, 16)
        a = (a ^ c) &- turned(c, 4)
        b = (b ^ a) &- turned(a, 14)
        return (c ^ b) &- turned(b, 24)
    }
}
