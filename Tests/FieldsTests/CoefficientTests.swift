import Documents
import Fields
import Testing

@Suite struct CoefficientTests {
    static let lattice: (rows: Int, columns: Int) = (40, 52)

    static func physics(
        _ diffusivity: Diffusivity = .isotropic(.constant(1)),
        decay: Coefficient = .constant(0.0025), boundary: Boundary = .absorbing,
        sources: SourceModel = .pinned
    ) throws -> Physics {
        try Physics(
            lattice: try Lattice(rows: lattice.rows, columns: lattice.columns), boundary: boundary,
            diffusivity: diffusivity, decayRate: decay, sources: sources)
    }

    static func random(_ key: UInt32?, length: Double = 7.5, from: Double = 0.05, to: Double = 20)
        -> Coefficient
    { .random(RandomCoefficient(from: from, to: to, length: length, key: key)) }

    @Test func layersAreWhereTheirEdgesSay() throws {
        let rows = Coefficient.layered(
            .init(axis: .rows, edges: [1, 10, 39], values: [1, 2, 3, 4]))
        let columns = Coefficient.layered(.init(axis: .columns, edges: [20], values: [0.01, 0.02]))
        let medium = try Self.physics(.isotropic(rows), decay: columns).medium()
        for site in 0..<40 * 52 {
            let (i, j) = (site / 52, site % 52)
            #expect(medium.down[site] == (i < 1 ? 1 : i < 10 ? 2 : i < 39 ? 3 : 4))
            #expect(medium.decay[site] == (j < 20 ? 0.01 : 0.02))
        }
        #expect(medium.across == medium.down)
    }

    @Test func laterRegionsPaintOver() throws {
        let regions = Coefficient.regions(
            .init(
                background: 1,
                regions: [
                    .init(row: 10, column: 10, shape: .disk(radius: 6), value: 2),
                    .init(
                        row: 10, column: 14, shape: Shape(Rectangle(down: 2, across: 6, angle: 0)),
                        value: 3), .init(row: -3, column: 51, shape: .disk(radius: 5), value: 4),
                ]))
        let medium = try Self.physics(.anisotropic(down: regions, across: .constant(5))).medium()
        for site in 0..<40 * 52 {
            let (i, j) = (site / 52, site % 52)
            let expected: Double =
                (i + 3) * (i + 3) + (j - 51) * (j - 51) <= 25
                ? 4
                : abs(i - 10) <= 2 && abs(j - 14) <= 6
                    ? 3 : (i - 10) * (i - 10) + (j - 10) * (j - 10) <= 36 ? 2 : 1
            #expect(medium.down[site] == expected, "\(i), \(j)")
        }
        #expect(Set(medium.across) == [5])
    }

