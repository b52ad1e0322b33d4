/// Independent standard normal numbers from the words of Philox, by the method of Box and Muller
/// (1958, "A note on the generation of random normal deviates").
///
/// Words w and v give r·cos φ and r·sin φ with r = √(−2·ln((w + ½)/2³²)) and φ = 2π·v/2³² + π/2³².
/// No magnitude exceeds 6.77, which a normal number does once in 7·10¹⁰. The logarithm, the sine
/// and the cosine are polynomials of +, − and × (`Elementary.log`, `pair`): the bits are the same
/// everywhere.
enum NormalNumbers {
    /// The stream of Philox that fields are drawn from; a coefficient's key takes the place of a
    /// seed.
    static let stream: UInt32 = 6

    /// Returns four numbers from the words of one block.
    @inline(__always)
    static func four(_ words: SIMD4<UInt32>) -> SIMD4<Double> {
        let (one, two) = (pair(words.x, words.y), pair(words.z, words.w))
        return SIMD4(lowHalf: one, highHalf: two)
    }

    /// Returns two numbers from two words.
    @inline(__always)
    static func pair(_ w: UInt32, _ v: UInt32) -> SIMD2<Double> {
        let radius = (-2 * Elementary.log((Double(w) + 0.5) * 0x1p-32)).squareRoot()
        // The angle within its quadrant, from −π/4 to π/4 around the middle of it.
        let x = (Double(v & 0x3FFF_FFFF) - 0x1p29 + 0.5) * (0x1p-31 * 3.141592653589793)
        let squared = x * x
        var sine = -1.0 / 1_307_674_368_000  // 15!
        sine = 1.0 / 6_227_020_800 + squared * sine
        sine = -1.0 / 39_916_800 + squared * sine
        sine = 1.0 / 362_880 + squared * sine
        sine = -1.0 / 5040 + squared * sine
        sine = 1.0 / 120 + squared * sine
        sine = -1.0 / 6 + squared * sine
        sine = x + x * (squared * sine)
        var cosine = 1.0 / 20_922_789_888_000  // 16!
        cosine = -1.0 / 87_178_291_200 + squared * cosine
        cosine = 1.0 / 479_001_600 + squared * cosine
        cosine = -1.0 / 3_628_800 + squared * cosine
        cosine = 1.0 / 40_320 + squared * cosine
        cosine = -1.0 / 720 + squared * cosine
        cosine = 1.0 / 24 + squared * cosine
        cosine = -1.0 / 2 + squared * cosine
        cosine = 1 + squared * cosine
        // Turned by 45 degrees, into the first quadrant, and from there into its own.
        let scale = radius * 0.7071067811865476
        let (a, b) = (scale * (cosine - sine), scale * (cosine + sine))
        switch v >> 30 {
        case 0: return SIMD2(a, b)
        case 1: return SIMD2(-b, a)
        case 2: return SIMD2(-a, -b)
        default: return SIMD2(b, -a)
        }
    }
}
