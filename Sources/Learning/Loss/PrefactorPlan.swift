internal import Fields

/// Which prefactor holds in which epoch.
package enum PrefactorPlan: Hashable, Sendable {
    /// The same in all epochs.
    case always(Prefactor)
    /// In turn for `every` epochs each, the exponential first.
    case toggle(every: Int, exponential: Prefactor, step: Prefactor)
    /// Drawn for each epoch: the step with probability `stepProbability`, else the exponential.
    case draw(stepProbability: Double, exponential: Prefactor, step: Prefactor)

    /// The stream of the draws; see `Philox`.
    private static let stream: UInt32 = 20

    /// Whether losses of different epochs may have different prefactors, so that they cannot be
    /// compared.
    package var alternates: Bool { if case .always = self { false } else { true } }

    /// The prefactor of `epoch`, counted from 0. A draw is the first word of Philox4x32-10 with the
    /// key (seed, 20) and the counter (epoch, 0, 0, 0); the step is taken where it is below p·2³².
    package func prefactor(epoch: Int, seed: UInt32) -> Prefactor {
        switch self {
        case .always(let prefactor): return prefactor
        case .toggle(let every, let exponential, let step):
            return (epoch / every).isMultiple(of: 2) ? exponential : step
        case .draw(let probability, let exponential, let step):
            let word = Philox(seed: seed, stream: PrefactorPlan.stream)(
                SIMD4(UInt32(epoch), 0, 0, 0)
            ).x
            return Double(word) < probability * 0x1p32 ? step : exponential
        }
    }
}
