internal import Datasets
internal import Learning
internal import Sampling

/// Decides what a curated training draws, epoch by epoch, and remembers all of it.
///
/// A decision follows from the losses of the epochs before, or of the candidates, which have the
/// same bits everywhere; so have the decisions.
final class Curator {
    /// Where candidates come from.
    let source: EndlessSource
    private let draws: CuratedDraws
    /// What each epoch has so far.
    private var windows: [CuratedWindow] = []
    /// The proposal of each epoch so far, and the one of the next; empty where losses decide.
    private var proposals: [StreamProposal] = []

    /// Prepares the curation of `source`, from the beginning or from a checkpoint.
    init(
        _ source: EndlessSource, _ curation: OnlineCuration, seed: UInt32,
        from saved: SavedCuration?
    ) {
        self.source = source
        let stream = SampleStream(source.design, split: source.split)
        draws = CuratedDraws(stream, count: source.count, curation, seed: seed)
        if let saved {
            (windows, proposals) = (saved.windows(of: source.count), saved.proposals)
        } else if curation.criterion == .kinds {
            proposals = [draws.plain]
        }
    }

    var curation: OnlineCuration { draws.curation }

    /// All candidates of an epoch, in their order.
    var candidates: EndlessSource {
        var all = source
        all.count *= curation.candidates
        return all
    }

    /// Decides what the next epoch has.
    ///
    /// - Parameter losses: Returns the losses of its candidates; asked only where they decide.
    func next(losses: () throws -> [Double?]) throws -> CuratedSource {
        let window =
            if let proposal = proposals.last {
                try draws.window(windows.count, by: proposal)
            } else {
                draws.window(windows.count, losses: try losses())
            }
        windows.append(window)
        return CuratedSource(source, window, candidates: curation.candidates)
    }

    /// Learns of the losses at the positions of the latest epoch; nil where there was none.
    func learn(_ losses: [Double?]) {
        guard var proposal = proposals.last, let window = windows.last else { return }
        proposal.learn(window.kinds, weights: window.weights, losses: losses)
        proposals.append(proposal)
    }

    /// What a checkpoint keeps.
    var saved: SavedCuration { SavedCuration(windows, proposals) }

    /// The log of the epochs that a checkpoint has.
    ///
    /// - Throws: as `SampleStream.sample`.
    func log(of saved: SavedCuration) throws -> [UInt8] {
        var log = try CurationLog(draws)
        for window in saved.windows(of: draws.count) {
            let number = window.number
            log.append(
                window, by: number < saved.proposals.count ? saved.proposals[number] : nil)
        }
        return log.bytes
    }
}

/// A curation as a checkpoint keeps it.
struct SavedCuration {
    /// Of each position so far, the number of the candidate, or −1 for none.
    let chosen: [Float]
    /// Of each position so far.
    let weights: [Float]
    /// Of each epoch so far, and of the next one; empty where losses decide.
    let proposals: [StreamProposal]

    init(chosen: [Float], weights: [Float], proposals: [StreamProposal]) {
        (self.chosen, self.weights, self.proposals) = (chosen, weights, proposals)
    }

    init(_ windows: [CuratedWindow], _ proposals: [StreamProposal]) {
        self.init(
            chosen: windows.flatMap { $0.chosen.map { $0.map(Float.init) ?? -1 } },
            weights: windows.flatMap(\.weights), proposals: proposals)
    }

    /// The windows, of `count` positions each, without kinds: those are learnt from.
    func windows(of count: Int) -> [CuratedWindow] {
        (0..<chosen.count / count).map { number in
            let range = number * count..<(number + 1) * count
            return CuratedWindow(
                number: number, chosen: chosen[range].map { $0 < 0 ? nil : Int($0) },
                weights: Array(weights[range]), kinds: [])
        }
    }
}
