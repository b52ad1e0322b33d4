/// The levels of a lattice, finest first, and the cycles over them.
package final class Hierarchy {
    package let fine: FineLevel
    package let coarse: [CoarseLevel]
    private let coarsest: CoarsestSolver

    /// Builds the levels for −Δ + `decay` on rows × columns sites; `decay` is γ/D.
    package init(rows: Int, columns: Int, decay: Double) {
        fine = FineLevel(rows: rows, columns: columns, decay: decay)
        var levels: [CoarseLevel] = []
        var axes = (fine.grid.rowAxis, fine.grid.columnAxis)
        repeat {
            axes = (axes.0.coarsened(), axes.1.coarsened())
            levels.append(
                CoarseLevel(
                    grid: GridOperator(rowAxis: axes.0, columnAxis: axes.1, decay: decay),
                    decay: decay))
        } while !CoarsestSolver.isCoarsest(rows: axes.0, columns: axes.1, decay: decay)
        coarse = levels
        coarsest = CoarsestSolver(level: levels[levels.count - 1], decay: decay)
        prepare()
    }

    /// Adapts every level to the sites that are pinned on the fine level.
    package func prepare() {
        for level in coarse { level.grid.reset() }
        fine.grid.coarsen(into: coarse[0].grid)
        for (finer, coarser) in zip(coarse, coarse.dropFirst()) {
            finer.grid.coarsen(into: coarser.grid)
        }
        fine.prepare(coarse: coarse[0])
        for (index, level) in coarse.enumerated() {
            level.prepare(coarse: index + 1 < coarse.count ? coarse[index + 1] : nil)
        }
        coarsest.prepare(coarse[coarse.count - 1])
    }

    /// One cycle on the fine residual; returns the norms of the new residual.
    ///
    /// - Parameter full: Whether the coarse problem is solved by full multigrid (Brandt 1977),
    ///   which suits a residual that no cycle has smoothed yet, instead of one V-cycle.
    package func cycle(full: Bool, relaxation: Float, stage: FineLevel.Stage) -> ResidualNorms {
        fine.descend(to: coarse[0])
        solve(0, full: full)
        return fine.ascend(from: coarse[0], relaxation: relaxation, stage: stage)
    }

    /// Solves level `index` approximately: value ≈ A⁻¹ rhs.
    private func solve(_ index: Int, full: Bool) {
        let level = coarse[index]
        guard index + 1 < coarse.count else { return coarsest.solve(level) }
        let next = coarse[index + 1]
        let steps = level.smoothing.steps
        if full {
            level.restrictRightHandSide(to: next)
            solve(index + 1, full: true)
            level.value.clear()
            level.prolongate(from: next)
            level.smooth(steps)
        } else {
            level.smoothFromZero(steps)
        }
        level.residual()
        level.restrict(to: next)
        solve(index + 1, full: false)
        level.prolongate(from: next)
        level.smooth(SIMD2(steps.y, steps.x))
    }
}
