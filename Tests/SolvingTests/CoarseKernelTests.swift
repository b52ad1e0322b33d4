import Fields
import Solving
import Testing

/// The kernels of coarser levels against dense matrices.
@Suite struct CoarseKernelTests {
    private func level(_ index: Int, rows: Int, columns: Int) throws -> (CoarseLevel, CoarseLevel) {
        let (hierarchy, _) = try GridOperatorTests.hierarchy(rows: rows, columns: columns)
        return (hierarchy.coarse[index], hierarchy.coarse[index + 1])
    }

    private func numbers(_ count: Int, seed: UInt32) -> [Double] {
        var random = TestRandom(seed: seed)
        return (0..<count).map { _ in Double(Float(random.next() - 0.5)) }
    }

    @Test(arguments: [(64, 64), (71, 66), (65, 90)]) func residualAndTransfersMatchTheMatrices(
        _ rows: Int, _ columns: Int
    ) throws {
        let (level, next) = try level(0, rows: rows, columns: columns)
        let dense = DenseOperator(level.grid)
        let (f, v) = (numbers(dense.matrix.count, seed: 1), numbers(dense.matrix.count, seed: 2))
        level.rhs.fill(f)
        level.value.fill(v)
        level.residual()
        let residual = zip(f, dense.apply(v)).map { $0 - $1 }
        #expect(largestDifference(level.scratch.numbers, residual) < 1e-5)

        level.restrict(to: next)
        #expect(largestDifference(next.rhs.numbers, dense.restrict(level.scratch.numbers)) < 1e-5)

        let coarse = numbers(next.grid.rows * next.grid.columns, seed: 3)
        next.value.fill(coarse)
        level.prolongate(from: next)
        let expected = zip(v, dense.prolongate(coarse)).map { $0 + $1 }
        #expect(largestDifference(level.value.numbers, expected) < 1e-5)
    }

    /// Two damped Jacobi steps, then, from zero, Gauss–Seidel over the rows that obstacles changed,
    /// every second first.
    @Test(arguments: [true, false]) func smoothingMatchesTheFormula(_ fromZero: Bool) throws {
        let (level, _) = try level(0, rows: 64, columns: 75)
        let dense = DenseOperator(level.grid)
        let count = dense.matrix.count
        let f = numbers(count, seed: 4)
        var u = fromZero ? [Double](repeating: 0, count: count) : numbers(count, seed: 5)
        level.rhs.fill(f)
        level.value.fill(u)
        let steps = level.smoothing.steps
        if fromZero { level.smoothFromZero(steps) } else { level.smooth(steps) }

        for step in [steps.x, steps.y] {
            let product = dense.apply(u)
            for site in 0..<count {
                let sum = dense.matrix[site].reduce(0) { $0 + abs($1) }
                let inverse = min(1 / dense.matrix[site][site], 2 / sum)
                u[site] += Double(step) * inverse * (f[site] - product[site])
            }
        }
        let own = level.grid.stencils.own
        let order = own.indices.filter { $0 & 1 == 0 } + own.indices.filter { $0 & 1 == 1 }
        for offset in fromZero ? order.map({ own[$0] }) : [] {
            let (row, column) = level.grid.stencils.site(offset)
            let site = row * level.grid.columns + column
            let product = zip(dense.matrix[site], u).reduce(0) { $0 + $1.0 * $1.1 }
            u[site] += (f[site] - product) / dense.matrix[site][site]
        }
        #expect(largestDifference(level.value.numbers, u) < 1e-5)
    }
}
