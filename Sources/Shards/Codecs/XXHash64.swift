/// The 64-bit hash XXH64 with seed 0 (Collet, *xxHash fast digest algorithm*, specification 0.1.1).
///
/// It is no protection against intent; MosaicML's streaming checks shards with it. Test vectors are
/// in the tests.
package enum XXHash64 {
    private static let primes: [UInt64] = [
        0x9E37_79B1_85EB_CA87, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x85EB_CA77_C2B2_AE63,
        0x27D4_EB2F_1656_67C5,
    ]

    /// Returns the hash of `bytes` as 16 lower-case hexadecimal digits, most significant first.
    package static func hex(of bytes: [UInt8]) -> String {
        let digits = String(hash(of: bytes), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Returns the hash of `bytes`. O(bytes).
    package static func hash(of bytes: [UInt8]) -> UInt64 {
        let (p1, p2, p3, p4, p5) = (primes[0], primes[1], primes[2], primes[3], primes[4])
        var hash: UInt64
        var place = 0
        if bytes.count >= 32 {
            (hash, place) = stripes(of: bytes, [p1 &+ p2, p2, 0, 0 &- p1], p1, p2, p4)
        } else {
            hash = p5
        }
        hash &+= UInt64(bytes.count)
        while place + 8 <= bytes.count {
            hash = rotated(hash ^ round(0, word(bytes, place, 8), p1, p2), 27) &* p1 &+ p4
            place += 8
        }
        if place + 4 <= bytes.count {
            hash = rotated(hash ^ word(bytes, place, 4) &* p1, 23) &* p2 &+ p3
            place += 4
        }
        while place < bytes.count {
            hash = rotated(hash ^ UInt64(bytes[place]) &* p5, 11) &* p1
            place += 1
        }
        hash = (hash ^ hash >> 33) &* p2
        hash = (hash ^ hash >> 29) &* p3
        return hash ^ hash >> 32
    }

    static func round(_ lane: UInt64, _ input: UInt64, _ p1: UInt64, _ p2: UInt64) -> UInt64 {
        rotated(lane &+ input &* p2, 31) &* p1
    }

    static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }

    private static func word(_ bytes: [UInt8], _ place: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) }
    }
}
