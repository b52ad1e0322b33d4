internal import Fields

/// The passes over the whole lattice in Double. Sums run in eight lanes by column and row after
/// row, so that their bits do not depend on the width of the machine's vectors.
extension DiscreteOperator {
    /// How far a field is from solving the problem.
    package struct Defect {
        /// Largest magnitude of the residual as computed.
        package var largest = 0.0
        /// Bound on max |rhs − A u| in exact arithmetic, for the exact conductances; NaN where the
        /// field is none.
        package var bound = 0.0
    }

    /// residual = rhs − A field, with a rigorous bound. The field's ghost sites must be closed.
    ///
    /// A face's current g(uᵢ − uⱼ) has the relative error of g, at most 3ε with ε = 2⁻⁵³, of the
    /// difference and of the product; where conductances to pinned sites were summed into the
    /// ground and the right-hand side, up to 8ε. The sum of the six terms adds at most 6ε of their
    /// magnitudes. So 16ε · (|rhs| + ground |u| + Σ g |uᵢ − uⱼ|) bounds the error of a row; values
    /// and conductances are positive, so that no sum inside a term cancels.
    package func residual(
        of field: borrowing SplitPlane<Double>, into residual: borrowing SplitPlane<Double>
    ) -> Defect {
        var maxima = Maxima()
        for row in 0..<lattice.rows {
            for half in 0...1 {
                let out = residual[half: half, row]
                residualLine(row, half, field, into: out, north: row &- 1, south: row &+ 1)
                maxima.take(out, margins[0], count: field.count(half))
            }
        }
        return maxima.defect
    }

    /// field += factor · correction, and remainder = scale · (rhs − A field), with a rigorous bound
    /// on what the remainder is rounded from. Memory is read once.
    func absorb(
        _ correction: borrowing SplitPlane<Float>, _ factor: Double,
        into field: borrowing SplitPlane<Double>, leaving remainder: borrowing SplitPlane<Float>,
        scale: Double
    ) -> Defect {
        var maxima = Maxima()
        let rows = lattice.rows
        Wavefront.run(rows: rows, isRing: ring.rows, stages: 2) { stage, _, place in
            for half in 0...1 {
                let count = field.count(half)
                if stage == 0 {
                    let (e, u) = (correction[half: half, place], field[half: half, place])
                    Columns.each(count) { k in u[k] += factor * Double(e[k]) }
                    u.clearTail(from: count)
                    continue
                }
                let (rest, out) = (margins[1], remainder[half: half, place])
                let near = Wavefront.neighbours(of: place, rows: rows, isRing: ring.rows)
                residualLine(
                    place, half, field, into: rest, north: near.north, south: near.south)
                maxima.take(rest, margins[0], count: count)
                Columns.each(count) { k in out[k] = Float(scale * rest[k]) }
                out.clearTail(from: count)
            }
            if stage == 0 { field.closeColumns(ring, place) }
        }
        return maxima.defect
    }

    /// Largest magnitudes, which order as their bits do, NaN last.
    private struct Maxima {
        private var largest: Int64 = 0
        private var bound: Int64 = 0

        @inline(__always) mutating func take(
            _ rest: Line<Double>, _ margin: Line<Double>, count: Int
        ) {
            for k in 0..<count {
                largest = max(largest, rest[k].magnitudeBits)
                bound = max(bound, margin[k].magnitudeBits)
            }
        }

        var defect: Defect {
            Defect(largest: Double(magnitudeBits: largest), bound: Double(magnitudeBits: bound))
        }
    }

    @inline(__always) private func residualLine(
        _ row: Int, _ half: Int, _ field: borrowing SplitPlane<Double>, into out: Line<Double>,
        north: Int, south: Int
    ) {
        let count = field.count(half)
        let (above, u, below) = (
            field[half: half, north], field[half: half, row], field[half: half, south]
        )
        let left = field[half: 1 &- half, row].advanced(by: half &- 1)
        let right = field[half: 1 &- half, row].advanced(by: half)
        let (up, down) = (matrix.south[half: half, row &- 1], matrix.south[half: half, row])
        let (west, east) = (
            matrix.east[half: 1 &- half, row].advanced(by: half &- 1), matrix.east[half: half, row]
        )
        let (ground, f) = (ground[half: half, row], rhs[half: half, row])
        let margin = margins[0]
        Columns.each(count) { k in
            let value = u[k]
            let leak = ground[k] * value
            let toNorth = up[k] * (value - above[k])
            let toSouth = down[k] * (value - below[k])
            let toWest = west[k] * (value - left[k])
            let toEast = east[k] * (value - right[k])
            let rest = (f[k] - leak) - ((toNorth + toSouth) + (toWest + toEast))
            let terms =
                (f[k].magnitude + leak.magnitude)
                + ((toNorth.magnitude + toSouth.magnitude) + (toWest.magnitude + toEast.magnitude))
            out[k] = rest
            margin[k] = rest.magnitude + 0x1p-49 * terms
        }
        out.clearTail(from: count)
    }

    /// product = A direction; returns direction · product. The direction's ghost sites must be
    /// closed.
    package func multiply(
        _ direction: borrowing SplitPlane<Double>, into product: borrowing SplitPlane<Double>
    ) -> Double {
        var sum = SIMD8<Double>(repeating: 0)
        for row in 0..<lattice.rows {
            for half in 0...1 {
                multiplyLine(row, half, direction, product)
                sum = SplitPlanes.accumulate(
                    sum, direction[half: half, row], product[half: half, row],
                    count: direction.count(half))
            }
        }
        return SplitPlanes.total(sum)
    }

    @inline(__always) private func multiplyLine(
        _ row: Int, _ half: Int, _ field: borrowing SplitPlane<Double>,
        _ product: borrowing SplitPlane<Double>
    ) {
        let count = field.count(half)
        let (above, u, below) = (
            field[half: half, row &- 1], field[half: half, row], field[half: half, row &+ 1]
        )
        let left = field[half: 1 &- half, row].advanced(by: half &- 1)
        let right = field[half: 1 &- half, row].advanced(by: half)
        let (up, down) = (matrix.south[half: half, row &- 1], matrix.south[half: half, row])
        let (west, east) = (
            matrix.east[half: 1 &- half, row].advanced(by: half &- 1), matrix.east[half: half, row]
        )
        let (ground, out) = (ground[half: half, row], product[half: half, row])
        Columns.each(count) { k in
            let value = u[k]
            let vertical = up[k] * (value - above[k]) + down[k] * (value - below[k])
            let horizontal = west[k] * (value - left[k]) + east[k] * (value - right[k])
            out[k] = ground[k] * value + (vertical + horizontal)
        }
        out.clearTail(from: count)
    }
}

/// Sums and updates over whole planes.
enum SplitPlanes {
    /// sum + a · b by lanes; what lies beyond `count` must be zero in one of them.
    @inline(__always) static func accumulate<A, B>(
        _ sum: SIMD8<Double>, _ a: Line<A>, _ b: Line<B>, count: Int
    ) -> SIMD8<Double> {
        var sum = sum
        var k = 0
        while k < count {
            sum += SIMD8<Double>(a.load8(k)) * SIMD8<Double>(b.load8(k))
            k &+= 8
        }
        return sum
    }

    /// The sum over the lanes in a fixed order.
    @inline(__always) static func total(_ sum: SIMD8<Double>) -> Double {
        ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]))
    }
}
