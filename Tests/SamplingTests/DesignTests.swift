import Documents
import Fields
import Sampling
import Testing

@Suite struct DesignTests {
    static func code(_ body: () throws -> Any) -> SamplingError.Code? {
        #expect(throws: SamplingError.self) { _ = try body() }?.code
    }

    @Test func thePaperDesignIsPossible() throws {
        let design = try paperDesign()
        #expect(design.sampleCount == 400_000)
        #expect(design.centreCount == 252_004)
        #expect(design.centres.rows == 5..<507 && design.centres.columns == 5..<507)
        #expect(design.expectedRepeats(stratum: 0) == 0)
        #expect((1.8e-10..<2e-10).contains(design.expectedRepeats(stratum: 1)))
        #expect((2..<20).reduce(0) { $0 + design.expectedRepeats(stratum: $1) } < 1e-21)
    }

    @Test func contrastsAreLookedForWhenAsked() throws {
        func design(_ contrast: ClosedRange<Double>) throws -> Design {
            let values = GaussianCoefficient.Values.lognormal(
                median: 1, variance: 0.5, contrast: contrast)
            let coefficient = GaussianCoefficient(
                values: values, covariance: .kernel(.cubic, length: 4), key: nil)
            let physics = try Physics(
                lattice: try Lattice(rows: 32, columns: 32),
                diffusivity: .isotropic(.gaussian(coefficient)), decayRate: .constant(0))
            return try Design(physics: physics, strata: [1], counts: [2], radius: 3, seed: 1)
        }
        try design(20...60).checkContrast()
        let impossible = try design(999...1000)
        #expect(Self.code { try impossible.checkContrast() } == .design)
    }

