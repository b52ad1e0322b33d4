/// The numbers of Adam, and what goes with a step.
package struct AdamOptions: Hashable, Sendable {
    /// The learning rate before the schedule.
    package var learningRate = 1e-4
    /// How much of the mean of the gradient is kept in a step.
    package var beta1 = 0.9
    /// How much of the mean of the squared gradient is kept in a step.
    package var beta2 = 0.999
    /// What is added to the root of the mean square.
    package var epsilon = 1e-8
    /// How much of a parameter decays in a step, in units of the learning rate (Loshchilov and
    /// Hutter 2019).
    package var weightDecay = 0.0
    /// The largest Euclidean norm of a gradient; longer ones are shortened. Nil for no limit.
    package var clipNorm: Double?

    /// The values that a training has where it does not say otherwise.
    package init() {}
}
