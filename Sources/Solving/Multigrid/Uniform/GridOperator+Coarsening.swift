/// Operator-dependent interpolation and Galerkin coarse operators near obstacles (Dendy 1982,
/// "Black box multigrid", J. Comput. Phys. 48; de Zeeuw 1990 for the collapsed weights).
///
/// Bilinear interpolation would carry corrections through a pinned disk that the coarse grids no
/// longer see: with it the cycle diverges (factor 1.3 for 20 disks). Weights taken from the
/// operator's own rows, zero at pinned sites, bring that to 0.1.
extension GridOperator {
    /// Recomputes what the obstacles of this level change: its interpolation weights, and the rows
    /// of `coarse` = PᵀAP.
    ///
    /// Time is proportional to the number of special sites.
    package func coarsen(into coarse: GridOperator) {
        computeWeights()
        // Rows of PᵀAP involve sites up to two away. Marking comes first: each point is computed
        // once.
        mark(stencils.own, on: coarse)
        mark(weights.own, on: coarse)
        for offset in coarse.stencils.own {
            let (r, c) = coarse.stencils.site(offset)
            coarse.set(galerkin(r, c, isolated: coarse.interior.center), at: Int(offset))
        }
    }

    private func computeWeights() {
        let sites = stencils.own
        // Sites on coarse lines first: those in the middle of four coarse points build on them.
        for site in sites {
            let offset = Int(site)
            let (row, column) = stencils.site(site)
            let stencil = stencils[offset]
            if stencil.isIsolated {
                setWeights(.zero, at: offset)
            } else if row & 1 == 1, column & 1 == 0 {
                let sums = stencil.north + stencil.middle + stencil.south
                let pair = lineWeights(sums, hasSecond: column &+ 1 < columns)
                setWeights(SIMD4(pair.x, pair.y, 0, 0), at: offset)
            } else if row & 1 == 0, column & 1 == 1 {
                let sums = SIMD4(stencil.north.total, stencil.middle.total, stencil.south.total, 0)
                let pair = lineWeights(sums, hasSecond: row &+ 1 < rows)
                setWeights(SIMD4(pair.x, 0, pair.y, 0), at: offset)
            }
        }
        // Sites next to special ones are in the middle of four where both of their indices are
        // even.
        let lines = weights.own
        for site in lines {
            let (row, column) = weights.site(site)
            for i in row &- 1...row &+ 1 where i & 1 == 0 && i >= 0 && i < rows {
                for j in column &- 1...column &+ 1 where j & 1 == 0 && j >= 0 && j < columns {
                    setMiddleWeights(at: weights.offset(i, j))
                }
            }
        }
        for site in sites {
            let (row, column) = stencils.site(site)
            if row & 1 == 0, column & 1 == 0 { setMiddleWeights(at: Int(site)) }
        }
    }

    /// Weights between two coarse points of one line, from the stencil summed across that line.
    private func lineWeights(_ sums: SIMD4<Float>, hasSecond: Bool) -> SIMD2<Float> {
        guard sums.y > 0 else { return .zero }
        let pair = SIMD2(-sums.x / sums.y, hasSecond ? -sums.z / sums.y : 0)
        return pair.clamped(lowerBound: .zero, upperBound: SIMD2(repeating: 1))
    }

    /// Weights in the middle of four coarse points, unless they have been set: the value that
    /// satisfies the site's own row, given the interpolated values of its neighbours.
    private func setMiddleWeights(at offset: Int) {
        guard !weights.hasOwn(offset) else { return }
        let stencil = stencils[offset]
        guard stencil.center > 0, !stencil.isIsolated else { return setWeights(.zero, at: offset) }
        let (above, below) = (offset &- weights.stride, offset &+ weights.stride)
        let north = stencil.north.y * weights[above]
        let west = stencil.middle.x * weights[offset &- 1]
        let east = stencil.middle.z * weights[offset &+ 1]
        let south = stencil.south.y * weights[below]
        // The neighbours to the left and above share this site's first coarse points, the others
        // are one further.
        let corners = SIMD4(
            stencil.north.x * weights[above &- 1].x, stencil.north.z * weights[above &+ 1].x,
            stencil.south.x * weights[below &- 1].x, stencil.south.z * weights[below &+ 1].x)
        let vertical = SIMD4(north.x, north.y, south.x, south.y)
        let horizontal = SIMD4(west.x, east.x, west.z, east.z)
        let sum = corners + vertical + horizontal
        let result = (-sum / stencil.center).clamped(
            lowerBound: .zero, upperBound: SIMD4(repeating: 1))
        setWeights(result, at: offset)
    }

