/// The sweeps of a coarser level: a vector pass with the constant stencil over every row, then the special rows again.
///
/// Jacobi-type sweeps read one plane and write another, so that the order of sites does not matter: the special rows can be
/// done afterwards, and no vector width or thread changes a bit.
extension CoarseLevel {
    /// Both steps of a smoothing sweep, from zero: value = S(0).
    func smoothFromZero(_ steps: SIMD2<Float>) {
        let factor = SIMD8<Float>(repeating: steps.x / grid.interior.center)
        for row in 0..<grid.rows {
            let (f, u) = (rhs[row], scratch[row])
            for column in stride(from: 0, to: grid.columns, by: 8) { u.store8(factor * f.load8(column), column) }
            u.clearTail(from: grid.columns)
        }
        for special in specialRows {
            let (row, column) = (Int(special.row), Int(special.column))
            scratch[row][column] = steps.x * special.inverseDiagonal * rhs[row][column]
        }
        step(steps.y, from: scratch, to: value)
        relaxNearObstacles()
    }

    /// Both steps of a smoothing sweep: value = S(value).
    func smooth(_ steps: SIMD2<Float>) {
        step(steps.x, from: value, to: scratch)
        step(steps.y, from: scratch, to: value)
        relaxNearObstacles()
    }

    /// One more Gauss–Seidel pass over the special rows of obstacles, where the polynomial steps are not tuned.
    private func relaxNearObstacles() {
        for special in specialRows[wallCount...] {
            let (row, column) = (Int(special.row), Int(special.column))
            let product = special.stencil.apply(value[row - 1], value[row], value[row + 1], column)
            value[row][column] += special.inverseDiagonal * (rhs[row][column] - product)
        }
    }

    /// scratch = rhs − A value.
    func residual() {
        for row in 0..<grid.rows { combine(row, factor: 1, keep: 0, from: value, to: scratch) }
        for special in specialRows {
            let (row, column) = (Int(special.row), Int(special.column))
            scratch[row][column] =
                rhs[row][column] - special.stencil.apply(value[row - 1], value[row], value[row + 1], column)
        }
    }

    /// new = old + step · D⁻¹ (rhs − A old).
    @inline(__always)
    private func step(_ step: Float, from old: borrowing Plane<Float>, to new: borrowing Plane<Float>) {
        let factor = step / grid.interior.center
        for row in 0..<grid.rows { combine(row, factor: factor, keep: 1, from: old, to: new) }
        for special in specialRows {
            let (row, column) = (Int(special.row), Int(special.column))
            let product = special.stencil.apply(old[row - 1], old[row], old[row + 1], column)
            new[row][column] = old[row][column] + step * special.inverseDiagonal * (rhs[row][column] - product)
        }
    }

    /// new = keep · old + factor · (rhs − A old) with the interior stencil, on one row.
    @inline(__always)
    private func combine(
        _ row: Int, factor: Float, keep: Float, from old: borrowing Plane<Float>, to new: borrowing Plane<Float>
    ) {
        let stencil = grid.interior
        // keep·u + factor·(f − c·u − e·edges − d·corners), with the factor multiplied in beforehand.
        let center = SIMD8<Float>(repeating: keep - factor * stencil.center)
        let edge = SIMD8<Float>(repeating: -factor * stencil.north.y)
        let corner = SIMD8<Float>(repeating: -factor * stencil.north.x)
        let source = SIMD8<Float>(repeating: factor)
        let (above, same, below) = (old[row - 1], old[row], old[row + 1])
        let (f, out) = (rhs[row], new[row])
        for column in stride(from: 0, to: grid.columns, by: 8) {
            let edges = (above.load8(column) + below.load8(column)) + (same.load8(column - 1) + same.load8(column + 1))
            let corners =
                (above.load8(column - 1) + above.load8(column + 1))
                + (below.load8(column - 1) + below.load8(column + 1))
            out.store8(
                (source * f.load8(column) + center * same.load8(column)) + (edge * edges + corner * corners), column)
        }
        out.clearTail(from: grid.columns)
    }

    /// coarse.rhs = Pᵀ scratch, the restricted residual.
    func restrict(to coarse: CoarseLevel) { restrict(scratch, to: coarse) }

    /// coarse.rhs = Pᵀ rhs, the first approximation's residual.
    func restrictRightHandSide(to coarse: CoarseLevel) { restrict(rhs, to: coarse) }

    @inline(__always)
    private func restrict(_ plane: borrowing Plane<Float>, to coarse: CoarseLevel) {
        let half = SIMD16<Float>(repeating: 0.5)
        let half8 = SIMD8<Float>(repeating: 0.5)
        for r in 0..<coarse.grid.rows {
            let (above, same, below) = (plane[2 * r], plane[2 * r + 1], plane[2 * r + 2])
            let out = coarse.rhs[r]
            for c in stride(from: 0, to: coarse.grid.columns, by: 8) {
                let sum = same.load16(2 * c) + half * (above.load16(2 * c) + below.load16(2 * c))
                let next = same.load16(2 * c + 2) + half * (above.load16(2 * c + 2) + below.load16(2 * c + 2))
                out.store8(sum.oddHalf + half8 * (sum.evenHalf + next.evenHalf), c)
            }
            out.clearTail(from: coarse.grid.columns)
        }
        for special in specialRestrictions {
            let (row, column) = (Int(special.fineRow), Int(special.fineColumn))
            coarse.rhs[offset: Int(special.coarse)] =
                special.weights.apply(plane[row - 1], plane[row], plane[row + 1], column)
        }
    }

    /// value += P coarse.value.
    func prolongate(from coarse: CoarseLevel) {
        let half8 = SIMD8<Float>(repeating: 0.5)
        for row in 0..<grid.rows {
            let second = coarse.value[(row + 1) / 2]
            let first = coarse.value[(row + 1) / 2 - 1]
            let u = value[row]
            for c in stride(from: 0, to: (grid.columns + 1) / 2, by: 8) {
                let left: SIMD8<Float>
                let here: SIMD8<Float>
                if row & 1 == 1 {
                    left = first.load8(c - 1)
                    here = first.load8(c)
                } else {
                    left = half8 * (first.load8(c - 1) + second.load8(c - 1))
                    here = half8 * (first.load8(c) + second.load8(c))
                }
                let spread = SIMD16<Float>(interleaving: half8 * (left + here), here)
                u.store16(u.load16(2 * c) + spread, 2 * c)
            }
            u.clearTail(from: grid.columns)
        }
        for special in specialWeights { add(special, from: coarse) }
    }

    @inline(__always)
    private func add(_ special: SpecialWeights, from coarse: CoarseLevel) {
        let c = Int(special.coarse)
        let below = c + coarse.value.stride
        let w = special.weights
        let correction =
            (w.x * coarse.value[offset: c] + w.y * coarse.value[offset: c + 1])
            + (w.z * coarse.value[offset: below] + w.w * coarse.value[offset: below + 1])
        value[offset: Int(special.offset)] += correction
    }
}
