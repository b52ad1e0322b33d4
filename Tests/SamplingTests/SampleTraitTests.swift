import Fields
import Testing

import Sampling

@Suite struct SampleTraitTests {
    private static func kinds(_ places: [(Int, Int, Double, Double)], _ boundary: Boundary)
        throws -> [SampleTrait: Int]
    {
        let physics = try Physics(lattice: Lattice(rows: 64, columns: 64), boundary: boundary)
        let configuration = try Configuration(
            physics: physics,
            sources: places.map { Source(row: $0.0, column: $0.1, radius: $0.2, value: $0.3) })
        let kinds = SampleTrait.kinds(of: configuration, stratum: 4)
        return Dictionary(uniqueKeysWithValues: zip(SampleTrait.allCases, kinds))
    }

    @Test func aSingleSource() throws {
        let kinds = try Self.kinds([(31, 20, 3, 1)], .absorbing)
        // The column before the first is 21 sites away: 21² = 441, between 2⁸ and 2⁹. 29 sites.
        #expect(kinds == [.sources: 4, .nearest: 0, .edge: 9, .area: 9, .value: 8, .forms: 1])
    }

    @Test func severalSources() throws {
        let kinds = try Self.kinds(
            [(10, 10, 2, 1), (13, 14, 2, 0.25), (40, 40, 2, 0.25)], .absorbing)
        // 3² + 4² = 25; 11² = 121; three times 13 sites: 39² = 1521.
        #expect(kinds == [.sources: 4, .nearest: 6, .edge: 7, .area: 10, .value: 4, .forms: 1])
    }

    @Test func periodicAxesGoTheShorterWay() throws {
        let places = [(31, 3, 2.0, 0.5), (31, 61, 2.0, 0.5)]
        let open = try Self.kinds(places, .absorbing)
        let round = try Self.kinds(places, Boundary(all: .periodic))
        // 58 sites apart, or 6.
        #expect(open[.nearest] == 2 + 11 && round[.nearest] == 2 + 5)
        #expect(open[.edge] == 1 + 3 && round[.edge] == 0)
    }

    @Test func oneCentreUponAnother() throws {
        #expect(try Self.kinds([(31, 31, 2, 1), (31, 31, 3, 1)], .absorbing)[.nearest] == 1)
    }

    @Test func formsThatAppear() throws {
        let ring = try #require(Shape(code: 3, parameters: [4, 2]))
        let physics = try Physics(lattice: Lattice(rows: 64, columns: 64))
        let configuration = try Configuration(
            physics: physics,
            sources: [
                Source(row: 20, column: 20, radius: 3, value: 1),
                Source(row: 40, column: 40, shape: ring, value: 1),
                Source(row: 50, column: 20, radius: 2, value: 1),
            ])
        #expect(SampleTrait.kinds(of: configuration, stratum: 0).last == 1 | 1 << ring.code)
    }
}
