/// The numbers of Adam, and what goes with a step.
package struct AdamOptions: Hashable, Sendable {
    /// The learning rate before the schedule.
    package var learningRate: Double
    /// How much of the mean of the gradient is kept in a step.
    package var beta1: Double
    /// How much of the mean of the squared gradient is kept in a step.
    package var beta2: Double
    /// What is added to the root of the mean square.
    package var epsilon: Double
    /// How much of a parameter decays in a step, in units of the learning rate (Loshchilov and
    /// Hutter 2019).
    package var weightDecay: Double
    /// The largest Euclidean norm of a gradient; longer ones are shortened. Nil for no limit.
    package var clipNorm: Double?

    /// Creates options; the defaults are those of the schema of a training.
    package init(
        learningRate: Double = 1e-4, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-8, weightDecay: Double = 0, clipNorm: Double? = nil
    ) {
        (self.learningRate, self.beta1, self.beta2) = (learningRate, beta1, beta2)
        (self.epsilon, self.weightDecay, self.clipNorm) = (epsilon, weightDecay, clipNorm)
    }
}
