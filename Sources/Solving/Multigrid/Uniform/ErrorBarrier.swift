/// Rigorous bounds on the error of a field from its residual.
///
/// The inverse of A = −Δ + κ with absorbing sites is positive and at most that of the infinite
/// lattice, so the error obeys
/// |u − u*| ≤ A⁻¹|r|, which two norms of r bound:
/// - max |r| · max w for any w ≥ 0 with A w ≥ 1: the constant 1/κ is one, the parabola over the
///   shorter side, (i + 1)(n − i)/2, another.
/// - ‖r‖₂ · ‖G‖₂ by the Cauchy–Schwarz inequality, with G the Green's function of the infinite
///   lattice. It is the better one where, as after a multigrid cycle, the residual is large only
///   next to a few sources.
package struct ErrorBarrier {
    /// κ = γ/D.
    private let decay: Double
    /// Bound on max w.
    private let largest: Double
    /// Bound on ‖G‖₂.
    package let greensNorm: Double
    private let sites: Double

    /// Bounds for −Δ + `decay` on rows × columns sites, whichever of them are pinned; `decay` is
    /// γ/D.
    package init(rows: Int, columns: Int, decay: Double) {
        self.decay = decay
        sites = Double(rows * columns)
        let side = Double(min(rows, columns) + 1)
        largest = min(1 / decay, side * side / 8)
        // G at its own site is 2 K(k) / (π (4 + κ)) with k = 4/(4 + κ) (Economou 2006, Green's
        // Functions in Quantum Physics, §5.3.1). By Parseval's theorem ‖G‖₂² is its derivative by
        // −κ, 2 E(k) / (π κ (8 + κ)); and the mean E(k) = ∫₀^π⁄₂ √(1 − k² sin²θ) dθ is at most π/2
        // · √(1 − k²/2) by Jensen's inequality.
        let modulus = 4 / (4 + decay)
        greensNorm = ((1 - modulus * modulus / 2).squareRoot() / (decay * (8 + decay))).squareRoot()
    }

    /// Bound on max |u − u*| where |u*| is at most `magnitude` and that error.
    package func bound(_ residual: ResidualNorms, magnitude: Double) -> Double {
        guard residual.largest.isFinite else { return .infinity }
        // Rounding to Float, to nearest, is undone.
        let maximum = Double(residual.largest) * (1 + 0x1p-23) + 0x1p-149
        let length = residual.squares.squareRoot() * (1 + 0x1p-23) + sites.squareRoot() * 0x1p-149
        // The roundings of a row of the residual, of its right-hand side and of κ itself are at
        // most nine, each of at most 2⁻⁵³ of (8 + 2κ) max |u|; max |u| is at most `magnitude` and
        // twice the error, whose own contribution is below 10⁻⁶ of it.
        let arithmetic = 16 * 0x1p-53 * (8 + 2 * decay) * magnitude
        return (min(maximum * largest, length * greensNorm) + arithmetic * largest) * (1 + 1e-6)
    }
}
