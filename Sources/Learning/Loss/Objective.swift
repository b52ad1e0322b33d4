/// What a training minimises in one epoch: the mean over samples and sites of prefactor · loss, on
/// transformed labels.
package struct Objective: Hashable, Sendable {
    /// What an error costs.
    package let loss: PointwiseLoss
    /// What it is multiplied by.
    package let prefactor: Prefactor

    /// Creates an objective from its parts.
    package init(loss: PointwiseLoss, prefactor: Prefactor) {
        self.loss = loss
        self.prefactor = prefactor
    }

    /// The value at one site, and its derivative by the output: (w·ℓ)′ = w′·ℓ + w·ℓ′.
    @inline(__always) package func callAsFunction(prediction: Double, truth: Double) -> (
        value: Double, derivative: Double
    ) {
        let (loss, slope) = self.loss(prediction - truth)
        let (weight, weightSlope) = prefactor(truth: truth, prediction: prediction)
        return (weight * loss, weightSlope * loss + weight * slope)
    }
}
