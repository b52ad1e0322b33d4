/// The factor of the loss at one site, which weighs high values (Toledo-Marín, Glazier and Fox
/// 2023, §2).
package enum Prefactor: Hashable, Sendable {
    /// Where the exponential takes its value from.
    package enum Argument: String, Hashable, Sendable, CaseIterable {
        /// The label, as in the paper's text.
        case truth
        /// The network's output, as in the paper's released code; the gradient goes through it.
        case prediction
    }

    /// 1 everywhere.
    case none
    /// exp(−(1 − v)/scale), v being the transformed label or the network's output.
    case exponential(scale: Double, of: Argument)
    /// 1 + a·tanh(b·y′).
    case step(a: Double, b: Double)

    /// Returns the factor at a site with the transformed label `truth` and the output `prediction`,
    /// and its derivative by the output.
    @inline(__always) package func callAsFunction(truth: Double, prediction: Double) -> (
        value: Double, derivative: Double
    ) {
        switch self {
        case .none: return (1, 0)
        case .exponential(let scale, .truth): return (Exponential.exp((truth - 1) / scale), 0)
        case .exponential(let scale, .prediction):
            let value = Exponential.exp((prediction - 1) / scale)
            return (value, value / scale)
        case .step(let a, let b): return (1 + a * Exponential.tanh(b * truth), 0)
        }
    }
}
