import Documents
import Fields
import Sampling
import Testing

@Suite struct ShapeRangeTests {
    static func range(_ from: Double, _ to: Double) -> ParameterRange {
        ParameterRange(from: from, to: to)
    }

    static let mixed: [ShapeRange] = [
        .disk(radius: range(2, 7)),
        .measured(Ellipse.self, [range(4, 12), range(2, 5), ShapeRange.anyAngle]),
        .measured(Rectangle.self, [range(1, 8), range(1, 4), range(0, 90)]),
        .measured(Ring.self, [range(5, 9), range(2, 4)]),
        .polygon(corners: 3...9, radius: range(3, 10)),
        .measured(Capsule.self, [range(0, 6), range(1, 4), ShapeRange.anyAngle]),
    ]

    static func design(
        _ shapes: [ShapeRange] = mixed, strata: [Int] = [1, 2, 6], count: Int = 300,
        overlap: OverlapPolicy = .max, side: Int = 80,
        diffusivity: Diffusivity = .isotropic(.constant(1)), seed: UInt32 = 31
    ) throws -> Design {
        try Design(
            physics: try Physics(
                lattice: try Lattice(rows: side, columns: side + 16), diffusivity: diffusivity,
                decayRate: .constant(0.01), overlap: overlap), strata: strata,
            counts: strata.map { _ in count }, shapes: shapes, seed: seed)
    }

