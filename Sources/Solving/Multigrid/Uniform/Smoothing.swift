/// Two-step polynomial (Chebyshev) Jacobi smoothing: u ← u + ω D⁻¹(f − Au) with two step lengths in
/// turn.
///
/// The steps are optimal for the modes that the coarser grid cannot see. With s = sin²(θ/2) the
/// constant stencil's symbol is bilinear in (s₁, s₂), so its extremes over those modes lie at
/// corners: no numerical search is needed. One pair of steps damps them by 1/T₂(3) = 1/17 where the
/// symbol ranges over [2, 4].
package struct Smoothing {
    /// The step lengths, relative to the inverse diagonal.
    package let steps: SIMD2<Float>

    /// Steps for a level with the given interior entries.
    init(rows: Axis, columns: Axis, decay: Double) {
        let (low, high) = Smoothing.range(
            rows: rows, columns: columns, decay: decay, smoothest: 0.5)
        steps =
            Smoothing.steps(
                low, high, count: 2, diagonal: Smoothing.diagonal(rows, columns, decay))[0]
    }

    /// Step pairs that solve on a level whose operator is well conditioned by itself, over its
    /// whole spectrum.
    static func solving(rows: Axis, columns: Axis, decay: Double, pairs: Int) -> [SIMD2<Float>] {
        let (low, high) = range(rows: rows, columns: columns, decay: decay, smoothest: 0)
        return steps(low, high, count: 2 * pairs, diagonal: diagonal(rows, columns, decay))
    }

    private static func diagonal(_ rows: Axis, _ columns: Axis, _ decay: Double) -> Double {
        rows.stiffness.x * columns.mass.x + rows.mass.x * columns.stiffness.x + decay * rows.mass.x
            * columns.mass.x
    }

    /// Smallest and largest value of the symbol where at least one of s₁, s₂ is `smoothest` or
    /// more.
    static func range(rows: Axis, columns: Axis, decay: Double, smoothest: Double) -> (
        Double, Double
    ) {
        func symbol(_ s: Double, _ t: Double) -> Double {
            func at(_ pair: SIMD2<Double>, _ s: Double) -> Double {
                pair.x + 2 * pair.y * (1 - 2 * s)
            }
            let (kr, mr) = (at(rows.stiffness, s), at(rows.mass, s))
            let (kc, mc) = (at(columns.stiffness, t), at(columns.mass, t))
            return kr * mc + mr * kc + decay * mr * mc
        }
        let corners = [
            (smoothest, 0), (smoothest, 1), (1, 0), (1, 1), (0, smoothest), (1, smoothest), (0, 1),
        ]
        let values = corners.map { symbol($0.0, $0.1) }
        return (values.min() ?? 1, values.max() ?? 1)
    }

    private static func steps(_ low: Double, _ high: Double, count: Int, diagonal: Double)
        -> [SIMD2<Float>]
    {
        let middle = (low + high) / 2
        let half = (high - low) / 2
        let roots = (0..<count).map {
            middle + half * cosine(Double(2 * $0 + 1) / Double(2 * count))
        }
        // Largest root with smallest, and so on inwards, keeps every intermediate error bounded.
        return (0..<count / 2).map {
            SIMD2(Float(diagonal / roots[$0]), Float(diagonal / roots[count - 1 - $0]))
        }
    }

    /// cos(πx) for x in [0, 1], by its series; the same bits on every machine, where a library's
    /// cosine may differ.
    private static func cosine(_ x: Double) -> Double {
        let y = Double.pi * (x - 0.5)  // cos(πx) = −sin(y)
        var term = y
        var sum = y
        for k in 1...12 {
            term *= -y * y / Double(2 * k * (2 * k + 1))
            sum += term
        }
        return -sum
    }
}
