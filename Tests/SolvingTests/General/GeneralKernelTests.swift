import Fields
import Solving
import Testing

/// The parts of the general solver against their definitions.
@Suite struct GeneralKernelTests {
    /// Shapes and boundaries that reach every case of a level: even and odd rings, seams, walls.
    private static func problems(_ seed: UInt32) throws -> [(GeneralProblem, ConjugateGradients)] {
        var random = TestRandom(seed: seed)
        return try GeneralProblem.boundaries.map { boundary in
            let problem = try GeneralProblem(
                &random,
                random.next(of: [.rough, .roughTensor, .regionsTensor, .smooth, .layeredAcross]),
                rows: random.next(in: 32...70), columns: random.next(in: 32...70),
                boundary: boundary)
            let iteration = ConjugateGradients(lattice: problem.medium.lattice, boundary: boundary)
            iteration.problem.assemble(problem.medium, problem.image, pins: problem.pinned)
            iteration.hierarchy.prepare(iteration.problem.matrix)
            return (problem, iteration)
        }
    }

    /// Pᵀ A P as vectors and from the definition, on every level.
    @Test func galerkinProductsAreThoseOfTheDefinition() throws {
        for (problem, iteration) in try GeneralKernelTests.problems(1) {
            var fine = iteration.problem.matrix
            for (level, coarse) in iteration.hierarchy.operators.enumerated() {
                var worst = 0.0
                for row in 0..<coarse.rows {
                    for column in 0..<coarse.columns {
                        let size = coarse.diagonal[row, column]
                        for (down, right) in [(0, 0), (0, 1), (1, 0), (1, 1), (1, -1)] {
                            // What leads out of the grid is not defined.
                            let ring = iteration.problem.ring
                            let (i, j) = (row + down, column + right)
                            if !ring.rows && i == coarse.rows
                                || !ring.columns && (j < 0 || j == coarse.columns)
                            {
                                #expect(coarse.coupling(row, column, down: down, right: right) == 0)
                                continue
                            }
                            let expected = SymmetricOperator.galerkinCoupling(
                                row, column, down: down, right: right, of: fine,
                                iteration.hierarchy.interpolations[level])
                            let sign: Double = down == 0 && right == 0 ? -1 : 1
                            let found =
                                sign * coarse.coupling(row, column, down: down, right: right)
                            worst = max(worst, abs(found - expected) / size)
                        }
                    }
                }
                #expect(worst < 1e-12, "\(problem), level \(level + 1)")
                fine = coarse
            }
        }
    }

