internal import Fields

/// The largest scores.
package struct TopAcquisition: AcquisitionRule {
    package static let name = "top"

    package init(_ values: [Double]) {}

    package func choose(_ count: Int, of members: [Int], in pool: AcquisitionPool) -> [Choice] {
        let candidates = pool.candidates
        return members.sorted {
            (candidates.scores[$1], candidates.ids[$0].bits) < (
                candidates.scores[$0], candidates.ids[$1].bits
            )
        }.prefix(count).map { Choice(candidate: $0, probability: nil) }
    }
}
