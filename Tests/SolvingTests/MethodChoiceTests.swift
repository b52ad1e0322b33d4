import Fields
import Solving
import Testing

@Suite struct MethodChoiceTests {
    /// Both ways give labels within the sum of their bounds, each by its own method.
    @Test(arguments: 0..<20) func bothWaysAgree(_ seed: Int) throws {
        var random = TestRandom(seed: 7000 + UInt32(seed))
        let lattice = try Lattice(rows: random.next(in: 64...150), columns: 128)
        let physics = try Physics(
            lattice: lattice, decayRate: random.next(of: [1e-4, 1.0 / 400, 0.05]),
            sources: random.next(of: [.pinned, .emitting]))
        let configuration = try Configuration(
            physics: physics, sources: random.sources(3, on: lattice, radii: [0, 1, 2]))
        let (direct, first) = solve(configuration, accuracy: Accuracy(method: .direct))
        let (multigrid, second) = solve(configuration, accuracy: Accuracy(method: .multigrid))
        #expect(first.method == .direct && first.isCertified, "seed \(seed)")
        #expect(second.method == .uniform && second.isCertified, "seed \(seed)")
        let difference = largestDifference(direct.map(Double.init), multigrid.map(Double.init))
        #expect(difference <= first.errorBound + second.errorBound, "seed \(seed)")
    }

    @Test func directHasNothingForManyPinnedSites() throws {
        var random = TestRandom(seed: 7100)
        let lattice = try Lattice(rows: 64, columns: 64)
        let configuration = try Configuration(
            physics: Physics(lattice: lattice),
            sources: random.sources(100, on: lattice, radii: [5]))
        let (_, direct) = solve(configuration, accuracy: Accuracy(method: .direct))
        #expect(direct.method == .direct && !direct.isCertified)
        #expect(direct.errorBound == .infinity)
        #expect(solve(configuration).1.isCertified)
    }

    @Test func objectionsNameTheReason() throws {
        let lattice = try Lattice(rows: 64, columns: 64)
        let closed = try Physics(
            lattice: lattice, boundary: Boundary(all: .reflecting), decayRate: 0)
        #expect(MethodChoice.direct.objection(to: closed)?.contains("no absorbing side") == true)
        #expect(MethodChoice.multigrid.objection(to: closed) == nil)
        #expect(MethodChoice.direct.objection(to: try Physics(lattice: lattice)) == nil)
    }
}
