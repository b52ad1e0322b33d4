import Documents
import Fields
import Testing

@Suite struct ShapeTests {
    static func shape(_ words: [Substring]) throws -> Shape {
        let numbers = try words.dropFirst().map { try #require(Double($0)) }
        let code = ["disk": 0, "ellipse": 1, "rectangle": 2, "ring": 3, "polygon": 4][words[0]]
        return try #require(Shape(code: code ?? -1, parameters: numbers))
    }

    /// What an independent program finds site by site in exact arithmetic; most of them have sites
    /// on their edges.
    @Test func footprintsEqualTheGoldenOnes() throws {
        let lines = goldenShapes.split(separator: "\n")
        #expect(lines.count == 190)
        for line in lines {
            let halves = line.split(separator: "|", omittingEmptySubsequences: false)
            let shape = try Self.shape(halves[0].split(separator: " "))
            let runs = shape.footprint.runs.map { "\($0.row):\($0.first):\($0.last)" }
            #expect(runs.joined(separator: " ") == String(halves[1].dropFirst()), "\(halves[0])")
        }
    }

    /// Shapes of every kind, some of them touching.
    static func random(_ index: UInt32, count: Int = 5) -> Shape {
        let words = Philox(seed: 21, stream: 0)(SIMD4(index, 0, 0, 0))
        func length(_ word: UInt32) -> Double { 0.5 + Double(word % 96) / 16 }
        let angle = Double(words.w % 1440) / 8
        switch Int(words.x % UInt32(count)) {
        case 0: return .disk(radius: length(words.y))
        case 1: return .ellipse(down: length(words.y), across: length(words.z), angle: angle)
        case 2: return .rectangle(down: length(words.y), across: length(words.z), angle: angle)
        case 3: return .ring(outer: length(words.y) + 1, inner: length(words.y))
        default:
            return .polygon(
                (0..<3 + Int(words.y % 14)).map { corner in
                    let more = Philox(seed: 22, stream: 0)(SIMD4(index, UInt32(corner), 0, 0))
                    return Shape.Corner(
                        down: Double(more.x % 200) / 16 - 6, across: Double(more.y % 200) / 16 - 6)
                })
        }
    }

    /// A turned ellipse with equal radii is a disk, whatever the rounding of sines; so is one of
    /// which the radii are in turn.
    @Test func turnedCirclesAreDisks() {
        for radius in 1...40 {
            let disk = Shape.disk(radius: Double(radius)).footprint
            for angle in stride(from: 0.0, to: 180, by: 7.5) {
                let ellipse = Shape.ellipse(
                    down: Double(radius), across: Double(radius), angle: angle
                ).footprint
                #expect(ellipse == disk, "radius \(radius), angle \(angle)")
            }
        }
    }

    /// Turning by a right angle, or the other way round and mirroring, moves sites and loses none.
    @Test func turnedShapesKeepTheirSites() {
        for index in 0..<600 as Range<UInt32> {
            let words = Philox(seed: 26, stream: 0)(SIMD4(index, 0, 0, 0))
            let (a, b) = (Double(1 + words.x % 40) / 2, Double(1 + words.y % 40) / 2)
            let angle = [30.0, 45, 60, 15, 75, 22.5][Int(words.z % 6)]
            func sites(_ shape: Shape) -> Set<SIMD2<Int>> {
                Set(
                    shape.footprint.runs.flatMap { run in
                        (run.first...run.last).map { SIMD2(Int(run.row), Int($0)) }
                    })
            }
            for make in [Shape.ellipse, Shape.rectangle] as [(Double, Double, Double) -> Shape] {
                let found = sites(make(a, b, angle))
                #expect(found == sites(make(b, a, angle + 90)), "\(make(a, b, angle))")
                #expect(
                    found == Set(sites(make(a, b, 180 - angle)).map { SIMD2($0.x, -$0.y) }),
                    "\(make(a, b, angle))")
            }
        }
    }

