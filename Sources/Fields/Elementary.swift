/// Elementary functions made of +, −, × and ÷ alone, each rounded once.
///
/// What a sample holds must not depend on the machine, and libraries of elementary functions differ
/// between releases and choose instructions at run time. On 10⁵ random arguments each none was
/// further than 2.3·10⁻¹⁶ (relative), 2.3·10⁻¹⁶ and 3.4·10⁻¹⁶ from the values of glibc 2.36.
package enum Elementary {
    /// ln 2, rounded to binary64.
    private static let ln2 = 0.6931471805599453
    /// π/180, rounded to binary64.
    private static let radian = 0.017453292519943295

    /// Returns 2ˣ for x from −1000 to 1000, within a relative error of 10⁻¹⁵; exact for whole x.
    ///
    /// With x = k + f, |f| ≤ ½, 2ᶠ = e^(f·ln 2) is its Taylor polynomial of degree 14, whose
    /// remainder is below 2·10⁻¹⁹.
    package static func exp2(_ x: Double) -> Double {
        let whole = x.rounded()
        let y = (x - whole) * ln2
        var sum = 1.0
        for degree in stride(from: 14.0, through: 1, by: -1) { sum = 1 + y / degree * sum }
        return Double(sign: .plus, exponent: Int(whole), significand: sum)
    }

    /// The same for eight numbers at a time, to the same bits.
    package static func exp2(_ x: SIMD8<Double>) -> SIMD8<Double> {
        let cut = x.rounded(.towardZero)
        // Exact, so that halves are seen as such: they go away from zero.
        let rest = x - cut
        let up = SIMD8<Double>.zero.replacing(with: 1, where: rest .>= 0.5)
        let whole = cut + up.replacing(with: -1, where: rest .<= -0.5)
        let y = (x - whole) * ln2
        var sum = SIMD8<Double>(repeating: 1)
        for degree in stride(from: 14.0, through: 1, by: -1) { sum = 1 + y / degree * sum }
        var powers = SIMD8<Double>.zero
        for lane in 0..<8 {
            powers[lane] = Double(bitPattern: UInt64(Int(whole[lane]) + 1023) << 52)
        }
        return sum * powers
    }

    /// Returns eˣ for x from −700 to 700, within a relative error of 10⁻¹⁵.
    ///
    /// With x = k·ln 2 + r, |r| ≤ ½·ln 2, eʳ is its Taylor polynomial of degree 13, whose remainder
    /// is below 5·10⁻¹⁸; ln 2 is subtracted in two parts, the first of 32 bits (Cody and Waite
    /// 1980, "Software manual for the elementary functions", ch. 6). Without a division, for
    /// fields.
    @inline(__always)
    package static func exp(_ x: Double) -> Double {
        // Adding 1.5·2⁵² rounds to a whole number, which is then in the lowest bits.
        let shifted = x * 1.4426950408889634 + 0x1.8p52
        let whole = shifted - 0x1.8p52
        let r = (x - whole * 0x1.62e42feep-1) - whole * 0x1.a39ef35793c76p-33
        var sum = 1.0 / 6_227_020_800  // 13!
        sum = 1.0 / 479_001_600 + r * sum
        sum = 1.0 / 39_916_800 + r * sum
        sum = 1.0 / 3_628_800 + r * sum
        sum = 1.0 / 362_880 + r * sum
        sum = 1.0 / 40_320 + r * sum
        sum = 1.0 / 5040 + r * sum
        sum = 1.0 / 720 + r * sum
        sum = 1.0 / 120 + r * sum
        sum = 1.0 / 24 + r * sum
        sum = 1.0 / 6 + r * sum
        sum = 0.5 + r * sum
        sum = 1 + (r + r * r * sum)
        return sum * Double(bitPattern: (shifted.bitPattern &+ 1023) << 52)
    }

    /// Returns ln u for a positive normal u, within 10⁻¹⁵·max(1, |ln u|).
    ///
    /// With u = 2ᵏ·m, √½ ≤ m < √2, and s = (m − 1)/(m + 1), ln m = 2(s + s³/3 + s⁵/5 + …); |s| <
    /// 0.172, so the terms after s²¹/21 sum to less than 10⁻¹⁸.
    @inline(__always)
    package static func log(_ u: Double) -> Double {
        // The bits of √½ taken off, the exponent is k, and what is left of the bits is m's.
        let bits = u.bitPattern &- 0x3FE6_A09E_667F_3BCD
        let exponent = Double(Int64(bitPattern: bits) >> 52)
        let m = Double(bitPattern: (bits & 0x000F_FFFF_FFFF_FFFF) &+ 0x3FE6_A09E_667F_3BCD)
        let s = (m - 1) / (m + 1)
        let squared = s * s
        var sum = 1.0 / 21
        sum = 1.0 / 19 + squared * sum
        sum = 1.0 / 17 + squared * sum
        sum = 1.0 / 15 + squared * sum
        sum = 1.0 / 13 + squared * sum
        sum = 1.0 / 11 + squared * sum
        sum = 1.0 / 9 + squared * sum
        sum = 1.0 / 7 + squared * sum
        sum = 1.0 / 5 + squared * sum
        sum = 1.0 / 3 + squared * sum
        return exponent * 0.6931471805599453 + (2 * s + 2 * s * (squared * sum))
    }

    /// The same for eight numbers from 2⁻¹⁰²⁰ to 2¹⁰²⁰ at a time, to the same bits.
    @inline(__always)
    static func log(_ u: SIMD8<Double>) -> SIMD8<Double> {
        let bits = u.bits &- 0x3FE6_A09E_667F_3BCD
        // The exponent is below 0 as a rule: as a number it is that of k + 1024.
        let shifted = (bits &+ 0x4000_0000_0000_0000) &>> 52
        let exponent = SIMD8(bits: shifted | 0x4330_0000_0000_0000) - (0x1p52 + 1024)
        let m = SIMD8(bits: (bits & 0x000F_FFFF_FFFF_FFFF) &+ 0x3FE6_A09E_667F_3BCD)
        let s = (m - 1) / (m + 1)
        let squared = s * s
        var sum = SIMD8(repeating: 1.0 / 21)
        sum = 1.0 / 19 + squared * sum
        sum = 1.0 / 17 + squared * sum
        sum = 1.0 / 15 + squared * sum
        sum = 1.0 / 13 + squared * sum
        sum = 1.0 / 11 + squared * sum
        sum = 1.0 / 9 + squared * sum
        sum = 1.0 / 7 + squared * sum
        sum = 1.0 / 5 + squared * sum
        sum = 1.0 / 3 + squared * sum
        return exponent * 0.6931471805599453 + (2 * s + 2 * s * (squared * sum))
    }

    /// Returns log₂ x for a positive normal x, within 10⁻¹⁵ · max(1, |log₂ x|); exact for powers of
    /// two.
    ///
    /// With x = 2ᵏ·m, √½ ≤ m < √2, and s = (m − 1)/(m + 1), ln m = 2(s + s³/3 + s⁵/5 + …); |s| <
    /// 0.172, so the terms after s²³/23 sum to less than 10⁻²⁰.
    package static func log2(_ x: Double) -> Double {
        var exponent = Double(x.exponent)
        var m = x.significand
        if m > 1.4142135623730951 {
            m /= 2
            exponent += 1
        }
        let s = (m - 1) / (m + 1)
        let squared = s * s
        var sum = 0.0
        for power in stride(from: 23.0, through: 1, by: -2) { sum = sum * squared + 1 / power }
        return exponent + 2 * s * sum / ln2
    }

    /// Returns sine and cosine of an angle of 0 to 360 degrees, each within 5·10⁻¹⁶; exact for
    /// whole right angles, and equal for 45 degrees.
    package static func sineAndCosine(degrees: Double) -> (sine: Double, cosine: Double) {
        // The subtractions are exact: the numbers are within a factor of two of each other
        // (Sterbenz 1974).
        if degrees > 180 {
            let other = sineAndCosine(degrees: 360 - degrees)
            return (0 - other.sine, other.cosine)
        }
        if degrees > 90 {
            let other = sineAndCosine(degrees: 180 - degrees)
            return (other.sine, 0 - other.cosine)
        }
        if degrees == 45 { return (0.7071067811865476, 0.7071067811865476) }
        if degrees > 45 {
            let other = sineAndCosine(degrees: 90 - degrees)
            return (other.cosine, other.sine)
        }
        // Taylor polynomials of degrees 17 and 16; (π/4)¹⁹/19! < 10⁻¹⁹.
        let x = degrees * radian
        let squared = x * x
        var sine = 1.0
        var cosine = 1.0
        for order in stride(from: 16.0, through: 2, by: -2) {
            sine = 1 - squared / (order * (order + 1)) * sine
            cosine = 1 - squared / (order * (order - 1)) * cosine
        }
        return (x * sine, cosine)
    }
}
