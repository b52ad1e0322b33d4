internal import Fields

/// The learning rate of every step: a linear warm-up from 0, then constant or falling as a cosine
/// (Loshchilov and Hutter 2017, eq. 5, without restarts).
package struct LearningRate: Hashable, Sendable {
    /// How the rate goes after the warm-up.
    package enum Shape: Hashable, Sendable {
        /// It stays.
        case constant
        /// It falls along half a cosine to `final` in the last step.
        case cosine(final: Double)
    }

    /// The rate at its height.
    package let peak: Double
    /// How it goes on.
    package let shape: Shape
    /// Steps of the warm-up.
    package let warmUp: Int
    /// Steps in all.
    package let total: Int

    /// Creates a schedule of `total` steps.
    package init(peak: Double, shape: Shape, warmUp: Int, total: Int) {
        self.peak = peak
        self.shape = shape
        self.warmUp = warmUp
        self.total = total
    }

    /// The rate of `step`, counted from 0: peak·(t + 1)/W for t < W, then peak, or final + (peak −
    /// final)·½(1 + cos π(t − W)/(T − W)).
    package func callAsFunction(_ step: Int) -> Double {
        if step < warmUp { return peak * Double(step + 1) / Double(warmUp) }
        guard case .cosine(let final) = shape else { return peak }
        let part = Double(min(step, total) - warmUp) / Double(max(1, total - warmUp))
        return final + (peak - final)
            * (0.5 * (1 + Elementary.sineAndCosine(degrees: 180 * part).cosine))
    }
}
