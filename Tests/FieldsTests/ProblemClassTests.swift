import Fields
import Testing

@Suite struct ProblemClassTests {
    static func physics(
        _ rows: Int = 40, _ columns: Int = 40, boundary: Boundary = .absorbing,
        diffusivity: Diffusivity = .isotropic(.constant(1)), decay: Coefficient = .constant(0.01),
        overlap: OverlapPolicy? = nil
    ) throws -> Physics {
        try Physics(
            lattice: try Lattice(rows: rows, columns: columns), boundary: boundary,
            diffusivity: diffusivity, decayRate: decay, overlap: overlap)
    }

    /// An image of a few sites, of two values.
    static func image(_ sites: Set<Int>, seed: UInt32 = 0) -> SourceImage {
        let sorted = sites.sorted()
        return SourceImage(
            sites: sorted, values: sorted.map { ($0 / 5 &* 7 &+ Int(seed)) % 3 == 0 ? 1 : 0.25 })
    }

    /// Random sites, some of them neighbours.
    static func sites(_ count: Int, of total: Int, seed: UInt32) -> Set<Int> {
        let philox = Philox(seed: seed, stream: 99)
        return Set(
            (0..<UInt32(count)).flatMap { number in
                let site = Int(philox(SIMD4(number, 0, 0, 0)).x) % total
                return (site..<site + (number % 3 == 0 ? 6 : 1)).map { $0 % total }
            })
    }

    /// The image after a symmetry and a shift.
    static func moved(
        _ image: SourceImage, _ symmetry: Symmetry, _ down: Int = 0, _ across: Int = 0,
        on lattice: Lattice
    ) -> SourceImage {
        let pairs = zip(image.sites, image.values).map { site, value in
            let (row, column) = symmetry.site(
                row: site / lattice.columns, column: site % lattice.columns, on: lattice)
            return (
                (row + down) % lattice.rows * lattice.columns + (column + across) % lattice.columns,
                value
            )
        }.sorted { $0.0 < $1.0 }
        return SourceImage(sites: pairs.map(\.0), values: pairs.map(\.1))
    }

    /// Sources that have no site in common have the class of their image, which need not be drawn.
    @Test func sourcesHaveTheClassOfTheirImage() throws {
        let shapes = [
            Shape.disk(radius: 3), .disk(radius: 0), Shape(Ring(outer: 4, inner: 2)),
            Shape(Rectangle(down: 2, across: 1, angle: 0.4)),
        ]
        var apart = 0
        for (lattice, boundary) in [
            (try Lattice(rows: 40, columns: 40), Boundary.absorbing),
            (try Lattice(rows: 33, columns: 47), .absorbing),
            (try Lattice(rows: 40, columns: 40), Boundary(all: .periodic)),
        ] {
            let physics = try Physics(lattice: lattice, boundary: boundary)
            let classifier = ProblemClassifier(physics)
            for number in 0..<UInt32(200) {
                let sources = (0..<1 + number % 6).map { place in
                    let words = Philox(seed: number, stream: 98)(SIMD4(place, 0, 0, 0))
                    return Source(
                        row: 5 + Int(words.x) % (lattice.rows - 10),
                        column: 5 + Int(words.y) % (lattice.columns - 10),
                        shape: shapes[Int(words.z) % shapes.count],
                        value: [1, 0.5, 0.25][Int(words.w % 3)])
                }
                let configuration = try Configuration(physics: physics, sources: sources)
                apart += configuration.overlaps ? 0 : 1
                #expect(classifier(configuration) == classifier(SourceImage(configuration)))
            }
        }
        #expect((200...500).contains(apart), "\(apart)")
    }

