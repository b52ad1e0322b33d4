import Fields
import Solving
import Testing

@Suite struct DirectSolverTests {
    /// The field of charges satisfies the equation at every site, whatever the shape, the length of
    /// the transform, and the coefficients.
    @Test(arguments: 0..<40) func fieldsSatisfyTheEquation(_ seed: Int) {
        var random = TestRandom(seed: 500 + UInt32(seed))
        let (rows, drawn) = (random.next(in: 32...90), random.next(in: 32...90))
        let (down, across) = (random.next(of: [1, 0.2, 30]), random.next(of: [1, 3.0]))
        let decay = random.next(of: [0, 1e-6, 0.0025, 0.5])
        // The length of the lattice itself where it is odd, or one that is so much longer that
        // images suffice.
        let extra = decay >= 0.0025 ? 600 : 0
        let columns = extra > 0 ? drawn : drawn & ~1
        let intervals = extra > 0 ? (columns + extra) | 1 : columns + 1
        let solver = FourierSolver(
            rows: rows, columns: columns, transform: .sines(SineTransform(intervals: intervals)),
            down: down, across: across, decay: decay)
        for count in [1, 40, 7] {
            var amounts = [Double](repeating: 0, count: rows * columns)
            for _ in 0..<count {
                amounts[random.next(in: 0...rows * columns - 1)] = random.next() - 0.3
            }
            solver.setCharges(
                amounts.indices.filter { amounts[$0] != 0 }.map {
                    Charge(row: $0 / columns, column: $0 % columns, amount: amounts[$0])
                })
            let field = Plane<Double>(rows: rows, columns: columns + 1)
            var seen: [Int] = []
            solver.solve(into: field) { row, _ in seen.append(row) }
            #expect(seen == Array(0..<rows))
            var (worst, largest, ghost) = (0.0, 0.0, 0.0)
            for i in 0..<rows {
                for j in 0..<columns {
                    func u(_ i: Int, _ j: Int) -> Double {
                        i < 0 || j < 0 || i == rows ? 0 : field[i][j]
                    }
                    let vertical = down * (2 * u(i, j) - u(i - 1, j) - u(i + 1, j))
                    let horizontal = across * (2 * u(i, j) - u(i, j - 1) - u(i, j + 1))
                    worst = max(
                        worst,
                        abs(vertical + horizontal + decay * u(i, j) - amounts[i * columns + j]))
                    largest = max(largest, abs(u(i, j)))
                }
            }
            for i in 0..<rows { ghost = max(ghost, abs(field[i][columns])) }
            #expect(
                worst < 1e-12 * (1 + (down + across) * largest),
                "seed \(seed), \(count) charges")
            #expect(ghost <= (extra > 0 ? 1e-6 * largest : 0), "seed \(seed), \(count) charges")
        }
    }

    /// Against elimination: constants of every size, few sources, all overlaps and tolerances.
    @Test(arguments: 0..<60) func errorsAreBelowTheBound(_ seed: Int) throws {
        var random = TestRandom(seed: 700 + UInt32(seed))
        let lattice = try Lattice(
            rows: random.next(in: 60...90), columns: 2 * random.next(in: 30...40))
        let physics = try Physics(
            lattice: lattice, diffusivity: random.next(of: [0.5, 1, 3]),
            decayRate: random.next(of: [1e-5, 1e-4, 1.0 / 400, 0.02, 0.3, 4]),
            sources: random.next(of: [.pinned, .pinned, .emitting]),
            overlap: random.next(of: [.max, .sum, .last]))
        let sources = random.sources(
            random.next(in: 1...4), on: lattice, radii: [0, 0.5, 1, 2, 3.5, 5])
        let configuration = try Configuration(physics: physics, sources: sources)
        let tolerance = random.next(of: [1e-5, 1e-6, 1e-7])
        let bits = tolerance > 5e-7 ? random.next(of: [20, 24]) : 24
        let (label, solution) = solve(
            configuration, accuracy: Accuracy(tolerance: tolerance, gridBits: bits))
        #expect(solution.isCertified, "seed \(seed): \(solution)")
        let exact = referenceField(SourceImage(configuration), physics)
        #expect(
            largestDifference(label.map(Double.init), exact) <= solution.errorBound, "seed \(seed)")
    }

    /// What no solver of the family does with so little decay but elimination: none at all, and
    /// anisotropy.
    @Test func noDecayAndAnisotropyAreSolved() throws {
        let lattice = try Lattice(rows: 70, columns: 64)
        for (down, across, decay) in [(1.0, 1.0, 0.0), (1, 50, 0), (40, 1, 0.01)] {
            let coefficients = ConstantMedium(down: down, across: across, decay: decay)
            #expect(DirectSolver.suits(lattice, coefficients))
            let solver = DirectSolver(lattice: lattice, coefficients: coefficients)
            var random = TestRandom(seed: 4)
            let physics = try Physics(lattice: lattice)
            let image = SourceImage(
                try Configuration(
                    physics: physics, sources: random.sources(2, on: lattice, radii: [5])))
            for pinned in [true, false] {
                var label = [Float](repeating: .nan, count: lattice.count)
                let solution = try #require(
                    solver.solve(image, pinned: pinned, accuracy: Accuracy(), into: &label))
                #expect(solution.isCertified)
                func constant(_ value: Double) -> [Double] {
                    [Double](repeating: value, count: lattice.count)
                }
                let exact = generalReference(
                    Medium(
                        lattice: lattice, down: constant(down), across: constant(across),
                        decay: constant(decay)), .absorbing, image, pinned: pinned)
                #expect(largestDifference(label.map(Double.init), exact) <= solution.errorBound)
            }
        }
    }

    /// Both ways to a field agree within their bounds.
    @Test(arguments: 0..<12) func directAndUniformAgree(_ seed: Int) throws {
        var random = TestRandom(seed: 900 + UInt32(seed))
        let lattice = try Lattice(
            rows: random.next(of: [128, 200, 333]), columns: random.next(of: [128, 256, 301]))
        let physics = try Physics(lattice: lattice, sources: random.next(of: [.pinned, .emitting]))
        let image = SourceImage(
            try Configuration(
                physics: physics,
                sources: random.sources(random.next(in: 1...5), on: lattice, radii: [2, 5])))
        var labels = [[Float]](repeating: [Float](repeating: .nan, count: lattice.count), count: 2)
        let methods: [Solution.Method] = [.direct, .uniform]
        var bounds = 0.0
        for (index, method) in methods.enumerated() {
            let solver = Solver(physics: physics, accuracy: Accuracy(), method: method)
            let solution = solver.solve(image, into: &labels[index])
            #expect(solution.method == method, "seed \(seed)")
            #expect(solution.isCertified, "seed \(seed)")
            bounds += solution.errorBound
        }
        let difference = largestDifference(labels[0].map(Double.init), labels[1].map(Double.init))
        #expect(difference <= bounds, "seed \(seed)")
    }

    /// Every pair of sides down with every pair across, against elimination: lengths that are
    /// powers of two, odd, prime; any decay, none where an absorbing side holds the field.
    @Test(arguments: GeneralProblem.boundaries.indices)
    func everyBoundaryIsSolved(_ index: Int) throws {
        let boundary = GeneralProblem.boundaries[index]
        var random = TestRandom(seed: 300 + UInt32(index))
        var tried = (direct: 0, all: 0)
        for decay in [0, 1e-4, 1.0 / 400, 3] where decay > 0 || boundary.isAbsorbingSomewhere {
            let absorbs = boundary.left == .absorbing && boundary.right == .absorbing
            let lattice = try Lattice(
                rows: random.next(of: [45, 53, 64]),
                columns: random.next(of: absorbs ? [48, 56, 64] : [47, 48, 55, 64]))
            let (down, across) = (random.next(of: [1.0, 4]), random.next(of: [1.0, 0.5]))
            let coefficients = ConstantMedium(down: down, across: across, decay: decay)
            #expect(DirectSolver.suits(lattice, coefficients, boundary))
            let solver = DirectSolver(
                lattice: lattice, coefficients: coefficients, boundary: boundary)
            func constant(_ value: Double) -> [Double] {
                [Double](repeating: value, count: lattice.count)
            }
            let medium = Medium(
                lattice: lattice, down: constant(down), across: constant(across),
                decay: constant(decay))
            // The second is across sides that are joined.
            let disk = random.sources(1, on: lattice, radii: [3])
            let single = SourceImage(
                try Configuration(physics: Physics(lattice: lattice), sources: disk))
            let corners = [0, 1, lattice.columns - 1, lattice.columns, lattice.count - 1]
            let images = [
                single, SourceImage(sites: corners, values: [0.5, 0.7, 1, 0.2, 0.9]),
            ]
            for (image, pinned) in [
                (images[0], true), (images[0], false), (images[1], true), (images[1], false),
            ] {
                var label = [Float](repeating: .nan, count: lattice.count)
                tried.all += 1
                guard
                    let solution = solver.solve(
                        image, pinned: pinned, accuracy: Accuracy(), into: &label)
                else { continue }
                tried.direct += 1
                let words: Comment = "\(boundary), decay \(decay), \(lattice), pinned \(pinned)"
                #expect(solution.isCertified, words)
                let exact = generalReference(medium, boundary, image, pinned: pinned)
                #expect(
                    largestDifference(label.map(Double.init), exact) <= solution.errorBound, words)
            }
        }
        // Pinned sites may be too many for a small lattice, here and there.
        #expect(2 * tried.direct > tried.all, "\(boundary): \(tried)")
    }

    /// Without decay and without an absorbing side there is no barrier: another method's matter.
    @Test func nothingButPinnedSourcesIsNotDirect() throws {
        let physics = try Physics(
            lattice: Lattice(rows: 64, columns: 64), boundary: Boundary(all: .reflecting),
            decayRate: 0)
        let image = SourceImage(sites: [500, 2000], values: [1, 0.5])
        var label = [Float](repeating: .nan, count: 64 * 64)
        let solution = Solver(physics: physics, accuracy: Accuracy()).solve(image, into: &label)
        #expect(solution.method == .general && solution.isCertified)
    }

    /// Obstacles that are large, hollow, at walls and in corners; rims of many groups.
    @Test func rimsOfAnyShapeAreSolved() throws {
        let lattice = try Lattice(rows: 500, columns: 480)
        let physics = try Physics(lattice: lattice)
        var inside = Set<Int>()
        for i in 0..<500 {
            for j in 0..<480 {
                let ring = (i - 150) * (i - 150) + (j - 100) * (j - 100)
                let isRing = ring <= 400 && ring >= 300
                let isBar = (200..<203).contains(i) && (20..<90).contains(j)
                let isCorner = i < 6 && j < 4 || i > 495 && j > 470
                let isWall = j == 479 && (100..<130).contains(i)
                if isRing || isBar || isCorner || isWall { inside.insert(i * 480 + j) }
            }
        }
        let sites = inside.sorted()
        let image = SourceImage(sites: sites, values: sites.map { 0.2 + Double($0 % 5) * 0.2 })
        var labels = [[Float]](repeating: [Float](repeating: .nan, count: lattice.count), count: 2)
        var bounds = 0.0
        for (index, method) in [Solution.Method.direct, .uniform].enumerated() {
            let solution = Solver(physics: physics, accuracy: Accuracy(), method: method).solve(
                image, into: &labels[index])
            #expect(solution.method == method)
            #expect(solution.isCertified)
            bounds += solution.errorBound
        }
        #expect(largestDifference(labels[0].map(Double.init), labels[1].map(Double.init)) <= bounds)
    }

    @Test func resultsDoNotDependOnEarlierOnes() throws {
        let lattice = try Lattice(rows: 200, columns: 180)
        let physics = try Physics(lattice: lattice)
        let solver = Solver(physics: physics, accuracy: Accuracy())
        var random = TestRandom(seed: 12)
        for count in [1, 60, 3, 200, 6, 1] {
            let configuration = try Configuration(
                physics: physics, sources: random.sources(count, on: lattice, radii: [2, 5]))
            var label = [Float](repeating: 7, count: lattice.count)
            let solution = solver.solve(SourceImage(configuration), into: &label)
            let (fresh, freshSolution) = solve(configuration)
            #expect(label == fresh)
            #expect(solution == freshSolution)
            #expect(solution.method == (count > 6 ? .uniform : .direct))
        }
    }
}
