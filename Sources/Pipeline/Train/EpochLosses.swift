internal import Datasets

/// The losses of an epoch, sample by sample, with the weights that a curation gave them.
struct EpochLosses {
    /// What was chosen for the epoch; nil where draws are not curated.
    private let window: CuratedWindow?
    /// Of each position; nil where nothing was learnt from. Empty where draws are not curated.
    private(set) var byPosition: [Double?]
    private var (sum, count) = (0.0, 0)
    private var (weighted, weight) = (0.0, 0.0)

    init(_ window: CuratedWindow?) {
        self.window = window
        byPosition = [Double?](repeating: nil, count: window?.chosen.count ?? 0)
    }

    /// The mean over the samples that were learnt from.
    var mean: Double { sum / Double(count) }

    /// What the mean over draws of the design would be; nil where draws are not curated.
    var designMean: Double? { window == nil ? nil : weighted / weight }

    /// The weight of each sample of `batch`; nil where draws are not curated.
    func weights(of batch: SampleBatch) -> [Float]? {
        window.map { window in batch.numbers.map { window.weights[$0 % window.weights.count] } }
    }

    /// Adds the `losses` of `batch`.
    mutating func add(_ losses: [Double], of batch: SampleBatch) {
        sum += losses.reduce(0, +)
        count += losses.count
        guard let window else { return }
        for (loss, number) in zip(losses, batch.numbers) {
            let position = number % byPosition.count
            byPosition[position] = loss
            weighted += Double(window.weights[position]) * loss
            weight += Double(window.weights[position])
        }
    }
}
