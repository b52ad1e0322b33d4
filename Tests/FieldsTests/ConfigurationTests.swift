import Documents
import Fields
import Testing

@Suite struct ConfigurationTests {
    static func configuration(
        _ sources: [Source], overlap: OverlapPolicy? = nil, model: SourceModel = .pinned,
        rows: Int = 64
    ) throws -> Configuration {
        let physics = try Physics(
            lattice: try Lattice(rows: rows, columns: 64), sources: model, overlap: overlap)
        return try Configuration(physics: physics, sources: sources)
    }

    static let apart = [
        Source(row: 40, column: 30, radius: 5, value: 0.5),
        Source(row: 10, column: 30, radius: 5, value: 1),
        Source(row: 10, column: 12, radius: 2.5, value: 0.25),
    ]
    static let touching = [
        Source(row: 20, column: 20, radius: 5, value: 0.5),
        Source(row: 20, column: 30, radius: 5, value: 1),
    ]

    @Test func canonicalFormIsAsSpecified() throws {
        let configuration = try Self.configuration(Self.apart)
        #expect(
            configuration.canonical.canonicalText
                == "{\"physics\":{\"boundary\":\"absorbing\",\"decay_rate\":0.0025,\"diffusivity\":1,\"lattice\":[64,64],\"sources\":\"pinned\"},\"sources\":[{\"column\":12,\"radius\":2.5,\"row\":10,\"value\":0.25},{\"column\":30,\"radius\":5,\"row\":10,\"value\":1},{\"column\":30,\"radius\":5,\"row\":40,\"value\":0.5}]}"
        )
        #expect(
            configuration.id
                == SampleID(bits: Digest(of: configuration.canonical.canonicalBytes).leadingBits))
    }

    @Test func idsIgnoreTheOrderOfSources() throws {
        for overlap in OverlapPolicy.allCases {
            let first = try Self.configuration(Self.apart, overlap: overlap)
            #expect(try Self.configuration(Self.apart.reversed(), overlap: overlap).id == first.id)
        }
        for overlap in [OverlapPolicy.max, .sum] {
            let first = try Self.configuration(Self.touching, overlap: overlap)
            #expect(
                try Self.configuration(Self.touching.reversed(), overlap: overlap).id == first.id)
        }
        // Under `last` the order of overlapping disks is the problem.
        let first = try Self.configuration(Self.touching, overlap: .last)
        #expect(try Self.configuration(Self.touching.reversed(), overlap: .last).id != first.id)
    }

    @Test func idsIgnoreThePolicyWithoutOverlap() throws {
        let apart = try OverlapPolicy.allCases.map {
            try Self.configuration(Self.apart, overlap: $0).id
        }
        #expect(Set(apart).count == 1)
        let touching = try [OverlapPolicy.max, .sum, .last].map {
            try Self.configuration(Self.touching, overlap: $0).id
        }
        #expect(Set(touching).count == 3)
    }

    @Test func idsDependOnEveryNumber() throws {
        let s = Self.apart[0]
        let variants = [
            Self.apart[0],
            Source(row: s.row + 1, column: s.column, radius: s.radius, value: s.value),
            Source(row: s.row, column: s.column + 1, radius: s.radius, value: s.value),
            Source(row: s.row, column: s.column, radius: s.radius + 0.5, value: s.value),
            Source(row: s.row, column: s.column, radius: s.radius, value: s.value.nextUp),
        ]
        var ids = try variants.map { try Self.configuration([$0]).id }
        ids.append(try Self.configuration([s], model: .emitting).id)
        ids.append(try Self.configuration([s], rows: 65).id)
        ids.append(try Self.configuration([s, Self.apart[1]]).id)
        let lattice = try Lattice(rows: 64, columns: 64)
        ids.append(
            try Configuration(physics: Physics(lattice: lattice, diffusivity: 2), sources: [s]).id)
        ids.append(
            try Configuration(physics: Physics(lattice: lattice, decayRate: 0.01), sources: [s]).id)
        #expect(Set(ids).count == ids.count)
    }

    @Test func idsOfManySourcesAreThoseOfTheCanonicalForm() throws {
        let philox = Philox(seed: 8, stream: 0)
        for index in 0..<200 as Range<UInt32> {
            let sources = (0..<20 as Range<UInt32>).map { draw -> Source in
                let words = philox(SIMD4(draw, index, 0, 0))
                return Source(
                    row: 6 + Int(words.x % 52), column: 6 + Int(words.y % 52),
                    radius: Double(words.w % 13) / 2, value: Double(words.z % 1000 + 1) / 1000)
            }
            let configuration = try Self.configuration(
                sources, overlap: index % 2 == 0 ? .last : .max)
            #expect(
                configuration.id
                    == SampleID(
                        bits: Digest(of: configuration.canonical.canonicalBytes).leadingBits),
                "seed 8, index \(index)")
        }
    }

    @Test func impossibleConfigurationsAreRefused() throws {
        func code(_ body: () throws -> Configuration) -> ConfigurationError.Code? {
            #expect(throws: ConfigurationError.self) { try body() }?.code
        }
        #expect(code { try Self.configuration([]) } == .sourceCount)
        #expect(
            code { try Self.configuration(Array(repeating: Self.apart[0], count: 1025)) }
                == .sourceCount)
        #expect(code { try Self.configuration(Self.touching, overlap: .forbid) } == .overlap)
        #expect(try Self.configuration(Self.apart, overlap: .forbid).overlaps == false)
        #expect(try Self.configuration(Self.touching).overlaps)
        let error = #expect(throws: ConfigurationError.self) {
            try Self.configuration(Self.touching, overlap: .forbid)
        }
        #expect(error.map { "\($0)".contains("overlap") } == true)
    }

    @Test func impossiblePhysicsIsRefused() throws {
        for (rows, columns) in [(31, 64), (64, 4097), (0, 0), (-1, Int.max)] {
            let error = #expect(throws: ConfigurationError.self) {
                try Lattice(rows: rows, columns: columns)
            }
            #expect(error?.code == .lattice)
        }
        let lattice = try Lattice(rows: 64, columns: 32)
        #expect(lattice.count == 2048)
        for (diffusivity, decayRate) in [
            (0, 1), (-1, 1), (1, -1), (.nan, 1), (1, .nan), (.infinity, 1), (1, 11), (1, 1e-7),
            (1e308, 1e-308),
        ] as [(Double, Double)] {
            let error = #expect(throws: ConfigurationError.self) {
                try Physics(lattice: lattice, diffusivity: diffusivity, decayRate: decayRate)
            }
            #expect(error?.code == .physics)
        }
        #expect(try Physics(lattice: lattice).diffusionLength == 20)
        #expect(try Physics(lattice: lattice, decayRate: 0).diffusionLength == .infinity)
        #expect(try Physics(lattice: lattice).overlap == .max)
        #expect(try Physics(lattice: lattice, sources: .emitting).overlap == .sum)
    }
}
