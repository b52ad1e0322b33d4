/// Which epoch was best so far, and whether it is time to stop.
package struct BestEpoch: Hashable, Sendable {
    /// The number of the best epoch, from 1; 0 before the first.
    package private(set) var epoch = 0
    /// Its judged value; infinite before the first.
    package private(set) var value = Double.infinity
    /// Epochs without a better value after which training stops; nil for never.
    package let patience: Int?

    /// Begins with no epoch, or goes on where `epoch` was best with `value`.
    package init(patience: Int?, epoch: Int = 0, value: Double = .infinity) {
        self.patience = patience
        self.epoch = epoch
        self.value = value
    }

    /// Takes the judged value of `epoch`; returns whether it is the best, the first of equals.
    package mutating func take(_ value: Double, epoch: Int) -> Bool {
        guard value < self.value else { return false }
        (self.epoch, self.value) = (epoch, value)
        return true
    }

    /// Whether to stop after `epoch`.
    package func isOver(after epoch: Int) -> Bool {
        patience.map { epoch - self.epoch >= $0 } ?? false
    }
}
