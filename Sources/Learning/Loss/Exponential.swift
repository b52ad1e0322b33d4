/// Exponential and logarithm made of +, −, × and ÷ alone, for every site of every sample: losses,
/// prefactors and transforms must have the same bits on every machine, and libraries of elementary
/// functions choose instructions at run time.
///
/// Cheaper than `Fields.Elementary`, whose series divide at every term: coefficients are constants
/// here.
package enum Exponential {
    private static let log2OfE = 1.4426950408889634
    /// ln 2 in two parts; the first has 32 bits, so that its product with a whole number below 2²⁰
    /// is exact.
    private static let ln2High = 0.6931471803691238
    private static let ln2Low = 1.9082149292705877e-10

    /// Returns eˣ within a relative error of 10⁻¹⁵; 0 below −708, infinity above 709, NaN for NaN.
    ///
    /// With x = k·ln 2 + r, |r| ≤ ½ ln 2, eʳ is its Taylor polynomial of degree 13, whose remainder
    /// is below 5·10⁻¹⁸.
    @inline(__always) package static func exp(_ x: Double) -> Double {
        guard x >= -708 else { return x.isNaN ? x : 0 }
        guard x <= 709 else { return .infinity }
        // The nearest whole number, by the rounding of an addition.
        let shifted = x * log2OfE + 0x1.8p52
        let whole = shifted - 0x1.8p52
        let r = (x - whole * ln2High) - whole * ln2Low
        var sum = 1.6059043836821613e-10
        sum = sum * r + 2.08767569878681e-09
        sum = sum * r + 2.505210838544172e-08
        sum = sum * r + 2.755731922398589e-07
        sum = sum * r + 2.7557319223985893e-06
        sum = sum * r + 2.48015873015873e-05
        sum = sum * r + 0.0001984126984126984
        sum = sum * r + 0.001388888888888889
        sum = sum * r + 0.008333333333333333
        sum = sum * r + 0.041666666666666664
        sum = sum * r + 0.16666666666666666
        sum = sum * r + 0.5
        sum = sum * r + 1
        sum = sum * r + 1
        // 1023 + whole is from 1 to 2046: the exponent's field of a normal number. It stands in the
        // low bits of `shifted`.
        return sum * Double(bitPattern: (shifted.bitPattern &+ 1023) << 52)
    }

    /// Returns tanh x within 4·10⁻¹⁶.
    @inline(__always) package static func tanh(_ x: Double) -> Double {
        let e = exp(-2 * abs(x))
        let value = (1 - e) / (1 + e)
        return x < 0 ? -value : value
    }

    /// Returns ln x for a positive normal x, within 10⁻¹⁵ · max(1, |ln x|).
    ///
    /// With x = 2ᵏ·m, √½ ≤ m < √2, and s = (m − 1)/(m + 1), ln m = 2(s + s³/3 + s⁵/5 + …); |s| <
    /// 0.172, so the terms after s²¹/21 sum to less than 3·10⁻¹⁹.
    @inline(__always) package static func log(_ x: Double) -> Double {
        // Adding to the bits moves the boundary of binades from 1 to √½.
        let bits = x.bitPattern &+ 0x0009_5F62_0000_0000
        let exponent = Double(Int(bits >> 52) - 1023)
        let m = Double(bitPattern: (bits & 0x000F_FFFF_FFFF_FFFF) &+ 0x3FE6_A09E_0000_0000)
        let s = (m - 1) / (m + 1)
        let squared = s * s
        var sum = 0.047619047619047616
        sum = sum * squared + 0.05263157894736842
        sum = sum * squared + 0.058823529411764705
        sum = sum * squared + 0.06666666666666667
        sum = sum * squared + 0.07692307692307693
        sum = sum * squared + 0.09090909090909091
        sum = sum * squared + 0.1111111111111111
        sum = sum * squared + 0.14285714285714285
        sum = sum * squared + 0.2
        sum = sum * squared + 0.3333333333333333
        sum = sum * squared + 1
        return exponent * ln2High + (2 * s * sum + exponent * ln2Low)
    }

    /// Returns xᵖ for x at least 0 and p above 0; 0 for x below the least normal number.
    @inline(__always) package static func power(_ x: Double, _ exponent: Double) -> Double {
        x < .leastNormalMagnitude ? 0 : exp(exponent * log(x))
    }
}
