/// A share of a part, an exact decimal: a whole number of ten-thousandths of a percent, above 0 and
/// at most 100%.
///
/// Sizes computed from it are integers by integer arithmetic; 1.25% of 16,000 is 200, not
/// 200.00000000000003 rounded up.
public struct Percentage: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Ten-thousandths of a percent in the whole.
    private static let whole = 1_000_000

    /// Ten-thousandths of a percent, from 1 to 1,000,000.
    public let tenThousandths: Int

    /// Everything.
    public static let hundred = Percentage(unchecked: whole)

    /// Creates the share of `percent` percent, such as 1.25.
    ///
    /// - Throws: `SamplingError` with code `.split` where it is not above 0 and at most 100, or has
    ///   more than four decimals.
    public init(_ percent: Double) throws(SamplingError) {
        guard percent > 0, percent <= 100 else {
            throw SamplingError(
                .split, "\(percent)% is not a share: it must be above 0% and at most 100%")
        }
        // A decimal of up to four places is the double nearest to k/10⁴, and division by 10⁴ is
        // correctly rounded.
        let scaled = Int((percent * 10_000).rounded())
        guard scaled >= 1, Double(scaled) / 10_000 == percent else {
            throw SamplingError(
                .split,
                "\(percent)% is too fine: at most four decimals of a percent are possible")
        }
        self.tenThousandths = scaled
    }

    private init(unchecked tenThousandths: Int) { self.tenThousandths = tenThousandths }

    /// The number of percent.
    public var percent: Double { Double(tenThousandths) / 10_000 }

    /// This share of `count`, rounded up: 0 of 0, and at least 1 of anything. `count` is at most
    /// 2⁴².
    public func of(_ count: Int) -> Int {
        (count * tenThousandths + Percentage.whole - 1) / Percentage.whole
    }

    /// The shortest decimal without a percent sign, such as `1.25` or `100`.
    public var description: String {
        let (integer, fraction) = tenThousandths.quotientAndRemainder(dividingBy: 10_000)
        guard fraction > 0 else { return "\(integer)" }
        var digits = String(String(10_000 + fraction).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(integer).\(digits)"
    }

    /// The order of sizes.
    public static func < (a: Percentage, b: Percentage) -> Bool {
        a.tenThousandths < b.tenThousandths
    }
}
