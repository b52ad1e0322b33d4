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
    /// What was decided so far.
    private(set) var decided: SavedCuration
    private let draws: CuratedDraws
    /// What the latest epoch has, of this run.
    private var latest: CuratedWindow?

    /// Prepares the curation of `source`, from the beginning or from a checkpoint.
    init(
        _ source: EndlessSource, _ curation: OnlineCuration, seed: UInt32,
        from saved: SavedCuration?
    ) {
        self.source = source
        draws = CuratedDraws(source.stream, count: source.count, curation, seed: seed)
        decided =
            saved ?? SavedCuration(proposals: curation.criterion == .kinds ? [draws.plain] : [])
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
        let number = decided.chosen.count / draws.count
        let window =
            if let proposal = decided.proposals.last {
                try draws.window(number, by: proposal)
            } else {
                draws.window(number, losses: try losses())
            }
        decided.append(window)
        latest = window
        return CuratedSource(source, window, candidates: curation.candidates)
    }

    /// Learns of the losses at the positions of the latest epoch; nil where there was none.
    func learn(_ losses: [Double?]) {
        guard var proposal = decided.proposals.last, let latest else { return }
        proposal.learn(latest.kinds, weights: latest.weights, losses: losses)
        decided.proposals.append(proposal)
    }

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
    private(set) var chosen: [Float] = []
    /// Of each position so far.
    private(set) var weights: [Float] = []
    /// Of each epoch so far, and of the next one; empty where losses decide.
    var proposals: [StreamProposal]

    /// Adds what an epoch has.
    mutating func append(_ window: CuratedWindow) {
        chosen += window.chosen.map { $0.map(Float.init) ?? -1 }
        weights += window.weights
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