    /// Gives every coarse point within two sites of one of `sites` a row of its own.
    private func mark(_ sites: [Int32], on coarse: GridOperator) {
        var last: Int32 = -1
        for site in sites {
            let isNext = site == last &+ 1
            last = site
            let (row, column) = stencils.site(site)
            // What an even column affects, the odd one before it does too.
            if isNext, column & 1 == 0, column > 0 { continue }
            // Fine rows 2r+1−2 … 2r+1+2 contain `row`.
            let bottom = min(coarse.rows &- 1, (row &+ 1) / 2)
            let right = min(coarse.columns &- 1, (column &+ 1) / 2)
            var r = max(0, (row &- 2) / 2)
            while r <= bottom {
                var c = max(0, (column &- 2) / 2)
                while c <= right {
                    let offset = coarse.stencils.offset(r, c)
                    if !coarse.stencils.hasOwn(offset) { coarse.set(.zero, at: offset) }
                    c &+= 1
                }
                r &+= 1
            }
        }
    }

    /// Row (r, c) of PᵀAP.
    private func galerkin(_ r: Int, _ c: Int, isolated: Float) -> Stencil {
        let center = stencils.offset(2 &* r &+ 1, 2 &* c &+ 1)
        let p = restriction(r, c)
        // Row (r, c) of PᵀA: 5×5 sites around the point, line by line, as sums of the rows of its
        // 3×3 sites.
        let top = line(p.north, center &- stencils.stride)
        let middle = line(p.middle, center)
        let bottom = line(p.south, center &+ stencils.stride)
        let lines = (
            top.north, top.middle + middle.north, top.south + middle.middle + bottom.north,
            middle.south + bottom.middle, bottom.south
        )
        // Times P. Sites 2r − 1 and 2r have coarse points r − 1 and r on their axis, 2r + 1 and 2r
        // + 2 have r and r + 1, and 2r + 3 is r + 1 itself: three groups of four coarse points on
        // each axis.
        let two = 2 &* stencils.stride
        let first = spread(lines.0, center &- two).plus(spread(lines.1, center &- stencils.stride))
        let second = spread(lines.2, center).plus(spread(lines.3, center &+ stencils.stride))
        let third = spread(lines.4, center &+ two)
        let result = Stencil(
            north: first.upper, middle: first.lower + second.upper,
            south: second.lower + third.upper)
        // Where obstacles leave next to nothing of a point's basis function, rounding is all that
        // its row holds, and divided by such a diagonal it can make the cycle diverge. The function
        // can represent nothing either: drop it.
        return result.center > GridOperator.leastDiagonal * isolated
            ? result : .isolated(diagonal: isolated)
    }

    /// Diagonals below this part of the interior one are dropped.
    private static var leastDiagonal: Float { 0x1p-10 }

    /// Three lines of five coefficients each: the rows of the sites left of, at, and right of
    /// `offset`, weighted.
    @inline(__always) private func line(_ p: SIMD4<Float>, _ offset: Int) -> (
        north: SIMD8<Float>, middle: SIMD8<Float>, south: SIMD8<Float>
    ) {
        let (a, b, c) = (stencils[offset &- 1], stencils[offset], stencils[offset &+ 1])
        @inline(__always) func sum(_ a: SIMD4<Float>, _ b: SIMD4<Float>, _ c: SIMD4<Float>)
            -> SIMD8<Float>
        {
            let (x, y, z) = (p.x * a, p.y * b, p.z * c)
            return SIMD8(x.x, x.y + y.x, (x.z + y.y) + z.x, y.z + z.y, z.z, 0, 0, 0)
        }
        return (
            sum(a.north, b.north, c.north), sum(a.middle, b.middle, c.middle),
            sum(a.south, b.south, c.south)
        )
    }

    /// What five coefficients around `offset` contribute to three coarse points of the upper and of
    /// the lower coarse row.
    @inline(__always) private func spread(_ line: SIMD8<Float>, _ offset: Int) -> Spread {
        let left = line[0] * weights[offset &- 2] + line[1] * weights[offset &- 1]
        let here = line[2] * weights[offset] + line[3] * weights[offset &+ 1]
        let right = line[4] * weights[offset &+ 2]
        return Spread(
            upper: SIMD4(left.x, left.y + here.x, here.y + right.x, 0),
            lower: SIMD4(left.z, left.w + here.z, here.w + right.z, 0))
    }

    private struct Spread {
        var upper: SIMD4<Float>
        var lower: SIMD4<Float>

        @inline(__always) func plus(_ other: Spread) -> Spread {
            Spread(upper: upper + other.upper, lower: lower + other.lower)
        }
    }
}

extension SIMD4<Float> {
    /// The sum of the first three lanes, in order.
    fileprivate var total: Float { (x + y) + z }
}

extension Stencil {
    /// Whether no other site counts.
    fileprivate var isIsolated: Bool {
        north == .zero && south == .zero && middle.x == 0 && middle.z == 0
    }
}
