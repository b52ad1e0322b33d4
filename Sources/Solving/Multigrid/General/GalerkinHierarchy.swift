/// Black-box multigrid (Dendy 1982, J. Comput. Phys. 48, 366–386): levels whose interpolation and
/// coarse operators follow from the operator of the finest one, whatever its coefficients,
/// obstacles and sides.
///
/// One cycle from zero is a symmetric positive definite approximation of A⁻¹: the smoothing steps
/// after a coarse correction are the transposes of those before it. Where the direction of strong
/// couplings changes from place to place, coarser levels are visited twice (a W-cycle); elsewhere
/// once.
package final class GalerkinHierarchy {
    /// Sides up to this are solved directly.
    private static let smallest = 8

    /// The levels, finest first.
    package let levels: [GridLevel]
    /// What leads from each level to the next coarser one.
    package let interpolations: [Interpolation]
    /// The operators of the coarser levels.
    package let operators: [SymmetricOperator<Double>]
    private let coarsest: BandedFactor
    private let ring: Ring

    /// Creates room for the levels of a grid.
    package init(rows: Int, columns: Int, ring: Ring) {
        self.ring = ring
        var levels = [GridLevel(rows: rows, columns: columns, hasDiagonals: false, ring: ring)]
        var interpolations: [Interpolation] = []
        var operators: [SymmetricOperator<Double>] = []
        var (rows, columns) = (rows, columns)
        while min(rows, columns) > GalerkinHierarchy.smallest {
            let interpolation = Interpolation(
                rowAxis: Coarsening(fine: rows, isRing: ring.rows),
                columnAxis: Coarsening(fine: columns, isRing: ring.columns))
            (rows, columns) = (interpolation.rowAxis.coarse, interpolation.columnAxis.coarse)
            interpolations.append(interpolation)
            operators.append(SymmetricOperator(rows: rows, columns: columns, hasDiagonals: true))
            levels.append(GridLevel(rows: rows, columns: columns, hasDiagonals: true, ring: ring))
        }
        self.levels = levels
        self.interpolations = interpolations
        self.operators = operators
        coarsest = BandedFactor(rows: rows, columns: columns, ring: ring)
    }

    /// Adapts every level to an operator on the finest one. O(sites) time.
    package func prepare(_ matrix: SymmetricOperator<Double>) {
        var fine = matrix
        // Where no weights of the medium itself jump, those of coarser levels do around obstacles
        // alone, and may.
        var isFibrous = true
        for (index, interpolation) in interpolations.enumerated() {
            levels[index].prepare(fine)
            let level = levels[index]
            isFibrous =
                interpolation.derive(
                    from: fine, rowLines: isFibrous && level.smoothsRows,
                    columnLines: isFibrous && level.smoothsColumns) || isFibrous && index > 0
            operators[index].setGalerkinProduct(of: fine, interpolation, ring: ring)
            fine = operators[index]
        }
        coarsest.factorise(fine)
    }

    /// levels[0].value ≈ A⁻¹ levels[0].rhs by one cycle from zero.
    package func cycle() { descend(0, fromZero: true, isSymmetric: true) }

    /// levels[1].value ≈ A⁻¹ levels[1].rhs by one cycle from zero, with sweeps in one order. What
    /// lies below, which costs little, is visited twice.
    package func correct() { descend(1, fromZero: true, isSymmetric: false) }

    /// levels[1].value ≈ A⁻¹ of what levels[0].rhs restricts to, by full multigrid.
    func draft() {
        levels[0].rhs.close(ring)
        interpolations[0].restrict(levels[0].rhs, to: levels[1].rhs)
        solveFully(1)
    }

    /// The same by full multigrid (Brandt 1977, Math. Comp. 31, §5), which is no linear operation
    /// but a good start.
    package func fullCycle() { solveFully(0) }

    private func solveFully(_ index: Int) {
        let level = levels[index]
        guard index + 1 < levels.count else { return coarsest.solve(level.rhs, into: level.value) }
        level.rhs.close(ring)
        interpolations[index].restrict(level.rhs, to: levels[index + 1].rhs)
        solveFully(index + 1)
        level.value.clear()
        interpolations[index].prolongate(levels[index + 1].value, to: level.value)
        level.value.close(ring)
        descend(index, fromZero: false, isSymmetric: false)
    }

    /// One cycle from zero or from the current value.
    private func descend(_ index: Int, fromZero: Bool, isSymmetric: Bool) {
        let level = levels[index]
        guard index + 1 < levels.count else { return coarsest.solve(level.rhs, into: level.value) }
        let coarse = levels[index + 1]
        if fromZero { level.smoothFromZero() } else { level.smooth(reversed: false) }
        level.residual()
        interpolations[index].restrict(level.scratch, to: coarse.rhs)
        descend(index + 1, fromZero: true, isSymmetric: isSymmetric)
        let isTwice = levels[0].smoothsBothWays || !isSymmetric && index == 1
        if isTwice && index + 2 < levels.count {
            descend(index + 1, fromZero: false, isSymmetric: isSymmetric)
        }
        interpolations[index].prolongate(coarse.value, to: level.value)
        level.value.close(ring)
        level.smooth(reversed: isSymmetric)
    }
}
