import Fields
import Solving
import Testing

@Suite struct GridOperatorTests {
    /// Levels of a small lattice with disks: at walls, touching one another, single sites.
    static func hierarchy(rows: Int, columns: Int, decay: Double = 1.0 / 400) throws -> (
        Hierarchy, SourceImage
    ) {
        let lattice = try Lattice(rows: rows, columns: columns)
        let sources = [
            Source(row: 3, column: 3, radius: 3, value: 1),
            Source(row: 12, column: 14, radius: 5, value: 0.5),
            Source(row: 12, column: 23, radius: 3, value: 0.25),
            Source(row: 28, column: 20, radius: 2.5, value: 0.5),
            Source(row: rows - 1, column: columns - 1, radius: 0, value: 1),
            Source(row: 22, column: 9, radius: 0, value: 1),
        ]
        let configuration = try Configuration(
            physics: try Physics(lattice: lattice), sources: sources)
        let image = SourceImage(configuration)
        let hierarchy = Hierarchy(rows: rows, columns: columns, decay: decay)
        _ = hierarchy.fine.start(image, pinned: true)
        hierarchy.prepare()
        return (hierarchy, image)
    }

    @Test(arguments: [(32, 32), (33, 35), (38, 33)]) func coarseOperatorsAreGalerkin(
        _ rows: Int, _ columns: Int
    ) throws {
        let (hierarchy, _) = try Self.hierarchy(rows: rows, columns: columns)
        var finer = hierarchy.fine.grid
        for level in hierarchy.coarse {
            let expected = DenseOperator(finer).galerkin()
            let actual = DenseOperator(level.grid).matrix
            let interior = Double(level.grid.interior.center)
            for (site, (row, reference)) in zip(actual, expected).enumerated() {
                if reference[site] <= 0x1p-10 * interior {
                    // Nothing, or next to nothing, is left of the point's basis function: it stands
                    // alone.
                    #expect(
                        row.enumerated().allSatisfy {
                            $0.offset == site ? $0.element == interior : $0.element == 0
                        })
                } else {
                    #expect(largestDifference(row, reference) < 2e-6 * interior, "site \(site)")
                }
            }
            finer = level.grid
        }
    }

    @Test func nothingIsInterpolatedToPinnedSites() throws {
        let (hierarchy, image) = try Self.hierarchy(rows: 40, columns: 37)
        let grid = hierarchy.fine.grid
        for site in image.sites {
            #expect(grid.weights[grid.weights.offset(site / 37, site % 37)] == .zero)
        }
        #expect(grid.weights[grid.weights.offset(30, 6)] == SIMD4(repeating: 0.25))
    }

    /// Between two coarse points the weights are those of the row summed across their line; in the
    /// middle of four, the interpolated values satisfy the site's own row exactly, whatever the
    /// coarse values are.
    @Test func interpolationFollowsTheOperator() throws {
        let (rows, columns, decay) = (44, 41, 0.02)
        let (hierarchy, image) = try Self.hierarchy(rows: rows, columns: columns, decay: decay)
        let grid = hierarchy.fine.grid
        let pinned = Set(image.sites)
        func isPinned(_ row: Int, _ column: Int) -> Bool {
            0..<columns ~= column && pinned.contains(row * columns + column)
        }
        let dense = DenseOperator(grid)
        var (lines, middles) = (0, 0)
        for offset in grid.weights.own {
            let (row, column) = grid.weights.site(offset)
            let site = row * columns + column
            if pinned.contains(site) { continue }
            let weights = grid.weights[Int(offset)]
            if row & 1 == 1 {
                let sides =
                    4 + decay - (isPinned(row - 1, column) ? 0 : 1)
                    - (isPinned(row + 1, column) ? 0 : 1)
                #expect(abs(Double(weights.x) - (isPinned(row, column - 1) ? 0 : 1 / sides)) < 1e-6)
                let right = isPinned(row, column + 1) || column + 1 == columns ? 0 : 1 / sides
                #expect(abs(Double(weights.y) - right) < 1e-6)
                lines += 1
            } else if column & 1 == 0 {
                let product = (0..<rows / 2 * (columns / 2)).map { c in
                    zip(dense.matrix[site], dense.interpolation).reduce(0) { $0 + $1.0 * $1.1[c] }
                }
                #expect(product.allSatisfy { abs($0) < 1e-6 }, "row \(row), column \(column)")
                middles += 1
            }
        }
        #expect(lines > 5 && middles > 20)
    }

    @Test func resetForgetsObstacles() throws {
        let (hierarchy, _) = try Self.hierarchy(rows: 40, columns: 37)
        let plain = Hierarchy(rows: 40, columns: 37, decay: 1.0 / 400)
        for (level, other) in zip(
            [hierarchy.fine.grid] + hierarchy.coarse.map(\.grid),
            [plain.fine.grid] + plain.coarse.map(\.grid))
        {
            level.reset()
            #expect(level.stencils.own.isEmpty && level.weights.own.isEmpty)
            let (a, b) = (DenseOperator(level), DenseOperator(other))
            #expect(a.matrix == b.matrix)
            #expect(a.interpolation == b.interpolation)
        }
    }

    /// Without obstacles the stencils come from one-dimensional formulas: they must be PᵀAP, too.
    @Test(arguments: [(32, 33), (37, 40), (47, 35)]) func axesKeepTrackOfTheRightWall(
        _ rows: Int, _ columns: Int
    ) {
        let hierarchy = Hierarchy(rows: rows, columns: columns, decay: 0.03)
        var finer = hierarchy.fine.grid
        for level in hierarchy.coarse {
            let expected = DenseOperator(finer).galerkin()
            for (row, reference) in zip(DenseOperator(level.grid).matrix, expected) {
                #expect(
                    largestDifference(row, reference) < 2e-6 * Double(level.grid.interior.center))
            }
            finer = level.grid
        }
    }

    @Test func bandedCholeskySolves() throws {
        for (rows, columns) in [(32, 47), (47, 33)] {
            let (hierarchy, _) = try Self.hierarchy(rows: rows, columns: columns)
            let level = hierarchy.coarse[hierarchy.coarse.count - 1]
            let (r, c) = (level.grid.rows, level.grid.columns)
            var random = TestRandom(seed: 9)
            let expected = (0..<r * c).map { _ in random.next() - 0.5 }
            let rhs = Plane<Float>(rows: r, columns: c)
            let value = Plane<Float>(rows: r, columns: c)
            let dense = DenseOperator(level.grid)
            rhs.fill(dense.apply(expected))
            let factor = BandedCholesky(rows: r, columns: c)
            factor.factorise(level.grid)
            factor.solve(rhs, into: value)
            #expect(largestDifference(value.numbers, expected) < 1e-4)
        }
    }
}