    @Test func meetingEqualsSharingASite() throws {
        let lattice = try Lattice(rows: 64, columns: 64)
        var met = 0
        for index in 0..<4000 as Range<UInt32> {
            let words = Philox(seed: 23, stream: 0)(SIMD4(index, 0, 0, 0))
            let first = Source(row: 30, column: 30, shape: Self.random(2 * index), value: 1)
            let second = Source(
                row: 20 + Int(words.x % 20), column: 20 + Int(words.y % 20),
                shape: Self.random(2 * index + 1), value: 1)
            func sites(_ source: Source) -> Set<Int> {
                var sites: Set<Int> = []
                source.forEachSite(on: lattice) { sites.insert($0) }
                return sites
            }
            let shares = !sites(first).isDisjoint(with: sites(second))
            met += shares ? 1 : 0
            #expect(
                Configuration.meet(first, second) == shares,
                "seed 23, index \(index): \(first) \(second)")
            #expect(Configuration.meet(second, first) == shares, "seed 23, index \(index)")
        }
        #expect((500..<3500).contains(met))
    }

    /// Mixed shapes under every policy, against a loop over the sites of each source.
    @Test(arguments: [OverlapPolicy.max, .sum, .last]) func imagesEqualTheirDefinition(
        policy: OverlapPolicy
    ) throws {
        let lattice = try Lattice(rows: 48, columns: 60)
        let physics = try Physics(lattice: lattice, overlap: policy)
        for trial in 0..<60 as Range<UInt32> {
            let sources = (0..<5 as Range<UInt32>).map { number -> Source in
                let index = 100_000 + trial * 5 + number
                let words = Philox(seed: 24, stream: 0)(SIMD4(index, 0, 0, 0))
                // Sums of these values are exact in any order.
                return Source(
                    row: 16 + Int(words.x % 16), column: 16 + Int(words.y % 28),
                    shape: Self.random(index), value: Double(1 + words.z % 64) / 64)
            }.filter { !$0.shape.footprint.runs.isEmpty }
            guard !sources.isEmpty else { continue }
            let configuration = try Configuration(physics: physics, sources: sources)
            var expected: [Int: Double] = [:]
            for source in sources {
                source.forEachSite(on: lattice) { site in
                    let before = expected[site]
                    expected[site] =
                        switch policy {
                        case .max: max(before ?? 0, source.value)
                        case .sum: (before ?? 0) + source.value
                        case .last, .forbid: source.value
                        }
                }
            }
            let image = SourceImage(configuration)
            #expect(image.sites == expected.keys.sorted(), "seed 24, trial \(trial)")
            #expect(image.values == image.sites.map { expected[$0] }, "seed 24, trial \(trial)")
        }
    }

    @Test func sourcesRoundTripThroughJSONAndColumns() throws {
        for index in 0..<300 as Range<UInt32> {
            let source = Source(row: 3, column: 9, shape: Self.random(index), value: 0.5)
            #expect(try Source(json: source.json) == source)
            #expect(
                Shape(code: source.shape.code, parameters: source.shape.parameters) == source.shape)
        }
        for text in ["[]", "{}"] {
            #expect(throws: ConfigurationError.self) { try Source(json: .string(text)) }
        }
        let disk = try #require(Source(row: 1, column: 2, radius: 3, value: 1).json.object)
        for change in [
            ["radius": nil], ["ring": .object(["outer": .number(2), "inner": .number(1)])],
            ["colour": .null], ["row": .number(1.5)], ["radius": .string("3")],
            ["radius": nil, "polygon": .number(3)],
            ["radius": nil, "polygon": .array([.array([.number(1)])])],
            ["radius": nil, "ellipse": .object(["radii": .array([.number(1)])])],
        ] as [[String: JSON?]] {
            var members = disk
            for (key, value) in change { members[key] = value }
            let error = #expect(throws: ConfigurationError.self) {
                try Source(json: .object(members))
            }
            #expect(error?.code == .document, "\(change)")
        }
    }

    @Test(
        arguments: [
            .ellipse(down: 0, across: 3, angle: 0), .ellipse(down: 3, across: 3, angle: 180),
            .ellipse(down: 3, across: 3, angle: -1), .ellipse(down: .nan, across: 3, angle: 0),
            .rectangle(down: -1, across: 3, angle: 0), .rectangle(down: 1, across: 5000, angle: 0),
            .rectangle(down: 1, across: 2, angle: .infinity), .ring(outer: 3, inner: 3),
            .ring(outer: 3, inner: -1), .ring(outer: .nan, inner: 1), .ring(outer: 1.2, inner: 1.1),
            .polygon([Shape.Corner(down: 0, across: 0), Shape.Corner(down: 3, across: 3)]),
            .polygon([]),
            .polygon((0..<17).map { Shape.Corner(down: Double($0), across: Double($0 * $0)) }),
            .polygon([0, 1, .nan].map { Shape.Corner(down: $0, across: 2 * $0 * $0) }),
            .polygon([0.1, 0.2, 0.3].map { Shape.Corner(down: $0, across: $0 * $0) }),
            .ellipse(down: 3, across: 17, angle: 0), .rectangle(down: 30, across: 1, angle: 45),
            .ring(outer: 20, inner: 19),
        ] as [Shape]) func impossibleShapesAreRefused(shape: Shape) throws
    {
        let physics = try Physics(lattice: try Lattice(rows: 32, columns: 32))
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(
                physics: physics, sources: [Source(row: 16, column: 16, shape: shape, value: 1)])
        }
        #expect(error?.code == .source)
    }

    /// A shape fits exactly as long as all its sites are on the lattice.
    @Test func fittingIsDecidedBySites() throws {
        let lattice = try Lattice(rows: 40, columns: 44)
        let physics = try Physics(lattice: lattice)
        for index in 0..<400 as Range<UInt32> {
            let words = Philox(seed: 25, stream: 0)(SIMD4(index, 0, 0, 0))
            let shape = Self.random(index)
            guard !shape.footprint.runs.isEmpty else { continue }
            let source = Source(
                row: Int(words.x % 50) - 5, column: Int(words.y % 54) - 5, shape: shape, value: 1)
            let fits =
                (0..<40).contains(source.row) && (0..<44).contains(source.column)
                && shape.footprint.runs.allSatisfy {
                    (0..<40).contains(source.row + Int($0.row))
                        && source.column + Int($0.first) >= 0 && source.column + Int($0.last) < 44
                }
            let accepted = (try? Configuration(physics: physics, sources: [source])) != nil
            #expect(accepted == fits, "seed 25, index \(index)")
        }
    }

    @Test func idsOfShapes() throws {
        let physics = try Physics(lattice: try Lattice(rows: 64, columns: 64))
        func id(_ sources: [Source]) throws -> SampleID {
            let configuration = try Configuration(physics: physics, sources: sources)
            // The two ways of writing the canonical form agree.
            #expect(
                configuration.id.bits
                    == Digest(of: configuration.canonical.canonicalBytes).leadingBits)
            return configuration.id
        }
        var ids: Set<SampleID> = []
        for shape in [
            .disk(radius: 5), .ellipse(down: 5, across: 5, angle: 0),
            .ellipse(down: 5, across: 4, angle: 0), .ellipse(down: 5, across: 4, angle: 1),
            .rectangle(down: 5, across: 4, angle: 0), .ring(outer: 5, inner: 4),
            .ring(outer: 5, inner: 3),
        ] as [Shape] { ids.insert(try id([Source(row: 20, column: 20, shape: shape, value: 1)])) }
        #expect(ids.count == 7)
        let several = (0..<12 as Range<UInt32>).map { index in
            Source(row: 30, column: 30, shape: Self.random(index, count: 4), value: 0.5)
        }
        #expect(try id(several) == id(several.reversed()))
    }
}
