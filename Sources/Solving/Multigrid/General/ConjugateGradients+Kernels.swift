internal import Fields

/// The passes of a step over whole planes.
extension ConjugateGradients {
    /// field += factor · what the cycle returned.
    func addCycle(_ factor: Double) {
        let level = hierarchy.levels[0]
        for row in 0..<problem.lattice.rows {
            for half in 0...1 {
                let (from, to) = (level.value[half: half, row], field[half: half, row])
                Columns.each(field.count(half)) { k in to[k] += factor * Double(from[k]) }
                to.clearTail(from: field.count(half))
            }
        }
    }

    /// What the cycle returned · residual, and · product.
    func products() -> (withResidual: Double, withProduct: Double) {
        let level = hierarchy.levels[0]
        var (first, second) = (SIMD8<Double>(repeating: 0), SIMD8<Double>(repeating: 0))
        for row in 0..<problem.lattice.rows {
            for half in 0...1 {
                let (z, count) = (level.value[half: half, row], field.count(half))
                first = SplitPlanes.accumulate(first, z, residual[half: half, row], count: count)
                second = SplitPlanes.accumulate(second, z, product[half: half, row], count: count)
            }
        }
        return (SplitPlanes.total(first), SplitPlanes.total(second))
    }

    /// direction = scale · what the cycle returned + factor · direction.
    func turn(_ scale: Double, _ factor: Double) {
        let level = hierarchy.levels[0]
        for row in 0..<problem.lattice.rows {
            for half in 0...1 {
                let (z, p) = (level.value[half: half, row], direction[half: half, row])
                // The first direction must not take over what an earlier problem left, be it no
                // number.
                if factor == 0 {
                    Columns.each(field.count(half)) { k in p[k] = scale * Double(z[k]) }
                } else {
                    Columns.each(field.count(half)) { k in
                        p[k] = scale * Double(z[k]) + factor * p[k]
                    }
                }
                p.clearTail(from: field.count(half))
            }
        }
    }

    /// field += step · direction, residual −= step · product; returns the residual's largest
    /// magnitude.
    func advance(by step: Double) -> Double {
        var largest: Int64 = 0
        for row in 0..<problem.lattice.rows {
            for half in 0...1 {
                let (u, r) = (field[half: half, row], residual[half: half, row])
                let (p, q) = (direction[half: half, row], product[half: half, row])
                let count = field.count(half)
                Columns.each(count) { k in u[k] += step * p[k] }
                Columns.each(count) { k in r[k] -= step * q[k] }
                u.clearTail(from: count)
                r.clearTail(from: count)
                for k in 0..<count {
                    largest = max(largest, r[k].magnitudeBits)
                }
            }
        }
        return Double(magnitudeBits: largest)
    }
}
