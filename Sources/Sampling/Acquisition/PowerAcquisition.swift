internal import Fields

/// At random without replacement, with weights scoreᵝ (Gumbel top-k; Vieira 2014, Kool, van Hoof
/// and Welling 2019).
package struct PowerAcquisition: AcquisitionRule {
    package static let name = "power"
    package static let keys = [AcquisitionKey(name: "power", range: 0...100, standard: 3)]

    /// The exponent β.
    package let exponent: Double

    package init(_ values: [Double]) { exponent = values[0] }

    package var values: [Double] { [exponent] }

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool) -> [Choice] {
        // A score of 0 never arrives unless the exponent is 0.
        Race(members, in: pool) { member in
            let score = pool.candidates.scores[member]
            return exponent == 0
                ? 0 : score > 0 ? exponent * Elementary.log2(max(score, 0x1p-1000)) : -.infinity
        }.first(count)
    }
}