    @Test func impossibleDesignsAreRefused() throws {
        for strata in [[], [0, 1], [1, 1], [2, 1], [1025], [-1]] {
            #expect(Self.code { try paperDesign(strata: strata, count: 1) } == .design, "\(strata)")
        }
        let physics = try Physics(lattice: try Lattice(rows: 64, columns: 64))
        for counts in [[], [1], [1, 2, 3], [0, 1], [1, -1], [1, .max]] {
            #expect(
                Self.code { try Design(physics: physics, strata: [1, 2], counts: counts, seed: 1) }
                    == .design)
        }
        for radius in [-1, .nan, .infinity, 1e300, 5000] {
            #expect(Self.code { try paperDesign(strata: [1], count: 1, radius: radius) } == .design)
        }
        for values: SourceValues in [
            .anchored(above: -0.1), .anchored(above: 0.5, upTo: 0.5), .anchored(upTo: 1.5),
            .anchored(above: .nan), .anchored(above: 0, upTo: 1e-9), .rescaled(from: 0),
            .rescaled(from: 0.5, upTo: 0.4), .rescaled(upTo: .infinity),
            .rescaled(from: 0.1 + 1e-12, upTo: 0.1 + 2e-12), .rescaled(from: .nan, upTo: .nan),
        ] {
            #expect(
                Self.code { try paperDesign(strata: [2], count: 1, values: values) } == .design,
                "\(values)")
        }
        _ = try paperDesign(strata: Array(1...1024), count: 1)
    }

    @Test func disksThatDoNotFitAreRefused() throws {
        #expect(
            Self.code { try paperDesign(strata: [1], count: 1, radius: 16, rows: 32, columns: 512) }
                == .doesNotFit)
        #expect(
            try paperDesign(strata: [1], count: 1, radius: 15.9, rows: 32, columns: 64).centreCount
                == 68)
        // 4096 sites, 81 in a disk: 51 cannot lie side by side, and 40 are never found by chance.
        for sources in [51, 40] {
            #expect(
                Self.code {
                    try paperDesign(
                        strata: [1, sources], count: 1, overlap: .forbid, rows: 64, columns: 64)
                } == .doesNotFit)
        }
        _ = try paperDesign(strata: [1, 10], count: 1, overlap: .forbid, rows: 64, columns: 64)
        _ = try paperDesign(strata: [1, 40], count: 1, overlap: .max, rows: 64, columns: 64)
    }

    @Test func moreSamplesThanConfigurationsAreRefused() throws {
        // 54² places, of which an eighth and the diagonals differ by more than a symmetry of the
        // square: 27·28/2.
        let all = try paperDesign(strata: [1], count: 378, rows: 64, columns: 64)
        #expect(all.limit(stratum: 0) == 378)
        #expect(try paperDesign().limit(stratum: 0) == 251 * 252 / 2)
        #expect(try paperDesign().limit(stratum: 1) == nil)
        let centres = Set(
            try (0..<378).map { try all.configuration(stratum: 0, index: $0).sources })
        #expect(centres.count == 378)
        let error = #expect(throws: SamplingError.self) {
            try paperDesign(strata: [1], count: 379, rows: 64, columns: 64)
        }
        #expect(error?.code == .exhausted)
        #expect(error?.message.contains("only 378 different ones") == true)
        // Two sources of equal value on 12 centres: 66 pairs and a few; 10,000 samples must repeat.
        #expect(
            Self.code {
                try paperDesign(
                    strata: [2], count: 10_000, radius: 15, values: .rescaled(from: 1, upTo: 1),
                    rows: 32, columns: 36)
            } == .exhausted)
    }

    @Test func samplesThatDoNotExistAreRefused() throws {
        let design = try paperDesign(strata: [1, 2], count: 5, rows: 64, columns: 64)
        #expect(Self.code { try design.configuration(stratum: 2, index: 0) } == .design)
        #expect(Self.code { try design.configuration(stratum: -1, index: 0) } == .design)
        #expect(Self.code { try design.configuration(stratum: 0, index: -1) } == .design)
        #expect(Self.code { try design.configuration(stratum: 0, index: 378) } == .exhausted)
        _ = try design.configuration(stratum: 0, index: 377)
        _ = try design.configuration(stratum: 1, index: 1 << 40)
    }

    @Test func designsRoundTrip() throws {
        let physics = try Physics(
            lattice: try Lattice(rows: 40, columns: 300), diffusivity: 0.3, decayRate: 0.1 + 0.2,
            sources: .emitting, overlap: .forbid)
        for values: SourceValues in [
            .anchored(above: 0.1, upTo: 0.7), .rescaled(), .rescaled(from: 1 / 3.0, upTo: 0.9),
        ] {
            let design = try Design(
                physics: physics, strata: [1, 3, 4], counts: [7, 1, 90], radius: 2.7,
                values: values, seed: .max)
            let again = try Design(json: design.json)
            #expect(again == design)
            #expect(again.json == design.json)
        }
    }

    @Test func malformedDesignsAreRefused() throws {
        let good = try #require(try paperDesign(strata: [1, 2], count: 5).json.object)
        func code(_ change: (inout [String: JSON]) -> Void) -> SamplingError.Code? {
            var members = good
            change(&members)
            return Self.code { try Design(json: .object(members)) }
        }
        _ = try Design(json: .object(good))
        #expect(Self.code { try Design(json: .array([])) } == .document)
        for key in good.keys {
            // Without this one a design is of an earlier build.
            if key != "places" { #expect(code { $0[key] = nil } == .document) }
            #expect(code { $0[key] = .bool(true) } == .document)
        }
        #expect(code { $0["more"] = .null } == .document)
        #expect(code { $0["seed"] = .number(0x1p32) } == .document)
        #expect(code { $0["seed"] = .number(-1) } == .document)
        #expect(code { $0["counts"] = .array([.number(1.5), .number(2)]) } == .document)
        #expect(code { $0["counts"] = .array([.number(1)]) } == .design)
        #expect(code { $0["radius"] = .number(1e300) } == .design)
        #expect(
            code { $0["values"] = .object(["rule": .string("anchored"), "above": .number(0)]) }
                == .document)
        #expect(code { $0["values"] = .object(["rule": .string("fixed")]) } == .document)

        let physics = try #require(good["physics"]?.object)
        for (key, value) in [
            ("lattice", .array([.number(512)])), ("lattice", .string("512")),
            ("boundary", .string("sticky")), ("sources", .string("disks")),
            ("overlap", .string("min")), ("decay_rate", .string("1")), ("colour", .null),
        ] as [(String, JSON)] {
            #expect(
                code { $0["physics"] = .object(physics.merging([key: value]) { $1 }) } == .document,
                "\(key)")
        }
        for (key, value) in [
            ("lattice", .array([.number(512), .number(1e15)])), ("diffusivity", .number(-1)),
        ] as [(String, JSON)] {
            #expect(
                code { $0["physics"] = .object(physics.merging([key: value]) { $1 }) } == .design,
                "\(key)")
        }
    }

    /// What an earlier build wrote gives the same samples as then: all places, without replacement.
    @Test func designsOfEarlierBuildsAreReadAsTheyWere() throws {
        var members = try #require(try paperDesign(strata: [1, 2], count: 5).json.object)
        #expect(members["places"] == .string("orbits"))
        members["places"] = nil
        let old = try Design(json: .object(members))
        #expect(old.places == .all && old.limit(stratum: 0) == 252_004)
        #expect(old.json == .object(members))
        // The first of the permutations of scripts/golden/draws.py over 502² places with seed 1.
        let line = try #require(
            goldenPermutations.split(separator: "\n").first { $0.hasPrefix("252004 1 ") })
        for (index, word) in line.split(separator: " ").dropFirst(2).enumerated() {
            let centre = try #require(Int(word))
            let source = try old.configuration(stratum: 0, index: index).sources[0]
            #expect((source.row, source.column) == (5 + centre / 502, 5 + centre % 502))
        }
        #expect(try paperDesign(strata: [2, 3], count: 5).json["places"] == nil)
    }

    @Test func messagesNameTheNearestKey() throws {
        var members = try #require(try paperDesign(strata: [1], count: 5).json.object)
        members["straat"] = .null
        let error = #expect(throws: SamplingError.self) { try Design(json: .object(members)) }
        #expect(
            error?.description == "the design has an unknown member 'straat'; did you mean "
                + "'strata'?")
    }
}
