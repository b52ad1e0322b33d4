import Documents
import Fields
import Shards
import Testing

/// The archive's arithmetic against its specification, written site by site.
struct LabelPredictorTests {
    /// A problem with random numbers in place of a field: the codec must be exact for any.
    struct Problem {
        let physics: Physics
        let step: Double?
        var coefficients = LabelPrediction.Coefficients()
        var x: [Float]
        var y: [Float]

        init(_ random: inout Seeded) throws {
            let lattice = try Lattice(
                rows: .random(in: 32...37, using: &random),
                columns: .random(in: 32...45, using: &random))
            let rows: SideCondition? = Bool.random(using: &random) ? .periodic : nil
            let columns: SideCondition? = Bool.random(using: &random) ? .periodic : nil
            func side() -> SideCondition { Bool.random(using: &random) ? .absorbing : .reflecting }
            let boundary = try Boundary(
                top: rows ?? side(), bottom: rows ?? side(), left: columns ?? side(),
                right: columns ?? side())
            let layers = try JSON.parse(
                Array(
                    "{\"layered\":{\"axis\":\"rows\",\"edges\":[7,20],\"values\":[1,0.1,0.3]}}".utf8
                ), source: "test")
            let diffusivity: JSON =
                switch Int.random(in: 0...3, using: &random) {
                case 0: .number(0.7)
                case 1: .object(["down": .number(0.5), "across": .number(1.3)])
                case 2: layers
                default: .object(["down": layers, "across": .number(0.2)])
                }
            let decay: JSON = Bool.random(using: &random) ? .number(0.013) : layers
            func name(_ side: SideCondition) -> JSON { .string(side.rawValue) }
            physics = try Physics(
                json: .object([
                    "lattice": .array([.integer(lattice.rows), .integer(lattice.columns)]),
                    "diffusivity": diffusivity, "decay_rate": decay,
                    "sources": .string(Bool.random(using: &random) ? "pinned" : "emitting"),
                    "overlap": .string("max"),
                    "boundary": .object([
                        "top": name(boundary.top), "bottom": name(boundary.bottom),
                        "left": name(boundary.left), "right": name(boundary.right),
                    ]),
                ]))
            for dataset in ShardCoefficient.fixed(under: physics) {
                coefficients.set(dataset, to: dataset.values(physics.medium()))
            }
            step = Bool.random(using: &random) ? nil : 0x1p-20
            x = (0..<lattice.count).map { _ in
                Int.random(in: 0..<5, using: &random) == 0
                    ? .random(in: 0.1...1, using: &random) : 0
            }
            y = (0..<lattice.count).map { _ in .random(in: 0...1.2, using: &random) }
            if let step { y = y.map { Float((Double($0) / step).rounded() * step) } }
        }
    }

    /// What the documentation of `LabelPredictor` says, rule by rule; returns residuals.
    static func reference(_ problem: Problem, factor: Double) -> [UInt32] {
        let physics = problem.physics
        let (rows, columns) = (physics.lattice.rows, physics.lattice.columns)
        let scale = 1 / (problem.step ?? 1)
        func q(_ i: Int, _ j: Int) -> Double {
            let boundary = physics.boundary
            var (i, j) = (i, j)
            if i < 0 {
                if boundary.top == .absorbing { return 0 }
                i = boundary.top == .reflecting ? 0 : rows - 1
            }
            for (outside, side, own, far) in [
                (j < 0, boundary.left, 0, columns - 1),
                (j >= columns, boundary.right, columns - 1, 0),
            ] where outside {
                if side == .absorbing { return 0 }
                j = side == .reflecting ? own : far
            }
            return Double(problem.y[i * columns + j]) * scale
        }
        let medium = physics.medium()
        func coefficient(_ values: [Double], _ i: Int, _ j: Int) -> Double {
            Double(Float(values[i * columns + j]))
        }
        // D is stored in binary32 where one of its planes varies, and taken from the physics where
        // it does not.
        let isStored = problem.coefficients.diffusivity.isEmpty == false
        func down(_ i: Int, _ j: Int) -> Double {
            isStored ? coefficient(medium.down, i, j) : medium.down[i * columns + j]
        }
        func across(_ i: Int, _ j: Int) -> Double {
            isStored ? coefficient(medium.across, i, j) : medium.across[i * columns + j]
        }
        func decay(_ i: Int, _ j: Int) -> Double {
            problem.coefficients.decayRate.isEmpty
                ? medium.decay[i * columns + j] : coefficient(medium.decay, i, j)
        }
        func mean(_ a: Double, _ b: Double) -> Double { a * b / (0.5 * (a + b)) }
        func x(_ i: Int, _ j: Int) -> Double { Double(problem.x[i * columns + j]) }
        let pinned = physics.sources == .pinned
        func prediction(_ i: Int, _ j: Int) -> Double {
            if i == 0 { return j == 0 ? 0 : q(0, j - 1) }
            if pinned, x(i, j) != 0 { return x(i, j) * scale }
            let a = i - 1
            if pinned && x(a, j) != 0 || i == 1 && physics.boundary.top == .periodic {
                return q(a, j)
            }
            let (c, n, w, e) = (q(a, j), q(a - 1, j), q(a, j - 1), q(a, j + 1))
            if let uniform = physics.uniform {
                let (alpha, beta) = (uniform.across / uniform.down, uniform.decay / uniform.down)
                var t = ((c - n) + alpha * ((c - w) + (c - e))) + beta * c
                if !pinned { t -= factor * x(a, j) }
                return c + t
            }
            let closed = physics.boundary.left == .periodic
            let north = a == 0 ? down(a, j) : mean(down(a - 1, j), down(a, j))
            let west =
                j > 0
                ? mean(across(a, j - 1), across(a, j))
                : closed ? mean(across(a, 0), across(a, columns - 1)) : across(a, 0)
            let east =
                j < columns - 1
                ? mean(across(a, j), across(a, j + 1))
                : closed ? mean(across(a, 0), across(a, columns - 1)) : across(a, j)
            var t = ((north * (c - n) + west * (c - w)) + east * (c - e)) + decay(a, j) * c
            if !pinned { t -= factor * x(a, j) }
            return c + t / mean(down(a, j), down(i, j))
        }
        func place(_ number: Float) -> Int32 {
            let bits = Int32(bitPattern: number.bitPattern)
            return bits < 0 ? bits ^ Int32.max : bits
        }
        return (0..<rows * columns).map { site in
            let (i, j) = site.quotientAndRemainder(dividingBy: columns)
            let p = prediction(i, j)
            let r: Int32 =
                problem.step == nil
                ? place(problem.y[site]) &- place(Float(p))
                : Int32(q(i, j) - min(0x1p30, max(-0x1p30, p)).rounded(.toNearestOrEven))
            return UInt32(bitPattern: (r << 1) ^ (r >> 31))
        }
    }

