internal import Fields

/// The order in which an epoch of training takes samples: a pure function of seed, epoch and
/// position, the same as that of the Python reader (article *Reading*, section *The order*).
public struct SampleOrder: Hashable, Sendable {
    /// The number of samples.
    public let count: Int
    /// What the order follows from.
    public let seed: UInt32

    /// The stream of the order; see `Philox`.
    private static let stream: UInt32 = 16

    /// The orders of `count` samples, from 1 to 2⁶⁰, that `seed` determines.
    public init(count: Int, seed: UInt32) {
        precondition(count >= 1 && count <= 1 << 60, "an order needs from 1 to 2^60 samples")
        self.count = count
        self.seed = seed
    }

    /// The samples at `positions` of `epoch`, numbered from 0 in rank order.
    public func samples(at positions: Range<Int>, epoch: UInt32) -> [Int] {
        let philox = Philox(seed: seed, stream: SampleOrder.stream)
        let permutation = CentrePermutation(count: count, philox: philox, epoch: epoch)
        return positions.map { permutation($0) }
    }
}
