/// Independent standard normal numbers from the words of Philox, by the method of Box and Muller
/// (1958, "A note on the generation of random normal deviates").
///
/// Words w and v give r·cos φ and r·sin φ with r = √(−2·ln((w + ½)/2³²)) and φ = 2π·v/2³² + π/2³².
/// No magnitude exceeds 6.77, which a normal number does once in 7·10¹⁰. The logarithm, the sine
/// and the cosine are polynomials of +, − and × (`Elementary.log`, `pair`): the bits are the same
/// everywhere.
enum NormalNumbers {
    /// A number of each of eight blocks.
    typealias Lanes = SIMD8<Double>
    /// A word of each of eight blocks, below 2³².
    typealias Words = SIMD8<UInt64>

    /// The stream of Philox that fields are drawn from; a coefficient's key takes the place of a
    /// seed.
    static let stream: UInt32 = 6

    /// Returns the four numbers of each of the eight blocks at the counters (first, second + lane,
    /// third, 0).
    @inline(__always)
    static func eight(_ philox: Philox, _ first: Int, _ second: Int, _ third: UInt32) -> (
        Lanes, Lanes, Lanes, Lanes
    ) {
        let seconds = Words(repeating: UInt64(second)) &+ Words(0, 1, 2, 3, 4, 5, 6, 7)
        let words = philox.eight(
            Words(repeating: UInt64(first)), seconds, Words(repeating: UInt64(third)), .zero)
        let (one, two) = (pair(words.0, words.1), pair(words.2, words.3))
        return (one.0, one.1, two.0, two.1)
    }

    /// Returns two numbers from two words.
    @inline(__always)
    static func pair(_ w: Words, _ v: Words) -> (Lanes, Lanes) {
        let logarithm = Elementary.log((double(w) + 0.5) * 0x1p-32)
        let radius = squareRoot(-2 * logarithm)
        // The angle within its quadrant, from −π/4 to π/4 around the middle of it.
        let x = (double(v & 0x3FFF_FFFF) - 0x1p29 + 0.5) * (0x1p-31 * 3.141592653589793)
        let squared = x * x
        var sine = Lanes(repeating: -1.0 / 1_307_674_368_000)  // 15!
        sine = 1.0 / 6_227_020_800 + squared * sine
        sine = -1.0 / 39_916_800 + squared * sine
        sine = 1.0 / 362_880 + squared * sine
        sine = -1.0 / 5040 + squared * sine
        sine = 1.0 / 120 + squared * sine
        sine = -1.0 / 6 + squared * sine
        sine = x + x * (squared * sine)
        var cosine = Lanes(repeating: 1.0 / 20_922_789_888_000)  // 16!
        cosine = -1.0 / 87_178_291_200 + squared * cosine
        cosine = 1.0 / 479_001_600 + squared * cosine
        cosine = -1.0 / 3_628_800 + squared * cosine
        cosine = 1.0 / 40_320 + squared * cosine
        cosine = -1.0 / 720 + squared * cosine
        cosine = 1.0 / 24 + squared * cosine
        cosine = -1.0 / 2 + squared * cosine
        cosine = 1 + squared * cosine
        // Turned by 45 degrees, into the first quadrant, and from there into its own: (a, b),
        // (−b, a), (−a, −b), (b, −a).
        let scale = radius * 0.7071067811865476
        let (a, b) = (scale * (cosine - sine), scale * (cosine + sine))
        let quadrant = v &>> 30
        // Bits that change where the two change places, all or none.
        let change = (a.bits ^ b.bits) & (Words.zero &- (quadrant & 1))
        return (
            Lanes(bits: a.bits ^ change ^ ((quadrant &+ 1) & 2) &<< 62),
            Lanes(bits: b.bits ^ change ^ (quadrant & 2) &<< 62)
        )
    }

    /// Square roots, one after the other: inlined, they would take all vectors around them apart.
    @inline(never)
    private static func squareRoot(_ x: Lanes) -> Lanes { x.squareRoot() }

    /// Whole numbers below 2⁵² as such, by the bits of 2⁵².
    @inline(__always)
    private static func double(_ words: Words) -> Lanes {
        Lanes(bits: words | 0x4330_0000_0000_0000) - 0x1p52
    }
}

// The standard library has no such conversion of vectors; both types are eight times 64 bits.
extension SIMD8<Double> {
    /// The bit patterns.
    @inline(__always) var bits: SIMD8<UInt64> { unsafe unsafeBitCast(self, to: SIMD8<UInt64>.self) }

    /// The numbers with these bit patterns.
    @inline(__always) init(bits: SIMD8<UInt64>) {
        self = unsafe unsafeBitCast(bits, to: SIMD8<Double>.self)
    }
}