    @Test func agreesWithItsSpecification() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        for _ in 0..<60 {
            let problem = try Problem(&random)
            let predictor = LabelPredictor(
                LabelPrediction(physics: problem.physics, step: problem.step))
            let (bytes, factor) = try predictor.residual(
                of: problem.y, x: problem.x, coefficients: problem.coefficients)
            #expect((factor == 0) == (problem.physics.sources == .pinned), "seed \(seed)")
            let expected = LabelPredictorTests.reference(problem, factor: factor)
            let found = stride(from: 0, to: bytes.count, by: 4).map { k in
                (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[k + $1]) << (8 * UInt32($1)) }
            }
            #expect(found == expected, "seed \(seed), \(problem.physics.json.canonicalText)")
            let back = try predictor.label(
                of: bytes, x: problem.x, coefficients: problem.coefficients, sourceFactor: factor)
            #expect(back.map(\.bitPattern) == problem.y.map(\.bitPattern), "seed \(seed)")
        }
    }

    /// Damaged residuals that zstd's checksum let pass, if there were any, must not trap.
    @Test func anyResidualsAreExpanded() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = Seeded(seed)
        for _ in 0..<10 {
            let problem = try Problem(&random)
            let predictor = LabelPredictor(
                LabelPrediction(physics: problem.physics, step: problem.step))
            let bytes = (0..<4 * problem.y.count).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            for factor in [0, 1e300, -1e-300] {
                let label = try predictor.label(
                    of: bytes, x: problem.x, coefficients: problem.coefficients,
                    sourceFactor: factor)
                #expect(label.count == problem.y.count, "seed \(seed)")
            }
        }
    }

    /// A predictor of small labels on a grid of 2⁻²⁰, and a field of zeros.
    private func small() throws -> (LabelPredictor, zeros: [Float]) {
        let lattice = try Lattice(rows: 32, columns: 32)
        return (
            LabelPredictor(LabelPrediction(physics: try Physics(lattice: lattice), step: 0x1p-20)),
            [Float](repeating: 0, count: lattice.count)
        )
    }

    @Test func refusals() throws {
        let (predictor, zeros) = try small()
        let none = LabelPrediction.Coefficients()
        for value in [Float(0x1p-21), -0.0, .nan, .infinity, 1025, 1 + 0x1p-23] {
            var y = zeros
            y[77] = value
            #expect(
                try code { _ = try predictor.residual(of: y, x: zeros, coefficients: none) }
                    == .format, "\(value)")
        }
        let bytes = [UInt8](repeating: 0, count: 4 * zeros.count)
        #expect(
            try code {
                _ = try predictor.label(of: bytes, x: zeros, coefficients: none, sourceFactor: .nan)
            } == .corrupt)
        var wrong = none
        wrong.decayRate = zeros
        #expect(
            try code {
                _ = try predictor.label(of: bytes, x: zeros, coefficients: wrong, sourceFactor: 0)
            } == .corrupt)
    }

    /// A residual of 2³¹ has no place in 32 bits: it came back as −2³¹, and the label as another.
    @Test func largestResidual() throws {
        let (predictor, zeros) = try small()
        let none = LabelPrediction.Coefficients()
        // Below −2³⁰ steps the equation predicts far less than that, and is limited to it.
        for (above, value, fits) in [
            (Float(-1024), Float(1024), false), (-1024, 1024 - 0x1p-13, true), (0, 1024, true),
            (1024, -1024, true), (-1, 1024, true),
        ] {
            var y = zeros
            (y[5 * 32 + 5], y[6 * 32 + 5]) = (above, value)
            guard fits else {
                #expect(
                    try code { _ = try predictor.residual(of: y, x: zeros, coefficients: none) }
                        == .format, "\(above), \(value)")
                continue
            }
            let (bytes, factor) = try predictor.residual(of: y, x: zeros, coefficients: none)
            #expect(
                try predictor.label(
                    of: bytes, x: zeros, coefficients: none, sourceFactor: factor) == y,
                "\(above), \(value)")
        }
    }
}

extension LabelPredictor {
    /// The label whose residuals are `bytes`.
    fileprivate func label(
        of bytes: [UInt8], x: [Float], coefficients: LabelPrediction.Coefficients,
        sourceFactor: Double
    ) throws(ShardsError) -> [Float] {
        var y = FieldBytes.floats(of: bytes)
        var span = y.mutableSpan
        try restore(&span, x: x.span, coefficients: coefficients, sourceFactor: sourceFactor)
        return y
    }
}
