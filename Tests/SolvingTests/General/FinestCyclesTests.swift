import Fields
import Solving
import Testing

/// The fused passes over the finest level against the plain ones, of which each is tested alone.
@Suite struct FinestCyclesTests {
    /// Levels with walls, rings and odd sides that are smoothed by points.
    private static func hierarchies() throws -> [(Lattice, GalerkinHierarchy, FinestCycles)] {
        var random = TestRandom(seed: 5)
        var found: [(Lattice, GalerkinHierarchy, FinestCycles)] = []
        for boundary in GeneralProblem.boundaries {
            for (rows, columns) in [(40, 34), (33, 52), (38, 33), (35, 37)] {
                let problem = try GeneralProblem(
                    &random, .smooth, rows: rows, columns: columns, boundary: boundary,
                    decay: 0.05, contrast: 2)
                let iteration = ConjugateGradients(
                    lattice: problem.medium.lattice, boundary: boundary)
                iteration.problem.assemble(problem.medium, problem.image, pins: problem.pinned)
                iteration.hierarchy.prepare(iteration.problem.matrix)
                let cycles = FinestCycles(iteration.hierarchy)
                let isOddRing =
                    boundary.top == .periodic && rows & 1 == 1
                    || boundary.left == .periodic && columns & 1 == 1
                #expect(cycles.areSuitable == !isOddRing)
                if isOddRing { continue }
                for row in 0..<rows {
                    for column in 0..<columns {
                        iteration.hierarchy.levels[0].rhs[row, column] = Float(random.next() - 0.5)
                    }
                }
                found.append((problem.medium.lattice, iteration.hierarchy, cycles))
            }
        }
        return found
    }

    /// From zero: both colours, and the residual restricted; its largest magnitude is returned.
    @Test func passFromZero() throws {
        for (lattice, hierarchy, cycles) in try FinestCyclesTests.hierarchies() {
            let (level, coarse) = (hierarchy.levels[0], hierarchy.levels[1])
            let largest = cycles.pass(.zero, descends: true)
            let (value, rhs) = (numbers(level.value, lattice), numbers(coarse.rhs, lattice))

            level.smoothFromZero()
            level.residual()
            hierarchy.interpolations[0].restrict(level.scratch, to: coarse.rhs)
            expectEqual(value, numbers(level.value, lattice), lattice)
            expectEqual(rhs, numbers(coarse.rhs, lattice), lattice)
            let residual = numbers(level.scratch, lattice).map(\.magnitude).max() ?? 0
            #expect(abs(largest - residual) <= 1e-5 * residual)
        }
    }

    /// A correction, both colours after it, and both again on the way down.
    @Test(arguments: [false, true]) func passWithCorrection(isFirst: Bool) throws {
        for (lattice, hierarchy, cycles) in try FinestCyclesTests.hierarchies() {
            let (level, coarse) = (hierarchy.levels[0], hierarchy.levels[1])
            _ = cycles.pass(.zero, descends: true)
            hierarchy.correct()
            let before = numbers(level.value, lattice)
            _ = cycles.pass(isFirst ? .solution : .correction, descends: true)
            let (value, rhs) = (numbers(level.value, lattice), numbers(coarse.rhs, lattice))

            level.value.clear()
            hierarchy.interpolations[0].prolongate(coarse.value, to: level.value)
            for site in 0..<lattice.count {
                let (row, column) = (site / lattice.columns, site % lattice.columns)
                level.value[row, column] =
                    FinestCycles.relaxation * level.value[row, column]
                    + (isFirst ? 0 : before[site])
            }
            level.value.close(level.ring)
            level.smooth(reversed: false)
            level.smooth(reversed: false)
            level.residual()
            hierarchy.interpolations[0].restrict(level.scratch, to: coarse.rhs)
            expectEqual(value, numbers(level.value, lattice), lattice)
            expectEqual(rhs, numbers(coarse.rhs, lattice), lattice)
        }
    }

    private func numbers(_ plane: borrowing SplitPlane<Float>, _ lattice: Lattice) -> [Float] {
        var numbers: [Float] = []
        for row in 0..<plane.rows {
            for column in 0..<plane.columns { numbers.append(plane[row, column]) }
        }
        return numbers
    }

    private func expectEqual(_ found: [Float], _ expected: [Float], _ lattice: Lattice) {
        let largest = expected.map(\.magnitude).max() ?? 0
        // Right-hand sides are up to ½.
        let difference = zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(found.count == expected.count && largest > 0)
        #expect(difference <= 1e-5 * max(largest, 0.5), "\(lattice.rows)×\(lattice.columns)")
    }
}
