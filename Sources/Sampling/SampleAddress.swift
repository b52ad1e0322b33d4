/// Where a sample stands in a design or an import: its stratum and its index within it.
public struct SampleAddress: Hashable, Sendable, Comparable {
    /// Ordinal of the stratum, 0-based (not its number of sources).
    public let stratum: Int
    /// Index within the stratum, 0-based.
    public let index: Int

    /// Creates an address; both numbers are at least 0.
    public init(stratum: Int, index: Int) {
        self.stratum = stratum
        self.index = index
    }

    /// The order of `SampleSequence`: by index, then by stratum.
    public static func < (a: SampleAddress, b: SampleAddress) -> Bool {
        (a.index, a.stratum) < (b.index, b.stratum)
    }
}
