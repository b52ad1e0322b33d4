/// Classes of binary32 numbers for a histogram: 32 for each factor of two, alike below and above 0.
///
/// The class of a number is the whole number that its leading bits make: those of the exponent and
/// the first five of the fraction, with the number's sign. So a class is at most 1/32 of its values
/// wide, and greater numbers never have smaller classes. Class 0 holds 0 and what is below 2⁻¹³¹.
package enum ValueBins {
    /// Bits of the fraction that do not count.
    static let dropped: UInt32 = 18
    /// More than any class.
    static let end = 1 << 13

    /// The largest class of a finite number; the smallest is its negative.
    package static let last = 255 * 32 - 1

    /// The class of a finite number, in −`last`...`last`.
    package static func bin(of value: Float) -> Int {
        let magnitude = Int((value.bitPattern & 0x7fff_ffff) >> dropped)
        return value.sign == .minus ? -magnitude : magnitude
    }

    /// The values of a class lie between these: from the first, which it has, to the second, which
    /// it has not, away from 0.
    package static func edges(of bin: Int) -> (near: Double, far: Double) {
        func edge(_ number: Int) -> Double {
            // Beyond the largest number binary32 has infinity.
            number > last
                ? 0x1p128 : Double(Float(bitPattern: UInt32(number) << dropped))
        }
        let magnitude = abs(bin)
        guard magnitude > 0 else { return (0, 0) }
        let (near, far) = (edge(magnitude), edge(magnitude + 1))
        return bin < 0 ? (-near, -far) : (near, far)
    }
}
