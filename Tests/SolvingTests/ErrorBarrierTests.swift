import Fields
import Solving
import Testing

@Suite struct ErrorBarrierTests {
    /// The Green's function of a lattice so large that its edge hardly matters: its norm is just
    /// below the bound.
    @Test(arguments: [0.2, 1, 10]) func normOfTheGreensFunction(_ decay: Double) throws {
        let side = 61
        let physics = try Physics(
            lattice: Lattice(rows: side, columns: side), diffusivity: 1, decayRate: decay,
            sources: .emitting)
        let center = side / 2 * side + side / 2
        // The reference divides by the maximum, which the centre's own row of the equation gives
        // back.
        let greens = referenceField(SourceImage(sites: [center], values: [1]), physics)
        let neighbours =
            greens[center - side] + greens[center + side] + greens[center - 1] + greens[center + 1]
        let norm = greens.reduce(0) { $0 + $1 * $1 }.squareRoot() / (4 + decay - neighbours)
        let barrier = ErrorBarrier(rows: side, columns: side, decay: decay)
        #expect(norm <= barrier.greensNorm)
        #expect(norm >= 0.94 * barrier.greensNorm)
    }

    /// The better of the two norms counts: the largest magnitude where the residual is spread, its
    /// length where it is not.
    @Test func theBetterNormCounts() {
        let barrier = ErrorBarrier(rows: 500, columns: 500, decay: 0.0025)
        let spread = barrier.bound(ResidualNorms(largest: 1e-6, squares: 250_000e-12), magnitude: 1)
        #expect(abs(spread - 400e-6) < 1e-9)
        let concentrated = barrier.bound(
            ResidualNorms(largest: 1e-6, squares: 100e-12), magnitude: 1)
        #expect(abs(concentrated - 1e-5 * barrier.greensNorm) < 1e-9)
        #expect(barrier.bound(ResidualNorms(largest: .nan, squares: 0), magnitude: 1) == .infinity)
    }
}
