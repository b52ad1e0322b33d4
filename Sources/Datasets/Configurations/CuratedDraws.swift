internal import Fields
package import Learning
package import Sampling

/// What was chosen at the positions of one window of a curated stream.
package struct CuratedWindow: Hashable, Sendable {
    /// The window, from 0.
    package let number: Int
    /// Of each position, which candidate was taken, from 0; nil where all are left out.
    package let chosen: [Int?]
    /// Of each position, its weight: weighted means are those of the design. 0 where there is none.
    package let weights: [Float]
    /// Of each position, the kinds of what was taken, one a trait; empty where they do not count.
    package let kinds: [[Int]]

    package init(number: Int, chosen: [Int?], weights: [Float], kinds: [[Int]]) {
        (self.number, self.chosen, self.weights, self.kinds) = (number, chosen, weights, kinds)
    }

    /// The training rank at each position, where `candidates` are drawn for each.
    package func ranks(candidates: Int) -> [Int?] {
        let first = number * chosen.count
        return chosen.enumerated().map { place, candidate in
            candidate.map { (first + place) * candidates + $0 }
        }
    }
}

/// Chooses what a curated stream has at its positions: of the training ranks p·k to p·k + k − 1 of
/// a stream without an end, one at position p.
///
/// Positions come in windows of equal size. Every choice in a window follows from what was known
/// when it began, so that it can be made anywhere, and made again.
package final class CuratedDraws {
    /// What is drawn from.
    package let stream: SampleStream
    /// Positions in a window.
    package let count: Int
    /// How is chosen.
    package let curation: OnlineCuration
    /// The seed of choices.
    package let seed: UInt32
    private let choice: CandidateChoice

    package init(_ stream: SampleStream, count: Int, _ curation: OnlineCuration, seed: UInt32) {
        (self.stream, self.count, self.curation, self.seed) = (stream, count, curation, seed)
        choice = CandidateChoice(floor: curation.floor, seed: seed)
    }

    /// The id of the first training rank of each stratum, nil where it is left out: what a log says
    /// of what was drawn from.
    ///
    /// - Throws: as `SampleStream.sample`.
    package func first() throws -> [String?] {
        try stream.design.strata.indices.map {
            try stream.sample(.train, rank: $0)?.id.description
        }
    }

    /// What a proposal is before anything is known.
    package var plain: StreamProposal { StreamProposal(strata: stream.design.strata.count) }

    /// Chooses by kinds, with the power of the curation.
    ///
    /// O(candidates) draws, none is solved.
    ///
    /// - Throws: as `SampleStream.sample`.
    package func window(_ number: Int, by proposal: StreamProposal) throws -> CuratedWindow {
        var (chosen, weights, kinds): ([Int?], [Float], [[Int]]) = ([], [], [])
        for position in positions(of: number) {
            let candidates = try ranks(at: position).map { rank in
                try stream.sample(.train, rank: rank).map {
                    SampleTrait.kinds(
                        of: $0.configuration, stratum: rank % stream.design.strata.count)
                }
            }
            let scores = candidates.map { $0.map { proposal.score($0, power: curation.power) } }
            let made = choice(scores, position: position)
            chosen.append(made?.candidate)
            weights.append(made?.weight ?? 0)
            kinds.append(made.flatMap { candidates[$0.candidate] } ?? [])
        }
        return CuratedWindow(number: number, chosen: chosen, weights: weights, kinds: kinds)
    }

    /// Chooses by the losses of all candidates, with the power of the curation.
    ///
    /// - Parameter losses: Of the training ranks of the window in their order, at least 0 and
    ///   finite; nil where there is no sample.
    package func window(_ number: Int, losses: [Double?]) -> CuratedWindow {
        precondition(losses.count == count * curation.candidates, "a loss for each candidate")
        // The largest is 1, so that no power overflows.
        let most = losses.reduce(0) { max($0, $1 ?? 0) }
        let made = positions(of: number).enumerated().map { place, position in
            let first = place * curation.candidates
            let scores = losses[first..<first + curation.candidates].map { loss in
                loss.map { loss in
                    (0..<curation.power).reduce(1) { score, _ in
                        most > 0 ? score * (loss / most) : score
                    }
                }
            }
            return choice(scores, position: position)
        }
        return CuratedWindow(
            number: number, chosen: made.map { $0?.candidate },
            weights: made.map { $0?.weight ?? 0 }, kinds: [])
    }

    private func positions(of window: Int) -> Range<Int> { window * count..<(window + 1) * count }

    private func ranks(at position: Int) -> Range<Int> {
        position * curation.candidates..<(position + 1) * curation.candidates
    }
}