    /// Extremes, determinism, smoothness, and what the key and the length do.
    @Test func randomFieldsHaveTheirRange() throws {
        var fields: Set<[Double]> = []
        for key in [0, 1, 77, UInt32.max] {
            for length in [2, 7.5, 40, 4096] {
                let medium = try Self.physics(.isotropic(Self.random(key, length: length))).medium()
                #expect(medium.down.min() == 0.05, "key \(key), length \(length)")
                #expect(medium.down.max() == 20, "key \(key), length \(length)")
                #expect(
                    try medium
                        == Self.physics(.isotropic(Self.random(key, length: length))).medium())
                #expect(fields.insert(medium.down).inserted)
            }
        }
    }

    /// A cubic B-spline of uniform nodes in plain form, from the definition, with the library's own
    /// powers.
    @Test func randomFieldsAreSplines() throws {
        let (rows, columns) = Self.lattice
        for boundary in [Boundary.absorbing, Boundary(all: .periodic)] {
            let medium = try Self.physics(.isotropic(Self.random(5)), boundary: boundary).medium()
            func spline(_ x: Double) -> Double {
                let a = abs(x)
                return a >= 2
                    ? 0
                    : a >= 1 ? (2 - a) * (2 - a) * (2 - a) / 6 : (4 - 6 * a * a + 3 * a * a * a) / 6
            }
            let periodic = boundary.top == .periodic
            func weights(_ site: Int, side: Int) -> [Int: Double] {
                let count = periodic ? max(4, Int((Double(side) / 7.5).rounded())) : 0
                let place =
                    periodic ? Double(site) * Double(count) / Double(side) : Double(site) / 7.5
                var weights: [Int: Double] = [:]
                for node in -1...Int(place) + 3 {
                    let weight = spline(place - Double(node))
                    if weight > 0 {
                        weights[periodic ? (node + 1) % count : node + 1, default: 0] += weight
                    }
                }
                return weights
            }
            let philox = Philox(seed: 5, stream: 5)
            var surface: [Double] = []
            for i in 0..<rows {
                for j in 0..<columns {
                    var sum = 0.0
                    for (a, u) in weights(i, side: rows) {
                        for (b, v) in weights(j, side: columns) {
                            sum +=
                                u * v * Double(philox(SIMD4(UInt32(a), UInt32(b), 0, 0)).x) / 0x1p32
                        }
                    }
                    surface.append(sum)
                }
            }
            let (least, most) = (try #require(surface.min()), try #require(surface.max()))
            for site in 0..<rows * columns {
                let t = (surface[site] - least) / (most - least)
                let share = Elementary.log2(medium.down[site] / 0.05) / Elementary.log2(20 / 0.05)
                #expect(abs(share - t) < 1e-12, "\(boundary), site \(site)")
            }
        }
    }

    /// Across a periodic side the field goes on as smoothly as inside; without periodic sides it
    /// does not.
    @Test func randomFieldsArePeriodicWhereSidesAre() throws {
        func step(_ boundary: Boundary) throws -> Double {
            let medium = try Self.physics(.isotropic(Self.random(3)), boundary: boundary).medium()
            let logs = medium.down.map { Elementary.log2($0) }
            func largest(_ pairs: [(Int, Int)]) -> Double {
                pairs.map { abs(logs[$0.0] - logs[$0.1]) }.max() ?? 0
            }
            let inside = largest(
                (0..<40).flatMap { i in (0..<51).map { (i * 52 + $0, i * 52 + $0 + 1) } })
            return largest((0..<40).map { ($0 * 52 + 51, $0 * 52) }) / inside
        }
        let sides = try Boundary(
            top: .reflecting, bottom: .absorbing, left: .periodic, right: .periodic)
        #expect(try step(sides) <= 1)
        #expect(try step(.absorbing) > 1.5)
    }

    @Test func keysComeAndGo() throws {
        let open = try Self.physics(
            .anisotropic(down: Self.random(nil), across: Self.random(9)),
            decay: Self.random(nil, from: 1e-3, to: 0.1))
        #expect(open.openKeys == 2 && !open.isRealised && open.uniform == nil)
        let realised = try open.realised(keys: [4, 5])
        #expect(realised.isRealised)
        #expect(
            realised.diffusivity == .anisotropic(down: Self.random(4), across: Self.random(9))
                && realised.decayRate == Self.random(5, from: 1e-3, to: 0.1))
        #expect(open.keys(of: realised) == [4, 5])
        #expect(try open.realised(keys: [5, 4]) != realised)
        for keys in [[], [1], [1, 2, 3]] as [[UInt32]] {
            let error = #expect(throws: ConfigurationError.self) { try open.realised(keys: keys) }
            #expect(error?.code == .keys)
        }
        #expect(try Self.physics().realised(keys: []) == Self.physics())
        let sources = [Source(row: 20, column: 20, radius: 3, value: 1)]
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(physics: open, sources: sources)
        }
        #expect(error?.code == .keys)
        let ids = try [[4, 5], [5, 4], [4, 6]].map {
            try Configuration(physics: try open.realised(keys: $0), sources: sources).id
        }
        #expect(Set(ids).count == 3)
    }

    @Test func physicsRoundTrips() throws {
        let layers = Coefficient.layered(.init(axis: .rows, edges: [10], values: [1, 0.1 + 0.2]))
        let regions = Coefficient.regions(
            .init(
                background: 0,
                regions: [
                    .init(
                        row: -2, column: 60, shape: Shape(Ellipse(down: 9, across: 20, angle: 3.5)),
                        value: 0.1)
                ]))
        let sides = try Boundary(
            top: .reflecting, bottom: .absorbing, left: .periodic, right: .periodic)
        for physics in [
            try Self.physics(),
            try Self.physics(.isotropic(layers), decay: regions, boundary: sides),
            try Self.physics(
                .anisotropic(down: .constant(2), across: Self.random(nil)),
                decay: Self.random(3, to: 0.2)),
            try Self.physics(decay: .constant(0), boundary: Boundary(all: .periodic)),
        ] {
            let again = try Physics(json: physics.json)
            #expect(again == physics)
            #expect(again.json == physics.json)
        }
        // Four equal sides are one word, so that equal problems have equal ids.
        let same = try Boundary(
            top: .absorbing, bottom: .absorbing, left: .absorbing, right: .absorbing)
        #expect(try Self.physics(boundary: same).json["boundary"] == .string("absorbing"))
        #expect(try Self.physics().uniform.map { $0 == (1, 1, 0.0025) } == true)
    }

    @Test func impossibleCoefficientsAreRefused() throws {
        func layers(_ edges: [Int], _ values: [Double], _ axis: Coefficient.Layers.Axis = .rows)
            -> Coefficient
        { .layered(.init(axis: axis, edges: edges, values: values)) }
        func region(_ row: Int, _ column: Int, _ shape: Shape, _ value: Double = 2) -> Coefficient {
            .regions(
                .init(
                    background: 1,
                    regions: [.init(row: row, column: column, shape: shape, value: value)]))
        }
        let many = Array(
            repeating: Coefficient.Regions.Region(
                row: 9, column: 9, shape: .disk(radius: 1), value: 1), count: 257)
        for (number, coefficient) in [
            layers([], []), layers([10], [1]), layers([10], [1, 2, 3]), layers([0], [1, 2]),
            layers([40], [1, 2]), layers([52], [1, 2], .columns), layers([10, 10], [1, 2, 3]),
            layers([20, 10], [1, 2, 3]), layers([10], [1, 0]), layers([10], [1, .nan]),
            layers([10], [1, 1001]), layers([10], [1, -1]), region(9, 9, .disk(radius: -1)),
            region(9, 9, .disk(radius: 5000)), region(-20, 9, .disk(radius: 19)),
            region(9, 100, .disk(radius: 19)), region(.max, 9, .disk(radius: 19)),
            region(9, 9, Shape(Polygon([]))), region(9, 9, .disk(radius: 3), 1e4),
            .regions(.init(background: 1, regions: [])),
            .regions(.init(background: 1, regions: many)), Self.random(1, from: 1, to: 1),
            Self.random(1, from: 2, to: 1), Self.random(1, from: 0, to: 1),
            Self.random(1, from: 1, to: 1000.1), Self.random(1, length: 1.9),
            Self.random(1, length: 5000), Self.random(1, length: .nan), Self.random(1, from: .nan),
            Self.random(1, to: .infinity),
        ].enumerated() {
            let error = #expect(throws: ConfigurationError.self, "\(number)") {
                try Self.physics(.isotropic(coefficient))
            }
            #expect(error?.code == .physics, "\(number)")
        }
        // The contrast counts across both directions.
        #expect(throws: ConfigurationError.self) {
            try Self.physics(.anisotropic(down: .constant(1), across: .constant(1001)))
        }
        _ = try Self.physics(.anisotropic(down: .constant(1), across: .constant(1000)))
        #expect(throws: ConfigurationError.self) { try Self.physics(decay: layers([10], [0, -1])) }
    }

    /// D in any unit of time within the range that the message names.
    @Test func diffusivitiesOutsideTheRangeAreRefused() throws {
        let lattice = try Lattice(rows: 32, columns: 32)
        for unit in [1e-30, 1e-9, 1, 1e9, 1e30] {
            _ = try Physics(lattice: lattice, diffusivity: unit, decayRate: 0.01 * unit)
        }
        for unit in [1e-160, 1e-31, 0, -1, 1.1e30, 1e200, .infinity, .nan] {
            let error = #expect(throws: ConfigurationError.self) {
                try Physics(lattice: lattice, diffusivity: unit, decayRate: 0.01 * unit)
            }
            #expect(error?.code == .physics)
            for word in ["\(unit)", "1e-30", "1e+30"] {
                #expect(error?.message.contains(word) == true, "\(unit)")
            }
        }
    }

    /// Without decay the field must be held by a side, by decay somewhere, or by the sources.
    @Test func illPosedProblemsAreRefused() throws {
        let zero = Coefficient.constant(0)
        let reflecting = Boundary(all: .reflecting)
        let hidden = Coefficient.regions(
            .init(
                background: 0,
                regions: [
                    .init(row: 9, column: 9, shape: .disk(radius: 2), value: 0.1),
                    .init(row: 9, column: 9, shape: .disk(radius: 3), value: 0),
                ]))
        for decay in [zero, hidden] {
            for boundary in [reflecting, Boundary(all: .periodic)] {
                let error = #expect(throws: ConfigurationError.self) {
                    try Self.physics(decay: decay, boundary: boundary, sources: .emitting)
                }
                #expect(error.map { "\($0)".contains("nothing holds the field") } == true)
                _ = try Self.physics(decay: decay, boundary: boundary)
            }
            _ = try Self.physics(decay: decay, sources: .emitting)
        }
        let side = try Boundary(
            top: .reflecting, bottom: .absorbing, left: .periodic, right: .periodic)
        _ = try Self.physics(decay: zero, boundary: side, sources: .emitting)
        let layer = Coefficient.layered(.init(axis: .columns, edges: [51], values: [0, 0.1]))
        _ = try Self.physics(decay: layer, boundary: reflecting, sources: .emitting)
        #expect(throws: ConfigurationError.self) {
            try Boundary(top: .periodic, bottom: .absorbing, left: .periodic, right: .periodic)
        }
    }
}
