/// One direction of a grid level without obstacles: the tridiagonal stiffness and mass matrices of
/// linear finite elements on it, and the weights that interpolate to it from the next coarser
/// level.
///
/// Coarse points are the fine points 1, 3, 5, …; the wall on the left (index −1) stays on the grid
/// at every level, the one on the right does not: 512 sites and two ghosts make 513 intervals.
/// Galerkin coarsening keeps track of that: only the last diagonal entries ever differ from the
/// interior ones.
package struct Axis {
    /// Number of points.
    package let count: Int
    /// Distance of the last point to the wall on the right, in this level's spacing; 1 on the
    /// lattice itself.
    package let gap: Double
    /// Interior entries (diagonal, neighbour) of the stiffness matrix; [−1, 2, −1] on the lattice
    /// itself.
    let stiffness: SIMD2<Double>
    /// Interior entries (diagonal, neighbour) of the mass matrix; [0, 1, 0] on the lattice itself.
    let mass: SIMD2<Double>
    /// Last diagonal entries (stiffness, mass).
    let last: SIMD2<Double>

    /// The finest axis, of `count` sites with unit spacing.
    package init(count: Int) {
        self.init(
            count: count, gap: 1, stiffness: SIMD2(2, -1), mass: SIMD2(1, 0), last: SIMD2(2, 1))
    }

    private init(
        count: Int, gap: Double, stiffness: SIMD2<Double>, mass: SIMD2<Double>, last: SIMD2<Double>
    ) {
        self.count = count
        self.gap = gap
        self.stiffness = stiffness
        self.mass = mass
        self.last = last
    }

    /// Weights with which point `index` takes its value from the coarse points (index + 1)/2 − 1
    /// and (index + 1)/2, rounded down: a coarse point copies, a point between two takes the mean,
    /// one next to the right wall is linear towards it.
    package func weights(at index: Int) -> SIMD2<Double> {
        if index & 1 == 1 { return SIMD2(1, 0) }
        if index == count - 1 { return SIMD2(gap / (1 + gap), 0) }
        return SIMD2(0.5, 0.5)
    }

    /// The next coarser axis, Pᵀ(·)P with P the matrix of `weights`. Needs `count` ≥ 4.
    package func coarsened() -> Axis {
        let coarse = count / 2
        // Entry of Pᵀ T P between coarse points a and b = a or a + 1, from at most seven fine
        // points.
        func product(_ a: Int, _ b: Int, _ entries: SIMD2<Double>, _ lastDiagonal: Double) -> Double
        {
            func p(_ fine: Int, _ c: Int) -> Double {
                let first = (fine + 1) / 2 - 1
                let pair = weights(at: fine)
                return c == first ? pair.x : c == first + 1 ? pair.y : 0
            }
            var sum = 0.0
            for i in max(0, 2 * a)...min(count - 1, 2 * a + 2) {
                for j in max(0, i - 1)...min(count - 1, i + 1) {
                    let entry = i != j ? entries.y : i == count - 1 ? lastDiagonal : entries.x
                    sum += p(i, a) * entry * p(j, b)
                }
            }
            return sum
        }
        return Axis(
            count: coarse, gap: count & 1 == 0 ? gap / 2 : (1 + gap) / 2,
            stiffness: SIMD2(product(0, 0, stiffness, last.x), product(0, 1, stiffness, last.x)),
            mass: SIMD2(product(0, 0, mass, last.y), product(0, 1, mass, last.y)),
            last: SIMD2(
                product(coarse - 1, coarse - 1, stiffness, last.x),
                product(coarse - 1, coarse - 1, mass, last.y)))
    }
}
