import Fields
import Testing

@Suite struct SourceTests {
    /// Radii around integers and around roots of integers, where rounding decides.
    static let radii: [Double] =
        [0, 0.5, 0.999, 1, 2, 2.5, 3.7, 5, 9.99, 10, 15]
        + (1...230).flatMap { n -> [Double] in
            let root = Double(n).squareRoot()
            return [root, root.nextUp, root.nextDown]
        }

    /// The sites of a disk by its definition.
    static func sites(_ source: Source, _ lattice: Lattice) -> Set<Int> {
        var sites: Set<Int> = []
        for i in 0..<lattice.rows {
            for j in 0..<lattice.columns {
                let (di, dj) = (i - source.row, j - source.column)
                if Double(di * di + dj * dj) <= source.radius * source.radius {
                    sites.insert(i * lattice.columns + j)
                }
            }
        }
        return sites
    }

    @Test func disksEqualTheirDefinition() throws {
        let lattice = try Lattice(rows: 34, columns: 37)
        for radius in Self.radii {
            let source = Source(row: 17, column: 18, radius: radius, value: 1)
            var visited: [Int] = []
            source.forEachSite(on: lattice) { visited.append($0) }
            #expect(visited == Self.sites(source, lattice).sorted(), "radius \(radius)")
        }
    }

    /// Values that x, in binary32, would hold as 0 or to fewer bits are refused, with what may be
    /// done; the least one is not.
    @Test func valuesThatXCannotHoldAreRefused() throws {
        let physics = try Physics(lattice: try Lattice(rows: 32, columns: 32), sources: .emitting)
        func configuration(_ value: Double) throws -> Configuration {
            try Configuration(
                physics: physics, sources: [Source(row: 16, column: 16, radius: 2, value: value)])
        }
        for value in [
            1e-50, 1e-45, 1e-40, 0x1p-127, Source.leastValue.nextDown, .leastNonzeroMagnitude, 0,
            -1e-50, 1.5, .nan, .infinity,
        ] {
            let error = #expect(throws: ConfigurationError.self) { try configuration(value) }
            #expect(error?.code == .source)
            #expect(error?.message.contains("\(value)") == true)
        }
        for value in [Source.leastValue, 1e-37, 1e-7, 1] {
            let image = SourceImage(try configuration(value)).dense(on: physics.lattice)
            #expect(image.filter { $0.isNormal }.count == 13)
        }
    }

    @Test func meetingEqualsSharingASite() throws {
        let lattice = try Lattice(rows: 48, columns: 48)
        let philox = Philox(seed: 3, stream: 0)
        var met = 0
        for index in 0..<6000 as Range<UInt32> {
            let words = philox(SIMD4(index, 0, 0, 0))
            // Every other pair has equal radii and a near-critical distance.
            let first = Source(
                row: 24, column: 24, radius: Self.radii[Int(words.x) % Self.radii.count], value: 1)
            let second = Source(
                row: 10 + Int(words.y >> 16) % 29, column: 10 + Int(words.y & 0xffff) % 29,
                radius: index % 2 == 0 ? first.radius : Self.radii[Int(words.z) % Self.radii.count],
                value: 1)
            let shares = !Self.sites(first, lattice).isDisjoint(with: Self.sites(second, lattice))
            met += shares ? 1 : 0
            #expect(
                Configuration.meet(first, second) == shares,
                "seed 3, index \(index): \(first) \(second)")
            #expect(Configuration.meet(second, first) == shares)
        }
        #expect((1000..<5500).contains(met))
    }

    /// √29² is below 29 in binary64, and the root of the rest rounds up to an integer: the
    /// definition must decide.
    @Test func meetingIsExactWhereRootsRound() throws {
        let radius = 29.0.squareRoot()
        let lattice = try Lattice(rows: 32, columns: 32)
        let first = Source(row: 10, column: 10, radius: radius, value: 1)
        let second = Source(row: 14, column: 20, radius: radius, value: 1)
        #expect(Self.sites(first, lattice).isDisjoint(with: Self.sites(second, lattice)))
        #expect(!Configuration.meet(first, second))
    }

    @Test(arguments: [
        Source(row: 10, column: 10, radius: 5, value: 0),
        Source(row: 10, column: 10, radius: 5, value: -1),
        Source(row: 10, column: 10, radius: 5, value: 1.0000001),
        Source(row: 10, column: 10, radius: 5, value: .nan),
        Source(row: 10, column: 10, radius: -1, value: 1),
        Source(row: 10, column: 10, radius: .nan, value: 1),
        Source(row: 10, column: 10, radius: .infinity, value: 1),
        Source(row: 10, column: 10, radius: 1e300, value: 1),
        Source(row: 16, column: 16, radius: 16, value: 1),
        Source(row: 4, column: 10, radius: 5, value: 1),
        Source(row: 27, column: 10, radius: 5, value: 1),
        Source(row: 10, column: 27, radius: 5, value: 1),
        Source(row: .max, column: 10, radius: 5, value: 1),
        Source(row: .min, column: .max, radius: 5, value: 1),
        Source(row: -1, column: 0, radius: 0, value: 1),
    ]) func impossibleSourcesAreRefused(source: Source) throws {
        let physics = try Physics(lattice: try Lattice(rows: 32, columns: 32))
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(physics: physics, sources: [source])
        }
        #expect(error?.code == .source)
    }

    @Test func theWidestDiskFits() throws {
        let physics = try Physics(lattice: try Lattice(rows: 33, columns: 40))
        let source = Source(row: 16, column: 20, radius: 16.999, value: 1)
        #expect(try Configuration(physics: physics, sources: [source]).sources == [source])
        let even = try Physics(lattice: try Lattice(rows: 32, columns: 32))
        _ = try Configuration(
            physics: even, sources: [Source(row: 15, column: 16, radius: 15.999, value: 1)])
    }
}
