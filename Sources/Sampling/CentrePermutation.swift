package import Fields

/// A pseudo-random permutation of 0..<count, evaluated anywhere in constant memory: draws without
/// replacement, and the order of an epoch (`SampleOrder`).
///
/// A balanced Feistel network (Luby and Rackoff 1988, "How to construct pseudorandom permutations
/// from pseudorandom functions") over the least even number of bits that holds `count`, with Philox
/// as its round function. It permutes 0..<4ᵇ ⊇ 0..<count; a value at or above `count` is enciphered
/// again until it is below ("cycle walking": Black and Rogaway 2002, "Ciphers with arbitrary finite
/// domains", §3). That walks along a cycle of the larger permutation, which returns to 0..<count at
/// the latest at its start, so it ends, and it is a bijection. As 4ᵇ < 4·count (except below 4),
/// fewer than four steps are expected.
package struct CentrePermutation: Sendable {
    /// Rounds of the network. Four make it pseudo-random to an adversary who sees few values; the
    /// domain is small and nearly all of it may be seen, and rounds are cheap.
    private static let rounds: UInt32 = 8

    /// Size of the permuted domain.
    package let count: Int
    private let philox: Philox
    /// The third word of every counter.
    private let epoch: UInt32
    /// Bits of a half.
    private let half: Int

    /// Creates the permutation of `0..<count` that `philox` chooses, another one for every `epoch`.
    /// `count` must be from 1 to 2⁶⁰.
    package init(count: Int, philox: Philox, epoch: UInt32 = 0) {
        precondition(count >= 1 && count <= 1 << 60, "a permutation needs from 1 to 2^60 elements")
        self.count = count
        self.philox = philox
        self.epoch = epoch
        let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
        self.half = max(1, (bits + 1) / 2)
    }

    /// Returns the image of `element`, which must be in `0..<count`.
    package func callAsFunction(_ element: Int) -> Int {
        precondition((0..<count).contains(element), "element \(element) is outside 0..<\(count)")
        var image = element
        repeat { image = encipher(image) } while image >= count
        return image
    }

    /// One pass of the network over `2 * half` bits.
    private func encipher(_ value: Int) -> Int {
        let mask = UInt32(1) << UInt32(half) - 1
        var left = UInt32(truncatingIfNeeded: value >> half)
        var right = UInt32(truncatingIfNeeded: value) & mask
        for round in 0..<CentrePermutation.rounds {
            (left, right) = (right, left ^ (philox(SIMD4(round, right, epoch, 0)).x & mask))
        }
        return Int(left) << half | Int(right)
    }
}
