/// How often a bound for new samples is to hold, and the bound that so many samples give: split
/// conformal prediction (Vovk, Gammerman and Shafer 2005; Lei, G'Sell, Rinaldo, Tibshirani and
/// Wasserman 2018, §2.2).
///
/// Of m samples and a new one that could have been among them, each is equally likely to be the
/// k-th in order. So the new one is at most the k-th of the m with a chance of at least k/(m + 1),
/// and less than 1/(m + 1) more where no two are equal: whatever the model is, and for every m.
package struct Coverage: Hashable, Sendable {
    /// The chance in millionths, from 1 to 999,999.
    package let millionths: Int

    /// The chance, between 0 and 1.
    package var chance: Double { Double(millionths) / 1e6 }

    /// Creates a coverage; nil where `chance` is not between 0 and 1, or has more than six digits
    /// behind the point.
    package init?(_ chance: Double) {
        guard chance > 0, chance < 1 else { return nil }
        millionths = Int((chance * 1e6).rounded())
        guard (1..<1_000_000).contains(millionths), self.chance == chance else { return nil }
    }

    /// The number of samples that a bound needs at least.
    package var fewest: Int { 999_999 / (1_000_000 - millionths) }

    /// The value that a new sample does not exceed with this chance; nil where there are too few
    /// samples to say so.
    ///
    /// - Parameter values: What the samples have, ascending.
    package func bound(ascending values: [Double]) -> Double? {
        let place = ((values.count + 1) * millionths + 999_999) / 1_000_000
        return place <= values.count ? values[place - 1] : nil
    }
}
