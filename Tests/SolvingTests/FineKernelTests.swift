import Fields
import Solving
import Testing

/// The fused, colour-split passes over the lattice against plain sweeps over one array.
@Suite struct FineKernelTests {
    /// A lattice as plain arrays, with zeros outside.
    private struct Plain {
        let rows: Int
        let columns: Int
        let decay: Double
        let pinned: [Bool]

        func sum(_ u: [Double], _ row: Int, _ column: Int) -> Double {
            func at(_ r: Int, _ c: Int) -> Double {
                r < 0 || r >= rows || c < 0 || c >= columns ? 0 : u[r * columns + c]
            }
            return (at(row - 1, column) + at(row + 1, column))
                + (at(row, column - 1) + at(row, column + 1))
        }

        /// A Gauss–Seidel half-sweep over the free sites of one colour, where `where` holds.
        func relax(_ e: inout [Double], _ residual: [Double], colour: Int, where mask: [Bool]) {
            for row in 0..<rows {
                for column in 0..<columns
                where (row + column) & 1 == colour && mask[row * columns + column] {
                    let site = row * columns + column
                    e[site] = (residual[site] + sum(e, row, column)) / (4 + decay)
                }
            }
        }

        func residual(_ e: [Double], _ right: [Double]) -> [Double] {
            (0..<rows * columns).map { site in
                pinned[site]
                    ? 0
                    : right[site] + sum(e, site / columns, site % columns) - (4 + decay) * e[site]
            }
        }
    }

    private func read(_ planes: borrowing ColourPlanes<Float>, _ rows: Int, _ columns: Int)
        -> [Double]
    {
        var result: [Double] = []
        for row in 0..<rows {
            for column in 0..<columns {
                result.append(Double(planes[(row + column) & 1, row][column / 2]))
            }
        }
        return result
    }

    @Test(arguments: [(40, 40), (41, 38), (38, 41), (33, 67)]) func aCycleIsSweepsAndTransfers(
        _ rows: Int, _ columns: Int
    ) throws {
        let (hierarchy, image) = try GridOperatorTests.hierarchy(rows: rows, columns: columns)
        let (fine, coarse) = (hierarchy.fine, hierarchy.coarse[0])
        let decay = 1.0 / 400
        let count = rows * columns
        var pinned = [Bool](repeating: false, count: count)
        for site in image.sites { pinned[site] = true }
        let plain = Plain(rows: rows, columns: columns, decay: decay, pinned: pinned)
        let free = pinned.map { !$0 }
        // Sites within two rings of a pinned one are smoothed twice more.
        let near = (0..<count).map { site in
            free[site]
                && image.sites.contains { other in
                    abs(other / columns - site / columns) <= 2
                        && abs(other % columns - site % columns) <= 2
                }
        }
        let before = read(fine.residual, rows, columns)
        fine.descend(to: coarse)

        var correction = [Double](repeating: 0, count: count)
        for colour in 0...1 { plain.relax(&correction, before, colour: colour, where: free) }
        let dense = DenseOperator(fine.grid)
        let restricted = dense.restrict(plain.residual(correction, before))
        #expect(largestDifference(coarse.rhs.numbers, restricted) < 1e-5)

        var random = TestRandom(seed: 8)
        coarse.value.fill((0..<coarse.grid.rows * coarse.grid.columns).map { _ in random.next() })
        let norms = fine.ascend(from: coarse, relaxation: 1.25, stage: .conversion)
        for (site, value) in dense.prolongate(coarse.value.numbers).enumerated() {
            correction[site] += value
        }
        for colour in 0...1 { plain.relax(&correction, before, colour: colour, where: free) }
        for turn in 0..<4 { plain.relax(&correction, before, colour: turn & 1, where: near) }

        var start = [Double](repeating: 0, count: count)
        for (site, value) in zip(image.sites, image.values) { start[site] = value }
        let field = (0..<count).map {
            fine.field[($0 / columns + $0 % columns) & 1, $0 / columns][$0 % columns / 2]
        }
        let expected = zip(start, correction).map { $0 + 1.25 * $1 }
        #expect(largestDifference(field, expected) < 1e-5)

        // The residual is that of the field itself, to the last bit of a Float; the returned norms
        // are its own.
        let residual = read(fine.residual, rows, columns)
        let exact = plain.residual(field, [Double](repeating: 0, count: count)).map {
            Double(Float($0))
        }
        #expect(residual == exact)
        #expect(Double(norms.largest) == exact.map(abs).max())
        let squares = exact.reduce(0) { $0 + $1 * $1 }
        #expect(norms.squares >= squares)
        #expect(norms.squares <= 1.0001 * squares)
    }
    /// The first cycles' field in Float has the residual that they compute, and the field in Double
    /// takes it over.
    @Test func draftBecomesTheField() throws {
        let (rows, columns) = (41, 38)
        let (hierarchy, image) = try GridOperatorTests.hierarchy(rows: rows, columns: columns)
        let fine = hierarchy.fine
        var pinned = [Bool](repeating: false, count: rows * columns)
        for site in image.sites { pinned[site] = true }
        let plain = Plain(rows: rows, columns: columns, decay: 1.0 / 400, pinned: pinned)
        let none = [Double](repeating: 0, count: rows * columns)
        for cycle in 0..<2 { _ = hierarchy.cycle(full: cycle == 0, relaxation: 1, stage: .draft) }
        let draft = read(fine.draft, rows, columns)
        #expect(
            largestDifference(read(fine.residual, rows, columns), plain.residual(draft, none))
                < 1e-6)

        _ = hierarchy.cycle(full: false, relaxation: 1, stage: .conversion)
        let field = (0..<rows * columns).map {
            fine.field[($0 / columns + $0 % columns) & 1, $0 / columns][$0 % columns / 2]
        }
        for (site, value) in zip(image.sites, image.values) { #expect(field[site] == value) }
        let exact = plain.residual(field, none).map { Double(Float($0)) }
        #expect(read(fine.residual, rows, columns) == exact)
        #expect((exact.map(abs).max() ?? 1) < 1e-3)
    }
}
