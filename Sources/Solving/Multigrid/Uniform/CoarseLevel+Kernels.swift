/// The sweeps of a coarser level: a vector pass with the constant stencil over every row, then the
/// special rows again.
///
/// Jacobi-type sweeps read one plane and write another, so that the order of sites does not matter:
/// the special rows can be done afterwards, and no vector width or thread changes a bit.
extension CoarseLevel {
    /// Both steps of a smoothing sweep, from zero, and one more near obstacles: value = S(0).
    package func smoothFromZero(_ steps: SIMD2<Float>) {
        let factor = steps.x / grid.interior.center
        let columns = grid.columns
        for row in 0..<grid.rows {
            let (f, u) = (rhs[row], scratch[row])
            Columns.each(columns) { u[$0] = factor * f[$0] }
            u.clearTail(from: columns)
        }
        let special = specialRows
        for row in special {
            scratch[offset: row.offset] = steps.x * row.dampedInverse * rhs[offset: row.offset]
        }
        step(steps.y, from: scratch, to: value, special)
        relaxNearObstacles(special)
    }

    /// Both steps of a smoothing sweep: value = S(value).
    package func smooth(_ steps: SIMD2<Float>) {
        let special = specialRows
        step(steps.x, from: value, to: scratch, special)
        step(steps.y, from: scratch, to: value, special)
    }

    /// One more Gauss–Seidel pass over the special rows of obstacles, where the polynomial steps
    /// are not tuned: every second row, then the others. Rows in a row are neighbours mostly, and
    /// would wait for one another.
    private func relaxNearObstacles(_ special: [SpecialRow]) {
        let stride = value.stride
        for first in wallCount...wallCount + 1 {
            for index in Swift.stride(from: first, to: special.count, by: 2) {
                let row = special[index]
                let u = value[from: row.offset]
                u[0] +=
                    row.inverseDiagonal * (rhs[offset: row.offset] - row.stencil.apply(u, stride))
            }
        }
    }

    /// scratch = rhs − A value.
    package func residual() {
        for row in 0..<grid.rows { combine(row, factor: 1, keep: 0, from: value, to: scratch) }
        let stride = value.stride
        for row in specialRows {
            let product = row.stencil.apply(value[from: row.offset], stride)
            scratch[offset: row.offset] = rhs[offset: row.offset] - product
        }
    }

    /// new = old + step · D⁻¹ (rhs − A old).
    @inline(__always) private func step(
        _ step: Float, from old: borrowing Plane<Float>, to new: borrowing Plane<Float>,
        _ special: [SpecialRow]
    ) {
        let factor = step / grid.interior.center
        for row in 0..<grid.rows { combine(row, factor: factor, keep: 1, from: old, to: new) }
        let stride = old.stride
        for row in special {
            let u = old[from: row.offset]
            let product = row.stencil.apply(u, stride)
            new[offset: row.offset] =
                u[0] + step * row.dampedInverse * (rhs[offset: row.offset] - product)
        }
    }

    /// new = keep · old + factor · (rhs − A old) with the interior stencil, on one row.
    @inline(__always) private func combine(
        _ row: Int, factor: Float, keep: Float, from old: borrowing Plane<Float>,
        to new: borrowing Plane<Float>
    ) {
        let stencil = grid.interior
        // keep·u + factor·(f − c·u − e·edges − d·corners), with the factor multiplied in
        // beforehand.
        let center = keep - factor * stencil.center
        let edge = -factor * stencil.north.y
        let corner = -factor * stencil.north.x
        let (above, same, below) = (old[row &- 1], old[row], old[row &+ 1])
        let (f, out) = (rhs[row], new[row])
        Columns.each(grid.columns) { k in
            let edges = (above[k] + below[k]) + (same[k &- 1] + same[k &+ 1])
            let corners = (above[k &- 1] + above[k &+ 1]) + (below[k &- 1] + below[k &+ 1])
            out[k] = (factor * f[k] + center * same[k]) + (edge * edges + corner * corners)
        }
        out.clearTail(from: grid.columns)
    }

    /// coarse.rhs = Pᵀ scratch, the restricted residual.
    package func restrict(to coarse: CoarseLevel) { restrict(scratch, to: coarse) }

    /// coarse.rhs = Pᵀ rhs, the first approximation's residual.
    func restrictRightHandSide(to coarse: CoarseLevel) { restrict(rhs, to: coarse) }

    @inline(__always) private func restrict(_ plane: borrowing Plane<Float>, to coarse: CoarseLevel)
    {
        for r in 0..<coarse.grid.rows {
            let (above, same, below) = (plane[2 &* r], plane[2 &* r &+ 1], plane[2 &* r &+ 2])
            let out = coarse.rhs[r]
            Columns.each(coarse.grid.columns) { c in
                let k = 2 &* c
                let edges = (above[k &+ 1] + below[k &+ 1]) + (same[k] + same[k &+ 2])
                let corners = (above[k] + above[k &+ 2]) + (below[k] + below[k &+ 2])
                out[c] = same[k &+ 1] + (0.5 * edges + 0.25 * corners)
            }
            out.clearTail(from: coarse.grid.columns)
        }
        let stride = plane.stride
        for special in specialRestrictions {
            coarse.rhs[offset: special.coarse] = special.weights.apply(
                plane[from: special.fine], stride)
        }
    }

    /// value += P coarse.value.
    package func prolongate(from coarse: CoarseLevel) {
        let columns = grid.columns
        for row in 0..<grid.rows {
            let first = coarse.value[(row &+ 1) / 2 &- 1]
            let u = value[row]
            if row & 1 == 1 {
                Columns.each((columns &+ 1) / 2, multiple: 8) { c in
                    u[2 &* c] += 0.5 * (first[c &- 1] + first[c])
                    u[2 &* c &+ 1] += first[c]
                }
            } else {
                let second = coarse.value[(row &+ 1) / 2]
                Columns.each((columns &+ 1) / 2, multiple: 8) { c in
                    let left = 0.5 * (first[c &- 1] + second[c &- 1])
                    let here = 0.5 * (first[c] + second[c])
                    u[2 &* c] += 0.5 * (left + here)
                    u[2 &* c &+ 1] += here
                }
            }
            u.clearTail(from: columns)
        }
        let stride = Int32(truncatingIfNeeded: coarse.value.stride)
        for special in specialWeights {
            let (c, w) = (special.coarse, special.weights)
            let below = c &+ stride
            let correction =
                (w.x * coarse.value[offset: c] + w.y * coarse.value[offset: c &+ 1])
                + (w.z * coarse.value[offset: below] + w.w * coarse.value[offset: below &+ 1])
            value[offset: special.offset] += correction
        }
    }
}