    /// The same image by other parameters, other sources or another order has one class, whatever
    /// its id.
    @Test func aProblemIsWhatIsDrawn() throws {
        let physics = try Self.physics()
        let classifier = ProblemClassifier(physics)
        func both(_ sources: [Source]) throws -> (SampleID, ProblemClass) {
            let configuration = try Configuration(physics: physics, sources: sources)
            return (configuration.id, classifier(configuration))
        }
        let one = Source(row: 12, column: 20, radius: 2, value: 0.5)
        let plain = try both([one])
        let square = Shape(Rectangle(down: 1, across: 1, angle: 0))
        for like in [
            [Source(row: 12, column: 20, radius: 2.1, value: 0.5)], [one, one],
            [one, Source(row: 12, column: 21, radius: 1, value: 0.25)],
            [Source(row: 12, column: 20, shape: Shape(Ring(outer: 2, inner: 1)), value: 0.5), one],
            [one, Source(row: 12, column: 20, shape: square, value: 0.5)],
            [Source(row: 12, column: 20, radius: 2, value: 0.5 + 0x1p-40)],
        ] {
            let other = try both(like)
            #expect(other.0 != plain.0 && other.1 == plain.1, "\(like)")
        }
        for unlike in [
            [Source(row: 12, column: 20, radius: 2.3, value: 0.5)],
            [Source(row: 12, column: 21, radius: 2, value: 0.5)],
            [Source(row: 12, column: 20, radius: 2, value: 0.5 + 0x1p-24)],
            [one, Source(row: 12, column: 20, radius: 1, value: 0.75)],
        ] { #expect(try both(unlike).1 != plain.1, "\(unlike)") }
    }

    /// A value that binary32 does not have is 0 in the image, and its sites are sources all the
    /// same.
    @Test func sitesCountWhateverTheirValue() throws {
        let classifier = ProblemClassifier(try Self.physics())
        let faint = SourceImage(sites: [5, 900], values: [1, 1e-60])
        #expect(classifier(faint) != classifier(SourceImage(sites: [5], values: [1])))
        #expect(classifier(faint) == classifier(SourceImage(sites: [5, 900], values: [1, 1e-50])))
        #expect(classifier(faint) != classifier(SourceImage(sites: [5, 901], values: [1, 1e-60])))
    }

    /// The order of overlapping sources counts as far as it shows.
    @Test func theOrderCountsWhereItShows() throws {
        let (one, two) = (
            Source(row: 12, column: 20, radius: 3, value: 0.5),
            Source(row: 14, column: 22, radius: 3, value: 1)
        )
        for (policy, same) in [(OverlapPolicy.max, true), (.sum, true), (.last, false)] {
            let physics = try Self.physics(overlap: policy)
            let classifier = ProblemClassifier(physics)
            let first = classifier(try Configuration(physics: physics, sources: [one, two]))
            #expect(
                (classifier(try Configuration(physics: physics, sources: [two, one])) == first)
                    == same)
        }
    }

    /// Exactly the symmetries and shifts of the equation keep the class: tried one by one.
    @Test(arguments: 0..<12) func theGroupIsThatOfTheEquation(_ number: Int) throws {
        let sides = { try Boundary(top: $0, bottom: $1, left: $2, right: $3) }
        let layers = { (axis: Coefficient.Layers.Axis, edges: [Int], values: [Double]) in
            Coefficient.layered(Coefficient.Layers(axis: axis, edges: edges, values: values))
        }
        func regions(_ places: [(Int, Int)]) -> Coefficient {
            .regions(
                Coefficient.Regions(
                    background: 0.01,
                    regions: places.map {
                        Coefficient.Regions.Region(
                            row: $0.0, column: $0.1, shape: .disk(radius: 2), value: 0.05)
                    }))
        }
        let torus = Boundary(all: .periodic)
        let tensor = Diffusivity.anisotropic(down: .constant(1), across: .constant(2))
        // What there is, and how many symmetries (and shifts in rows and columns) keep it.
        let cases: [(Physics, Int)] = [
            (try Self.physics(32, 32), 8), (try Self.physics(32, 36), 4),
            (try Self.physics(32, 32, diffusivity: tensor), 4),
            (
                try Self.physics(
                    32, 32, boundary: try sides(.absorbing, .reflecting, .absorbing, .absorbing)), 2
            ),
            (
                try Self.physics(
                    32, 32, boundary: try sides(.absorbing, .reflecting, .absorbing, .reflecting)),
                2
            ),
            (
                try Self.physics(
                    32, 34, boundary: try sides(.periodic, .periodic, .absorbing, .absorbing)),
                4 * 32
            ), (try Self.physics(32, 32, boundary: torus), 8 * 32 * 32),
            (
                try Self.physics(
                    32, 34, boundary: torus, decay: layers(.rows, [5, 9], [0.01, 0.02, 0.01])),
                4 * 34
            ),
            // Four layers in turn: shifts by half the side, and reflections.
            (
                try Self.physics(
                    32, 34, boundary: torus,
                    decay: layers(.rows, [8, 16, 24], [0.01, 0.02, 0.01, 0.02])), 4 * 2 * 34
            ),
            (
                try Self.physics(32, 32, decay: regions([(15, 15), (16, 16), (15, 16), (16, 15)])),
                8
            ),
            // On a torus three disks on a diagonal: a turn by 180° about the middle one, and
            // exchanging rows and columns.
            (
                try Self.physics(
                    32, 32, boundary: torus, decay: regions([(4, 6), (12, 14), (20, 22)])), 4
            ),
            (
                try Self.physics(
                    32, 32, boundary: torus,
                    decay: .random(RandomCoefficient(from: 0.01, to: 0.05, length: 8, key: 7))), 1
            ),
        ]
        let (physics, expected) = cases[number]
        let (lattice, classifier) = (physics.lattice, ProblemClassifier(physics))
        let image = Self.image(Self.sites(12, of: lattice.count, seed: UInt32(number)))
        let own = classifier(image)
        var kept = 0
        for symmetry in Symmetry.allCases
        where !symmetry.isTransposed || lattice.rows == lattice.columns {
            for down in 0..<lattice.rows {
                for across in 0..<lattice.columns {
                    if classifier(Self.moved(image, symmetry, down, across, on: lattice)) == own {
                        kept += 1
                    }
                }
            }
        }
        #expect(kept == expected)
    }

