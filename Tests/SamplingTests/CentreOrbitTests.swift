import Fields
import Sampling
import Testing

/// Single sources are drawn without a second one of the same problem, and as many as there are
/// problems.
@Suite struct CentreOrbitTests {
    private static func range(_ value: Double) -> ParameterRange { ParameterRange(value) }

    private typealias Case = (
        name: String, lattice: (Int, Int), boundary: Boundary, across: Double, shape: ShapeRange
    )

    private static let cases: [Case] =
        [
            ("square", (32, 32), .absorbing, 1, .disk(radius: range(5))),
            ("odd square", (33, 33), .absorbing, 1, .disk(radius: range(5))),
            ("rectangle", (32, 37), .absorbing, 1, .disk(radius: range(5))),
            ("tensor", (33, 33), .absorbing, 2, .disk(radius: range(6))),
            (
                "ellipse", (33, 33), .absorbing, 1,
                .measured(Ellipse.self, [range(6), range(3), range(0)])
            ),
            (
                "turned ellipse", (32, 32), .absorbing, 1,
                .measured(Ellipse.self, [range(7), range(3), range(30)])
            ),
            (
                "diagonal", (32, 32), .absorbing, 1,
                .measured(Ellipse.self, [range(7), range(3), range(45)])
            ),
            (
                "turned square", (33, 33), .absorbing, 1,
                .measured(Rectangle.self, [range(5), range(5), range(20)])
            ), ("torus", (32, 32), Boundary(all: .periodic), 1, .disk(radius: range(5))),
        ]

    /// Every place of a case is drawn, as one of as many problems as it has orbits.
    @Test(arguments: 0..<12) func everyProblemOnce(_ number: Int) throws {
        let mixed = try [
            (
                "one side",
                Boundary(top: .reflecting, bottom: .absorbing, left: .absorbing, right: .absorbing)
            ),
            (
                "two sides",
                Boundary(top: .reflecting, bottom: .absorbing, left: .reflecting, right: .absorbing)
            ),
            (
                "channel",
                Boundary(top: .periodic, bottom: .periodic, left: .absorbing, right: .absorbing)
            ),
        ].map {
            (
                name: $0.0, lattice: (32, 32), boundary: $0.1, across: 1.0,
                shape: ShapeRange.disk(radius: Self.range(5))
            )
        }
        let (name, lattice, boundary, across, shape) = (Self.cases + mixed)[number]
        let physics = try Physics(
            lattice: try Lattice(rows: lattice.0, columns: lattice.1), boundary: boundary,
            diffusivity: .anisotropic(down: .constant(1), across: .constant(across)),
            decayRate: .constant(0.02))
        func design(_ count: Int) throws -> Design {
            try Design(physics: physics, strata: [1], counts: [count], shapes: [shape], seed: 17)
        }
        let limit = try #require(try design(1).limit(stratum: 0))
        let all = try design(limit)
        let classifier = ProblemClassifier(physics)
        var places: Set<SIMD2<Int>> = []
        let drawn = try Set(
            (0..<limit).map { index -> ProblemClass in
                let configuration = try all.configuration(stratum: 0, index: index)
                places.insert(SIMD2(configuration.sources[0].row, configuration.sources[0].column))
                return classifier(configuration)
            })
        var every: Set<ProblemClass> = []
        for row in all.centres.rows {
            for column in all.centres.columns {
                let source = Source(
                    row: row, column: column, shape: try #require(all.fixedShape), value: 1)
                every.insert(classifier(try Configuration(physics: physics, sources: [source])))
            }
        }
        #expect(drawn.count == limit && drawn == every, "\(name): \(limit) of \(every.count)")
        #expect(throws: SamplingError.self) { try design(limit + 1) }
        // Any place of an orbit may be drawn, not its first one alone.
        if limit > 100, limit < all.centreCount {
            let upper = places.count { $0.x < lattice.0 / 2 }
            #expect((limit / 4...limit * 3 / 4).contains(upper), "\(name)")
        }
        // The same indices of another count are the same samples.
        #expect(
            try design(1).configuration(stratum: 0, index: 0)
                == all.configuration(stratum: 0, index: 0))
    }
}
