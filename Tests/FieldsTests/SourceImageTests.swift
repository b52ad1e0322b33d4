import Fields
import Testing

@Suite struct SourceImageTests {
    /// Two disks that share sites and one apart, all policies against a loop over the lattice.
    @Test(arguments: OverlapPolicy.allCases, SourceModel.allCases)
    func policiesEqualTheirDefinition(policy: OverlapPolicy, model: SourceModel) throws {
        let lattice = try Lattice(rows: 40, columns: 50)
        var sources = [
            Source(row: 30, column: 40, radius: 3, value: 0.3),
            Source(row: 20, column: 20, radius: 5, value: 0.5),
        ]
        if policy != .forbid {
            sources += [
                Source(row: 22, column: 24, radius: 6, value: 1),
                Source(row: 18, column: 22, radius: 2.5, value: 0.125),
            ]
        }
        let configuration = try Configuration(
            physics: try Physics(lattice: lattice, sources: model, overlap: policy),
            sources: sources)
        let image = SourceImage(configuration)
        var expected = [Double](repeating: 0, count: lattice.count)
        for site in 0..<lattice.count {
            let covering = sources.filter {
                let (i, j) = (site / 50 - $0.row, site % 50 - $0.column)
                return Double(i * i + j * j) <= $0.radius * $0.radius
            }.map(\.value)
            expected[site] =
                switch policy {
                case .max: covering.max() ?? 0
                case .sum: covering.reduce(0, +)
                case .last, .forbid: covering.last ?? 0
                }
        }
        #expect(image.sites == expected.indices.filter { expected[$0] > 0 })
        #expect(image.values == expected.filter { $0 > 0 })
        #expect(image.dense(on: lattice) == expected.map { Float($0) })
    }

    @Test func sumsDoNotDependOnTheOrderOfSources() throws {
        // 0.1 + 0.2 + 0.3 has different bits in different orders.
        let sources = [0.1, 0.2, 0.3].map {
            Source(row: 20, column: 20 + Int($0 * 10), radius: 4, value: $0)
        }
        let physics = try Physics(lattice: try Lattice(rows: 40, columns: 40), sources: .emitting)
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        let images = try orders.map { order in
            SourceImage(try Configuration(physics: physics, sources: order.map { sources[$0] }))
                .values.map(\.bitPattern)
        }
        #expect(Set(images).count == 1)
    }
}
