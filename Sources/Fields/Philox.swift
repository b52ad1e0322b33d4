/// The counter-based generator Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random
/// numbers: as easy as 1, 2, 3", §4.3).
///
/// A pure function from a key and a counter to four independent 32-bit words: there is no state, so
/// any draw can be made anywhere, in any order.
public struct Philox: Sendable {
    /// The two key words.
    public let key: SIMD2<UInt32>

    /// Creates the generator with the given key words.
    public init(key: SIMD2<UInt32>) { self.key = key }

    /// Creates the generator of one stream of a seed.
    public init(seed: UInt32, stream: UInt32) { self.init(key: SIMD2(seed, stream)) }

    /// Returns the four words at `counter`, after ten rounds.
    public func callAsFunction(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        var c = counter
        var k = key
        for _ in 0..<10 {
            let p0 = UInt64(0xD251_1F53) * UInt64(c.x)
            let p1 = UInt64(0xCD9E_8D57) * UInt64(c.z)
            c = SIMD4(
                UInt32(truncatingIfNeeded: p1 >> 32) ^ c.y ^ k.x, UInt32(truncatingIfNeeded: p1),
                UInt32(truncatingIfNeeded: p0 >> 32) ^ c.w ^ k.y, UInt32(truncatingIfNeeded: p0))
            k &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return c
    }

    /// The same for eight counters at a time; words are below 2³².
    @inline(__always)
    func eight(
        _ first: SIMD8<UInt64>, _ second: SIMD8<UInt64>, _ third: SIMD8<UInt64>,
        _ fourth: SIMD8<UInt64>
    ) -> (SIMD8<UInt64>, SIMD8<UInt64>, SIMD8<UInt64>, SIMD8<UInt64>) {
        var (x, y, z, w) = (first, second, third, fourth)
        var k = key
        for _ in 0..<10 {
            // That both factors are below 2³² is said here, as it makes one instruction of each.
            let p0 = (x & 0xFFFF_FFFF) &* 0xD251_1F53
            let p1 = (z & 0xFFFF_FFFF) &* 0xCD9E_8D57
            (x, y) = (p1 &>> 32 ^ y ^ UInt64(k.x), p1 & 0xFFFF_FFFF)
            (z, w) = (p0 &>> 32 ^ w ^ UInt64(k.y), p0 & 0xFFFF_FFFF)
            k &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return (x, y, z, w)
    }
}
