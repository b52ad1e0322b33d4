/// The name of a sample: 64 bits made from its configuration, written as 16 hexadecimal digits.
public struct SampleID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The 64 bits, as stored in a shard's `/id`.
    public let bits: UInt64

    /// Creates an id from its bits.
    public init(bits: UInt64) { self.bits = bits }

    /// Creates an id from 16 lower-case hexadecimal digits, or nil.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 16,
            text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            let bits = UInt64(text, radix: 16)
        else { return nil }
        self.bits = bits
    }

    /// The 16 hexadecimal digits.
    public var description: String {
        let digits = String(bits, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The order of the bits as an integer.
    public static func < (a: SampleID, b: SampleID) -> Bool { a.bits < b.bits }
}
