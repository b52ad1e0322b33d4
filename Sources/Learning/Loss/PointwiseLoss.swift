/// What an error e = ŷ′ − y′ at one site costs, before the prefactor (Toledo-Marín, Glazier and Fox
/// 2023, §2, eqs. 1 to 4).
package enum PointwiseLoss: Hashable, Sendable {
    /// |e|.
    case mae
    /// e².
    case mse
    /// ½e² for |e| ≤ δ, δ(|e| − ½δ) outside (Huber 1964).
    case huber(delta: Double)
    /// δ(|e| − ½δ) for |e| ≤ δ, ½e² outside: the paper's eq. 4. It is −½δ² at e = 0, so a loss can
    /// be negative.
    case inverseHuber(delta: Double)
    /// |e| for |e| ≤ δ, (e² + δ²)/(2δ) outside: what the paper's released code has.
    case inverseHuberReleased(delta: Double)

    /// Returns the loss of the error `e`, and its derivative by e; 0 where it has none, at e = 0 of
    /// the losses with |e|.
    @inline(__always) package func callAsFunction(_ e: Double) -> (
        value: Double, derivative: Double
    ) {
        let size = abs(e)
        let sign: Double = e > 0 ? 1 : e < 0 ? -1 : 0
        switch self {
        case .mae: return (size, sign)
        case .mse: return (e * e, 2 * e)
        case .huber(let delta):
            return size <= delta ? (0.5 * e * e, e) : (delta * (size - 0.5 * delta), delta * sign)
        case .inverseHuber(let delta):
            return size <= delta ? (delta * (size - 0.5 * delta), delta * sign) : (0.5 * e * e, e)
        case .inverseHuberReleased(let delta):
            return size <= delta ? (size, sign) : ((e * e + delta * delta) / (2 * delta), e / delta)
        }
    }
}