    /// Images that repeat themselves have their class from wherever they are seen, and no other
    /// image has it.
    @Test func imagesThatRepeatThemselves() throws {
        let physics = try Self.physics(32, 36, boundary: Boundary(all: .periodic))
        let (lattice, classifier) = (physics.lattice, ProblemClassifier(physics))
        let all = 0..<lattice.count
        let patterns: [Set<Int>] = [
            Set(all.filter { $0 / 36 == 3 }), Set(all.filter { $0 % 36 == 3 }), Set(all),
            Set(all.filter { $0 / 36 % 8 == 1 }), Set(all.filter { ($0 / 36 + $0 % 36) % 4 == 0 }),
            Set(all.filter { ($0 / 36 + 2 * ($0 % 36)) % 4 == 0 }),
            Set(all.filter { $0 / 36 % 16 == 2 && $0 % 36 % 9 == 4 }),
            Set(all.filter { $0 / 36 % 16 == 2 && $0 % 36 % 9 == 4 }).union([40]),
            Set(all.filter { $0 / 36 % 2 == $0 % 36 % 2 }),
        ]
        let classes = patterns.map { pattern -> Set<ProblemClass> in
            let image = SourceImage(sites: pattern.sorted(), values: pattern.map { _ in 1 })
            var classes: Set<ProblemClass> = []
            for (number, symmetry) in Symmetry.allCases.filter({ !$0.isTransposed }).enumerated() {
                for step in 0..<9 {
                    let (down, across) = (step * 5 % 32, (step * 7 + number) % 36)
                    classes.insert(
                        classifier(Self.moved(image, symmetry, down, across, on: lattice)))
                }
            }
            return classes
        }
        #expect(classes.allSatisfy { $0.count == 1 })
        #expect(Set(classes.flatMap { $0 }).count == patterns.count)
    }

    /// Among many images of few sites no two that differ share a class: the parts of a class mix.
    @Test func classesAreDistinct() throws {
        let physics = try Self.physics(
            32, 32,
            boundary: try Boundary(
                top: .absorbing, bottom: .reflecting, left: .absorbing, right: .absorbing))
        let classifier = ProblemClassifier(physics)
        var classes: Set<ProblemClass> = []
        var count = 0
        // A reflection of columns is left: pairs of sites in the left half have no copy among
        // themselves.
        for one in 0..<512 {
            for two in stride(from: one + 1, to: 512, by: 3) {
                let sites = [one, two].map { $0 / 16 * 32 + $0 % 16 }
                classes.insert(classifier(SourceImage(sites: sites, values: [1, 0.5])))
                count += 1
            }
        }
        #expect(classes.count == count)
    }

    /// Where each sample has a medium of its own, it is told by its key, and nothing is another's
    /// reflection.
    @Test func mediaOfTheirOwnAreToldByTheirKeys() throws {
        let open = Coefficient.random(RandomCoefficient(from: 0.01, to: 0.05, length: 8, key: nil))
        let physics = try Self.physics(decay: open)
        let classifier = ProblemClassifier(physics)
        func problem(_ key: UInt32, column: Int) throws -> ProblemClass {
            classifier(
                try Configuration(
                    physics: try physics.realised(keys: [key]),
                    sources: [Source(row: 12, column: column, radius: 2, value: 1)]))
        }
        let own = try problem(5, column: 10)
        #expect(try problem(5, column: 10) == own)
        #expect(try problem(6, column: 10) != own && problem(5, column: 29) != own)
    }
}
