import Fields
import Testing

@Suite struct SymmetryTests {
    private func physics(_ rows: Int, _ columns: Int, boundary: Boundary = .absorbing) throws
        -> Physics
    { try Physics(lattice: try Lattice(rows: rows, columns: columns), boundary: boundary) }

    /// The sites of a copy are the copies of the sites, whatever the shape, where its rule has
    /// nothing to round.
    @Test func imagesAreCopiedSiteBySite() throws {
        let physics = try physics(40, 40)
        let shapes: [Shape] = [
            .disk(radius: 4.5), Shape(Ring(outer: 6, inner: 2.5)),
            Shape(Ellipse(down: 6, across: 3, angle: 0)),
            Shape(Rectangle(down: 1.5, across: 5, angle: 0)),
            Shape(Ellipse(down: 6.1, across: 2.3, angle: 30)),
            Shape(Rectangle(down: 5.3, across: 2.2, angle: 117)),
            Shape(Capsule(halfLength: 4.3, radius: 2.2, angle: 35)),
            Shape(Capsule(halfLength: 3.5, radius: 2, angle: 155)),
        ]
        for shape in shapes {
            let configuration = try Configuration(
                physics: physics,
                sources: [
                    Source(row: 9, column: 14, shape: shape, value: 1),
                    Source(row: 30, column: 22, shape: shape, value: 0.5),
                ])
            let image = SourceImage(configuration)
            let values = Dictionary(uniqueKeysWithValues: zip(image.sites, image.values))
            var seen = Set<[Int]>()
            for symmetry in Symmetry.allCases {
                let copy = SourceImage(try #require(symmetry(configuration)))
                var expected: [Int: Double] = [:]
                for (site, value) in values {
                    var (row, column) = (site / 40, site % 40)
                    if symmetry.isTransposed { (row, column) = (column, row) }
                    if symmetry.flipsRows { row = 39 - row }
                    if symmetry.flipsColumns { column = 39 - column }
                    expected[row * 40 + column] = value
                }
                #expect(
                    Dictionary(uniqueKeysWithValues: zip(copy.sites, copy.values)) == expected,
                    "\(shape), \(symmetry)")
                seen.insert(copy.sites)
            }
            #expect(seen.count == 8)
        }
    }

    @Test func onlySymmetriesOfThePhysicsCount() throws {
        func count(_ physics: Physics) throws -> Int {
            let configuration = try Configuration(
                physics: physics, sources: [Source(row: 10, column: 14, radius: 3, value: 1)])
            return Symmetry.allCases.count { $0(configuration) != nil }
        }
        #expect(try count(physics(40, 40)) == 8)
        #expect(try count(physics(40, 48)) == 4)
        let boundary = try Boundary(
            top: .reflecting, bottom: .absorbing, left: .absorbing, right: .absorbing)
        #expect(try count(physics(40, 40, boundary: boundary)) == 2)
        let pair = try Boundary(
            top: .periodic, bottom: .periodic, left: .absorbing, right: .absorbing)
        #expect(try count(physics(40, 40, boundary: pair)) == 4)
        let lattice = try Lattice(rows: 40, columns: 40)
        func layered(_ edges: [Int], _ values: [Double]) throws -> Physics {
            try Physics(
                lattice: lattice,
                diffusivity: .isotropic(
                    .layered(Coefficient.Layers(axis: .rows, edges: edges, values: values))),
                decayRate: .constant(0.01))
        }
        #expect(try count(layered([10, 30], [1, 2, 1])) == 4)
        #expect(try count(layered([10, 31], [1, 2, 1])) == 2)
        #expect(try count(layered([10, 30], [1, 2, 3])) == 2)
        let tensor = try Physics(
            lattice: lattice, diffusivity: .anisotropic(down: .constant(1), across: .constant(2)),
            decayRate: .constant(0.01))
        #expect(try count(tensor) == 4)
    }
}
