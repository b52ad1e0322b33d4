import Documents
import Fields
import Testing

@Suite struct ShapeTests {
    static func shape(_ words: [Substring]) throws -> Shape {
        let numbers = try words.dropFirst().map { try #require(Double($0)) }
        let form = try #require(Shape.forms.first { $0.name == String(words[0]) })
        return try #require(Shape(code: form.code, parameters: numbers))
    }

    /// What an independent program finds site by site in exact arithmetic; most of them have sites
    /// on their edges.
    @Test func footprintsEqualTheGoldenOnes() throws {
        let lines = goldenShapes.split(separator: "\n")
        #expect(lines.count == 291)
        for line in lines {
            let halves = line.split(separator: "|", omittingEmptySubsequences: false)
            let shape = try Self.shape(halves[0].split(separator: " "))
            let runs = shape.footprint.runs.map { "\($0.row):\($0.first):\($0.last)" }
            #expect(runs.joined(separator: " ") == String(halves[1].dropFirst()), "\(halves[0])")
        }
    }

    /// Shapes of every kind, some of them touching.
    static func random(_ index: UInt32, count: Int = 6) -> Shape {
        let words = Philox(seed: 21, stream: 0)(SIMD4(index, 0, 0, 0))
        func length(_ word: UInt32) -> Double { 0.5 + Double(word % 96) / 16 }
        let angle = Double(words.w % 1440) / 8
        switch Int(words.x % UInt32(count)) {
        case 0: return .disk(radius: length(words.y))
        case 1: return Shape(Ellipse(down: length(words.y), across: length(words.z), angle: angle))
        case 2:
            return Shape(Rectangle(down: length(words.y), across: length(words.z), angle: angle))
        case 3:
            return Shape(
                Capsule(
                    halfLength: length(words.y) - 0.5, radius: length(words.z) / 2, angle: angle))
        case 4: return Shape(Ring(outer: length(words.y) + 1, inner: length(words.y)))
        default:
            return Shape(
                Polygon(
                    (0..<3 + Int(words.y % 14)).map { corner in
                        let more = Philox(seed: 22, stream: 0)(SIMD4(index, UInt32(corner), 0, 0))
                        return Polygon.Corner(
                            down: Double(more.x % 200) / 16 - 6,
                            across: Double(more.y % 200) / 16 - 6)
                    }))
        }
    }

    /// A turned ellipse with equal radii is a disk, whatever the rounding of sines; so is one of
    /// which the radii are in turn.
    @Test func turnedCirclesAreDisks() {
        for radius in 1...40 {
            let disk = Shape.disk(radius: Double(radius)).footprint
            for angle in stride(from: 0.0, to: 180, by: 7.5) {
                let ellipse = Shape(
                    Ellipse(
                        down: Double(radius), across: Double(radius), angle: angle
                    )
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
            func sites(_ shape: Shape) -> Set<SIMD2<Int>> { covered(shape.footprint) }
            for form in [Ellipse.self, Rectangle.self] as [any MeasuredForm.Type] {
                let shape = Shape(form, [a, b, angle])
                #expect(sites(shape) == sites(Shape(form, [b, a, angle + 90])), "\(shape)")
            }
            for form in [Ellipse.self, Rectangle.self, Capsule.self] as [any MeasuredForm.Type] {
                let shape = Shape(form, [a, b, angle])
                let mirrored = sites(Shape(form, [a, b, 180 - angle]))
                #expect(sites(shape) == Set(mirrored.map { SIMD2($0.x, -$0.y) }), "\(shape)")
            }
        }
    }

    /// A capsule is what a disk sweeps along its segment: a disk where that has no length, and of a
    /// segment from site to site the disks around its sites.
    @Test func capsulesAreSweptDisks() {
        for radius in 0...12 {
            let disk = Shape.disk(radius: Double(radius)).footprint
            for angle in stride(from: 0.0, to: 180, by: 7.5) {
                let capsule = Capsule(halfLength: 0, radius: Double(radius), angle: angle)
                #expect(capsule.footprint == disk, "radius \(radius), angle \(angle)")
            }
            for half in 0...9 {
                func swept(_ rows: Int, _ columns: Int) -> Set<SIMD2<Int>> {
                    Set(
                        (-half...half).flatMap { place in
                            covered(disk).map { $0 &+ SIMD2(place * rows, place * columns) }
                        })
                }
                func sites(_ angle: Double) -> Set<SIMD2<Int>> {
                    covered(
                        Capsule(
                            halfLength: Double(half), radius: Double(radius), angle: angle
                        ).footprint)
                }
                #expect(sites(0) == swept(1, 0), "half \(half), radius \(radius)")
                #expect(sites(90) == swept(0, 1), "half \(half), radius \(radius)")
            }
        }
    }

    /// A capsule holds the rectangle between its ends and lies in the one around it.
    @Test func capsulesLieBetweenRectangles() {
        for index in 0..<400 as Range<UInt32> {
            let words = Philox(seed: 27, stream: 0)(SIMD4(index, 0, 0, 0))
            let (half, radius) = (Double(words.x % 200) / 16, Double(words.y % 160) / 16)
            let angle = Double(words.z % 1440) / 8
            let capsule = covered(
                Capsule(halfLength: half, radius: radius, angle: angle).footprint)
            let inner = Rectangle(down: half, across: radius, angle: angle)
            let outer = Rectangle(down: half + radius, across: radius, angle: angle)
            #expect(covered(inner.footprint).isSubset(of: capsule), "seed 27, index \(index)")
            #expect(capsule.isSubset(of: covered(outer.footprint)), "seed 27, index \(index)")
        }
    }

    private func covered(_ footprint: Footprint) -> Set<SIMD2<Int>> {
        Set(
            footprint.runs.flatMap { run in
                (run.first...run.last).map { SIMD2(Int(run.row), Int($0)) }
            })
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
            Shape(Ellipse(down: 0, across: 3, angle: 0)),
            Shape(Ellipse(down: 3, across: 3, angle: 180)),
            Shape(Ellipse(down: 3, across: 3, angle: -1)),
            Shape(Ellipse(down: .nan, across: 3, angle: 0)),
            Shape(Rectangle(down: -1, across: 3, angle: 0)),
            Shape(Rectangle(down: 1, across: 5000, angle: 0)),
            Shape(Rectangle(down: 1, across: 2, angle: .infinity)), Shape(Ring(outer: 3, inner: 3)),
            Shape(Ring(outer: 3, inner: -1)), Shape(Ring(outer: .nan, inner: 1)),
            Shape(Ring(outer: 1.2, inner: 1.1)),
            Shape(
                Polygon([Polygon.Corner(down: 0, across: 0), Polygon.Corner(down: 3, across: 3)])),
            Shape(Polygon([])),
            Shape(
                Polygon(
                    (0..<17).map { Polygon.Corner(down: Double($0), across: Double($0 * $0)) }
                )),
            Shape(Polygon([0, 1, .nan].map { Polygon.Corner(down: $0, across: 2 * $0 * $0) })),
            Shape(Polygon([0.1, 0.2, 0.3].map { Polygon.Corner(down: $0, across: $0 * $0) })),
            Shape(Ellipse(down: 3, across: 17, angle: 0)),
            Shape(Rectangle(down: 30, across: 1, angle: 45)),
            Shape(Ring(outer: 20, inner: 19)), Shape(Capsule(halfLength: -1, radius: 2, angle: 0)),
            Shape(Capsule(halfLength: 2, radius: -1, angle: 0)),
            Shape(Capsule(halfLength: 4000, radius: 100, angle: 0)),
            Shape(Capsule(halfLength: 2, radius: .nan, angle: 0)),
            Shape(Capsule(halfLength: 2, radius: 2, angle: 180)),
            Shape(Capsule(halfLength: 12, radius: 5, angle: 0)),
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
            .disk(radius: 5), Shape(Ellipse(down: 5, across: 5, angle: 0)),
            Shape(Ellipse(down: 5, across: 4, angle: 0)),
            Shape(Ellipse(down: 5, across: 4, angle: 1)),
            Shape(Rectangle(down: 5, across: 4, angle: 0)), Shape(Ring(outer: 5, inner: 4)),
            Shape(Ring(outer: 5, inner: 3)),
        ] as [Shape] { ids.insert(try id([Source(row: 20, column: 20, shape: shape, value: 1)])) }
        #expect(ids.count == 7)
        let several = (0..<12 as Range<UInt32>).map { index in
            Source(row: 30, column: 30, shape: Self.random(index, count: 5), value: 0.5)
        }
        #expect(try id(several) == id(several.reversed()))
    }
}