    /// Every draw lies on the lattice (or `Configuration` throws), in its range, on its grid, and
    /// none repeats.
    @Test(arguments: [OverlapPolicy.max, .forbid]) func drawsAreInRange(overlap: OverlapPolicy)
        throws
    {
        let design = try Self.design(overlap: overlap)
        var counts = [Int](repeating: 0, count: Self.mixed.count)
        var ids: Set<SampleID> = []
        for stratum in 0..<3 {
            for index in 0..<300 {
                let sample = try design.configuration(stratum: stratum, index: index)
                ids.insert(sample.id)
                for source in sample.sources {
                    counts[source.shape.code] += 1
                    guard let polygon = source.shape.form as? Polygon else {
                        guard case .measured(_, let ranges) = Self.mixed[source.shape.code] else {
                            continue
                        }
                        for (value, range) in zip(source.shape.parameters, ranges) {
                            #expect(
                                value >= range.from && value <= range.to
                                    && value * 1024 == (value * 1024).rounded())
                        }
                        continue
                    }
                    #expect((3...9).contains(polygon.corners.count))
                    for corner in polygon.corners {
                        let radius = (corner.down * corner.down + corner.across * corner.across)
                            .squareRoot()
                        #expect(radius > 2.97 && radius < 10.03, "seed 31")
                    }
                    // The centre is inside.
                    #expect(
                        source.shape.footprint.runs.contains {
                            $0.row == 0 && $0.first <= 0 && $0.last >= 0
                        })
                }
            }
        }
        #expect(ids.count == 900)
        if overlap == .max { #expect(abs(uniformity(counts)) < 4, "seed 31: \(counts)") }
    }

    @Test func parametersAreUniform() throws {
        let design = try Self.design(
            [
                .measured(
                    Ellipse.self, [Self.range(2, 6), ParameterRange(3.3), ShapeRange.anyAngle])
            ], strata: [4], count: 3000)
        var radii = [Int](repeating: 0, count: 32)
        var angles = [Int](repeating: 0, count: 36)
        var joint = [Int](repeating: 0, count: 16)
        for index in 0..<3000 {
            for source in try design.configuration(stratum: 0, index: index).sources {
                guard let ellipse = source.shape.form as? Ellipse else { continue }
                #expect(ellipse.across == 3.3)
                radii[min(31, Int((ellipse.down - 2) * 8))] += 1
                angles[Int(ellipse.angle / 5)] += 1
                joint[min(3, Int(ellipse.down - 2)) * 4 + Int(ellipse.angle / 45)] += 1
            }
        }
        #expect(abs(uniformity(radii)) < 4, "seed 31: \(radii)")
        #expect(abs(uniformity(angles)) < 4, "seed 31: \(angles)")
        #expect(abs(uniformity(joint)) < 4, "seed 31: \(joint)")
    }

    /// Centres reach the lattice's edges whatever the shape is.
    @Test func centresReachTheEdges() throws {
        let design = try Self.design(strata: [3], count: 3000, side: 40)
        var boxes = (top: 99, bottom: -1, left: 99, right: -1)
        for index in 0..<3000 {
            for source in try design.configuration(stratum: 0, index: index).sources {
                guard let box = source.shape.footprint.box else { continue }
                boxes.top = min(boxes.top, source.row + box.rows.lowerBound)
                boxes.bottom = max(boxes.bottom, source.row + box.rows.upperBound)
                boxes.left = min(boxes.left, source.column + box.columns.lowerBound)
                boxes.right = max(boxes.right, source.column + box.columns.upperBound)
            }
        }
        #expect(boxes == (0, 39, 0, 55), "seed 31")
    }

    /// A fixed shape of any kind keeps its centres without replacement; a drawn one, or a drawn
    /// key, does not need to.
    @Test func singleSourcesOfAFixedShapeDoNotRepeat() throws {
        let ring = ShapeRange.measured(Ring.self, [ParameterRange(12), ParameterRange(8)])
        let design = try Self.design([ring], strata: [1], count: 8 * 16, side: 40)
        #expect(design.centreCount == 16 * 32)
        let classifier = ProblemClassifier(design.physics)
        let problems = try Set(
            (0..<128).map { classifier(try design.configuration(stratum: 0, index: $0)) })
        #expect(problems.count == 128)
        #expect(throws: SamplingError.self) {
            try Self.design([ring], strata: [1], count: 129, side: 40)
        }
        let random = Diffusivity.isotropic(
            .random(RandomCoefficient(from: 1, to: 3, length: 9, key: nil)))
        #expect(
            try Self.design([ring], strata: [1], count: 1000, side: 40, diffusivity: random)
                .expectedRepeats(stratum: 0) < 1e-6)
        // Independent draws may repeat, to be left out, but not where most would.
        let narrow = ShapeRange.measured(
            Ring.self, [Self.range(12, 12 + 0x1p-10), ParameterRange(8)])
        _ = try Self.design([narrow], strata: [1], count: 400, side: 40)
        #expect(throws: SamplingError.self) {
            try Self.design([narrow], strata: [1], count: 1100, side: 40)
        }
    }

    @Test func keysAreDrawnForEachSample() throws {
        let random = Coefficient.random(RandomCoefficient(from: 0.1, to: 3, length: 9, key: nil))
        let design = try Self.design(diffusivity: .anisotropic(down: random, across: random))
        let plain = try Self.design()
        var keys: Set<UInt32> = []
        for stratum in 0..<3 {
            for index in 0..<50 {
                let sample = try design.configuration(stratum: stratum, index: index)
                let drawn = design.physics.keys(of: sample.physics)
                #expect(drawn.count == 2 && sample.physics.isRealised)
                keys.formUnion(drawn)
                // Keys take nothing from the draws of sources.
                #expect(
                    try sample.sources
                        == plain.configuration(stratum: stratum, index: index).sources)
                for (place, key) in drawn.enumerated() {
                    let counter = SIMD4(
                        UInt32(place), UInt32(design.strata[stratum]), UInt32(index), 0)
                    #expect(key == Philox(seed: 31, stream: 4)(counter).x)
                }
            }
        }
        #expect(keys.count == 300)
    }

    @Test func designsRoundTrip() throws {
        let random = Diffusivity.isotropic(
            .random(RandomCoefficient(from: 0.1, to: 3, length: 9, key: nil)))
        for shapes in [
            Self.mixed, [.disk(radius: Self.range(1, 2.5))], [.disk(radius: ParameterRange(0.3))],
            [.polygon(corners: 5...5, radius: ParameterRange(6))],
        ] {
            let design = try Self.design(shapes, count: 5, diffusivity: random)
            let again = try Design(json: design.json)
            #expect(again == design)
            #expect(again.json == design.json)
            #expect((design.json["radius"] == nil) == (design.json["shapes"] != nil))
        }
    }

    @Test func impossibleShapesAreRefused() throws {
        func turned(
            _ form: any MeasuredForm.Type, _ down: Double, _ across: Double, _ angle: ParameterRange
        ) -> [ShapeRange] {
            [.measured(form, [ParameterRange(down), ParameterRange(across), angle])]
        }
        let wrong: [([ShapeRange], SamplingError.Code)] = [
            ([], .design), (Array(repeating: .disk(radius: ParameterRange(2)), count: 17), .design),
            ([.disk(radius: Self.range(3, 2))], .design),
            ([.disk(radius: Self.range(2.0001, 2.0002))], .design),
            ([.disk(radius: ParameterRange(.nan))], .design),
            ([.disk(radius: ParameterRange(-1))], .design),
            ([.disk(radius: Self.range(2, 40))], .doesNotFit),
            (turned(Rectangle.self, 30, 30, ShapeRange.anyAngle), .doesNotFit),
            (turned(Ellipse.self, 0, 1, ParameterRange(0)), .design),
            (turned(Ellipse.self, 1, 1, ParameterRange(180)), .design),
            (turned(Capsule.self, 1, 1, ParameterRange(180)), .design),
            (turned(Capsule.self, 40, 8, ShapeRange.anyAngle), .doesNotFit),
            ([.measured(Ring.self, [Self.range(4, 6), Self.range(2, 3.5)])], .design),
            ([.polygon(corners: 2...4, radius: ParameterRange(3))], .design),
            ([.polygon(corners: 3...17, radius: ParameterRange(3))], .design),
            ([.polygon(corners: 3...4, radius: ParameterRange(0.9))], .design),
        ]
        for (number, (shapes, code)) in wrong.enumerated() {
            let error = #expect(throws: SamplingError.self, "\(number)") {
                try Self.design(shapes, count: 2)
            }
            #expect(error?.code == code, "\(number)")
        }
        // Flat ones fit where they are not turned.
        _ = try Self.design(turned(Rectangle.self, 2, 47, ParameterRange(0)), count: 2)
        _ = try Self.design(turned(Capsule.self, 39, 0, ParameterRange(0)), count: 2)
    }
}