    /// Restriction is the transpose of interpolation, half-sweeps never raise the error's energy,
    /// and the residual is that of the definition.
    @Test func levelsKeepTheirLaws() throws {
        for (problem, iteration) in try GeneralKernelTests.problems(2) {
            var random = TestRandom(seed: 3)
            let ring = iteration.problem.ring
            for (index, level) in iteration.hierarchy.levels.dropLast().enumerated() {
                let (rows, columns) = (level.matrix.rows, level.matrix.columns)
                for row in 0..<rows {
                    for column in 0..<columns {
                        level.value[row, column] = Float(random.next() - 0.5)
                        level.rhs[row, column] = 0
                    }
                }
                level.value.close(ring)
                let before = energy(level, problem)
                level.smooth(reversed: false)
                let between = energy(level, problem)
                level.smooth(reversed: true)
                let after = energy(level, problem)
                #expect(between < before && after < between, "\(problem), level \(index)")

                let next = iteration.hierarchy.levels[index + 1]
                let interpolation = iteration.hierarchy.interpolations[index]
                level.residual()
                interpolation.restrict(level.scratch, to: next.rhs)
                for row in 0..<next.matrix.rows {
                    for column in 0..<next.matrix.columns {
                        next.value[row, column] = Float(random.next() - 0.5)
                    }
                }
                next.value.close(ring)
                level.value.clear()
                interpolation.prolongate(next.value, to: level.value)
                let (coarse, coarseSize) = dot(next.rhs, next.value)
                let (fine, fineSize) = dot(level.scratch, level.value)
                #expect(
                    abs(coarse - fine) <= 1e-5 * (coarseSize + fineSize),
                    "\(problem), level \(index)")
            }
        }
    }

    /// The energy uᵀAu from the level's residual with no right-hand side, which is compared with
    /// the definition.
    private func energy(_ level: GridLevel, _ problem: GeneralProblem) -> Double {
        level.residual()
        let (rows, columns) = (level.matrix.rows, level.matrix.columns)
        var sum = 0.0
        for row in 0..<rows {
            for column in 0..<columns {
                var product = 0.0
                for down in -1...1 {
                    for right in -1...1 {
                        let coupling = level.matrix.coupling(row, column, down: down, right: right)
                        if coupling == 0 { continue }
                        let other = level.value[
                            (row + down + rows) % rows, (column + right + columns) % columns]
                        product += Double(coupling) * Double(other)
                    }
                }
                let found = Double(level.scratch[row, column])
                #expect(
                    abs(found - product) <= 1e-5 * Double(level.matrix.diagonal[row, column]),
                    "\(problem)")
                sum -= product * Double(level.value[row, column])
            }
        }
        return sum
    }

    private func dot(_ a: borrowing SplitPlane<Float>, _ b: borrowing SplitPlane<Float>) -> (
        sum: Double, size: Double
    ) {
        var (sum, size) = (0.0, 0.0)
        for row in 0..<a.rows {
            for column in 0..<a.columns {
                let product = Double(a[row, column]) * Double(b[row, column])
                sum += product
                size += abs(product)
            }
        }
        return (sum, size)
    }

    /// A smooth field with a smooth, strongly varying D on finer and finer lattices: the error
    /// falls with the square of the spacing, with walls and, in the other direction, on a ring.
    @Test func convergenceIsOfSecondOrder() throws {
        // On the unit square u = x²(1 − x)²·p(y) with p = y(1 − y) and D = (1 + 3x²)(2 − y),
        // absorbing at y = 0 and 1; u and its flux vanish at x = 0 and 1, so that reflecting sides
        // there are exact too.
        func q(_ x: Double) -> Double { x * x * (1 - x) * (1 - x) }
        func right(_ x: Double, _ y: Double) -> Double {
            let (q0, q1, q2) = (q(x), 2 * x * (1 - x) * (1 - 2 * x), 2 - 12 * x + 12 * x * x)
            let (p0, p1, p2) = (y * (1 - y), 1 - 2 * y, -2.0)
            let (a0, a1, b0, b1) = (1 + 3 * x * x, 6 * x, 2 - y, -1.0)
            let horizontal = b0 * p0 * (a1 * q1 + a0 * q2)
            let vertical = a0 * q0 * (b1 * p1 + b0 * p2)
            return -(horizontal + vertical) + 5 * q0 * p0
        }
        let errors = try [36, 72, 144].map { count -> Double in
            // Columns are cells of width h, rows points at distance h from the walls.
            let (columns, rows) = (count, count - 1)
            let spacing = 1 / Double(count)
            let lattice = try Lattice(rows: rows, columns: columns)
            var d = [Double](repeating: 0, count: lattice.count)
            var (values, expected) = (d, d)
            for row in 0..<rows {
                for column in 0..<columns {
                    let (x, y) = ((Double(column) + 0.5) * spacing, Double(row + 1) * spacing)
                    let site = row * columns + column
                    d[site] = (1 + 3 * x * x) * (2 - y)
                    values[site] = spacing * spacing * right(x, y)
                    expected[site] = q(x) * y * (1 - y)
                }
            }
            let medium = Medium(
                lattice: lattice, down: d, across: d,
                decay: [Double](repeating: 5 * spacing * spacing, count: lattice.count))
            let boundary = try Boundary(
                top: .absorbing, bottom: .absorbing, left: .reflecting, right: .reflecting)
            let iteration = ConjugateGradients(lattice: lattice, boundary: boundary)
            let image = SourceImage(sites: Array(0..<lattice.count), values: values)
            iteration.problem.assemble(medium, image, pins: false)
            iteration.hierarchy.prepare(iteration.problem.matrix)
            _ = iteration.start()
            for _ in 0..<12 { _ = iteration.step() }
            let found = (0..<lattice.count).map { iteration.field[$0 / columns, $0 % columns] }
            return largestDifference(found, expected)
        }
        #expect(errors[0] < 1e-2 && errors[2] > 1e-9)
        for (coarse, fine) in zip(errors, errors.dropFirst()) {
            #expect(abs(coarse / fine - 4) < 0.25, "\(errors)")
        }
    }
}
