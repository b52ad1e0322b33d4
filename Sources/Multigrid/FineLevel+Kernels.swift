/// The passes over the lattice. Each walks down the rows once and does on every row whatever its neighbours allow, so that a
/// whole leg of the cycle reads and writes memory once; the working rows stay in the nearest cache.
extension FineLevel {
    /// Smooths the residual equation from zero (red, then black), and restricts what is left to `coarse`.
    ///
    /// After a black half-sweep black residuals vanish, and red ones are just the sum of the four black corrections. The
    /// red correction itself is not needed: the first half-sweep after the coarse correction would overwrite it.
    func descend(to coarse: CoarseLevel) {
        let inverse = 1 / grid.interior.center
        let pinned = isPinned ? sources : nil
        for row in 0...lattice.rows {
            if row < lattice.rows {
                blackFromResidual(row, inverse: inverse)
                clear(pinned, colour: 1, row)
            }
            guard row > 0 else { continue }
            redRemainder(row - 1)
            if row - 1 >= 2, (row - 1) & 1 == 0 { restrictRow((row - 3) / 2, to: coarse) }
        }
        if lattice.rows & 1 == 0 {
            let ghost = window[lattice.rows % 3]
            for k in 0..<residual.columns { ghost[k] = 0 }
            restrictRow(lattice.rows / 2 - 1, to: coarse)
        }
        for special in specialRestrictions { restrict(special, to: coarse) }
    }

    /// Adds the coarse correction, smooths again (red, then black), adds the result to the field, and computes the new
    /// residual.
    ///
    /// - Returns: The largest magnitude of the residual, as rounded to Float.
    func ascend(from coarse: CoarseLevel) -> Float {
        let inverse = 1 / grid.interior.center
        // Locals spare the kernels a check of exclusive access for every use.
        let (sources, near, special) = (sources, near, specialWeights)
        let pinned = isPinned ? sources : nil
        let lag = 2 + (isPinned ? 2 * FineLevel.nearSweeps : 0)
        let rows = 0..<lattice.rows
        var nextSpecial = 0
        var largest: Float = 0
        for row in 0..<lattice.rows + lag + 1 {
            if rows.contains(row) {
                prolongateRow(row, from: coarse)
                while nextSpecial < special.count, Int(special[nextSpecial].row) == row {
                    add(special[nextSpecial], from: coarse)
                    nextSpecial += 1
                }
                clear(pinned, colour: 1, row)
            }
            if rows.contains(row - 1) {
                relax(colour: 0, row - 1, inverse: inverse)
                clear(pinned, colour: 0, row - 1)
            }
            if rows.contains(row - 2) {
                relax(colour: 1, row - 2, inverse: inverse)
                clear(pinned, colour: 1, row - 2)
            }
            for behind in 3..<lag + 1 where rows.contains(row - behind) {
                relax(near, colour: (behind + 1) & 1, row - behind, inverse: inverse)
            }
            if rows.contains(row - lag) { addCorrection(row - lag) }
            if row > lag { largest = max(largest, computeResidual(row - lag - 1, sources, isPinned: pinned != nil)) }
        }
        return largest
    }

    /// Black correction of one row after a red and a black half-sweep from zero.
    @inline(__always)
    private func blackFromResidual(_ row: Int, inverse: Float) {
        let count = count(1, row)
        // Black sites of row i stand at j = 2k + p; their red neighbours in the row at k and k − 1 (p = 0) or k + 1.
        let side = (row + 1) & 1 == 0 ? -1 : 1
        let factor = SIMD8<Float>(repeating: inverse)
        let (above, same, below) = (residual[0, row - 1], residual[0, row], residual[0, row + 1])
        let (own, out) = (residual[1, row], correction[1, row])
        for k in Swift.stride(from: 0, to: count, by: 8) {
            let sum = (above.load8(k) + below.load8(k)) + (same.load8(k) + same.load8(k + side))
            out.store8(factor * (own.load8(k) + factor * sum), k)
        }
        out.clearTail(from: count)
    }

    /// window = residual of the red sites of one row after a black half-sweep.
    @inline(__always)
    private func redRemainder(_ row: Int) {
        let count = count(0, row)
        let side = row & 1 == 0 ? -1 : 1
        let (above, same, below) = (correction[1, row - 1], correction[1, row], correction[1, row + 1])
        let out = window[row % 3]
        for k in Swift.stride(from: 0, to: count, by: 8) {
            out.store8((above.load8(k) + below.load8(k)) + (same.load8(k) + same.load8(k + side)), k)
        }
        out.clearTail(from: count)
    }

    /// Right-hand side of one coarse row: full weighting, in which only red sites count.
    @inline(__always)
    private func restrictRow(_ r: Int, to coarse: CoarseLevel) {
        let (above, same, below) = (window[(2 * r) % 3], window[(2 * r + 1) % 3], window[(2 * r + 2) % 3])
        let quarter = SIMD8<Float>(repeating: 0.25)
        let out = coarse.rhs[r]
        for c in Swift.stride(from: 0, to: coarse.grid.columns, by: 8) {
            let corners = (above.load8(c) + above.load8(c + 1)) + (below.load8(c) + below.load8(c + 1))
            out.store8(same.load8(c) + quarter * corners, c)
        }
        out.clearTail(from: coarse.grid.columns)
    }

    /// Right-hand side of one coarse point near a source.
    @inline(__always)
    private func restrict(_ special: CoarseLevel.SpecialRestriction, to coarse: CoarseLevel) {
        let row = Int(special.fineRow)
        let c = (Int(special.fineColumn) - 1) / 2
        func remainder(_ row: Int, _ k: Int, _ weight: Float) -> Float {
            if weight == 0 { return 0 }
            let side = row & 1 == 0 ? -1 : 1
            let same = correction[1, row]
            return weight * ((correction[1, row - 1][k] + correction[1, row + 1][k]) + (same[k] + same[k + side]))
        }
        let w = special.weights
        let corners =
            (remainder(row - 1, c, w.north.x) + remainder(row - 1, c + 1, w.north.z))
            + (remainder(row + 1, c, w.south.x) + remainder(row + 1, c + 1, w.south.z))
        coarse.rhs[offset: Int(special.coarse)] = remainder(row, c, w.middle.y) + corners
    }

    /// Adds the coarse correction to the black sites of one row.
    @inline(__always)
    private func prolongateRow(_ row: Int, from coarse: CoarseLevel) {
        let count = count(1, row)
        let half = SIMD8<Float>(repeating: 0.5)
        let first = coarse.value[(row + 1) / 2 - 1]
        let second = row & 1 == 1 ? first : coarse.value[(row + 1) / 2]
        // On a coarse row black sites stand between coarse columns k − 1 and k; else between two coarse rows at k.
        let side = row & 1 == 1 ? -1 : 0
        let out = correction[1, row]
        for k in Swift.stride(from: 0, to: count, by: 8) {
            out.store8(out.load8(k) + half * (first.load8(k + side) + second.load8(k)), k)
        }
        out.clearTail(from: count)
    }

    @inline(__always)
    private func add(_ special: SpecialWeights, from coarse: CoarseLevel) {
        correction[1, Int(special.row)][Int(special.k)] +=
            special.weights.x * coarse.value[offset: Int(special.first)]
            + special.weights.y * coarse.value[offset: Int(special.second)]
    }

    /// One Gauss–Seidel half-sweep on one row: correction = (residual + Σ neighbours) / diagonal.
    @inline(__always)
    private func relax(colour: Int, _ row: Int, inverse: Float) {
        let count = count(colour, row)
        let side = (row + colour) & 1 == 0 ? -1 : 1
        let factor = SIMD8<Float>(repeating: inverse)
        let other = 1 - colour
        let (above, same, below) = (correction[other, row - 1], correction[other, row], correction[other, row + 1])
        let (own, out) = (residual[colour, row], correction[colour, row])
        for k in Swift.stride(from: 0, to: count, by: 8) {
            let sum = (above.load8(k) + below.load8(k)) + (same.load8(k) + same.load8(k + side))
            out.store8(factor * (own.load8(k) + sum), k)
        }
        out.clearTail(from: count)
    }

    /// The same half-sweep on the given sites of one row.
    private func relax(_ near: borrowing SitesByRow, colour: Int, _ row: Int, inverse: Float) {
        let side = (row + colour) & 1 == 0 ? -1 : 1
        let other = 1 - colour
        for index in near.row(row) where near.sites[index].colour == colour {
            let k = Int(near.sites[index].k)
            let same = correction[other, row]
            let sum = (correction[other, row - 1][k] + correction[other, row + 1][k]) + (same[k] + same[k + side])
            correction[colour, row][k] = inverse * (residual[colour, row][k] + sum)
        }
    }

    @inline(__always)
    private func addCorrection(_ row: Int) {
        for colour in 0...1 {
            let (u, e) = (field[colour, row], correction[colour, row])
            for k in Swift.stride(from: 0, to: field.columns, by: 8) {
                u.store8(u.load8(k) + SIMD8<Double>(e.load8(k)), k)
            }
        }
    }

    /// Zeroes the correction at the pinned sites of `colour` in `row`.
    @inline(__always)
    private func clear(_ pinned: SitesByRow?, colour: Int, _ row: Int) {
        guard let pinned else { return }
        for index in pinned.row(row) where pinned.sites[index].colour == colour {
            correction[colour, row][Int(pinned.sites[index].k)] = 0
        }
    }

    /// residual = rhs − A u on one row; returns its largest magnitude.
    @inline(__always)
    private func computeResidual(_ row: Int, _ sources: borrowing SitesByRow, isPinned: Bool) -> Float {
        residualRow(row, colour: 0)
        residualRow(row, colour: 1)
        for index in sources.row(row) {
            let (colour, k) = (Int(sources.sites[index].colour), Int(sources.sites[index].k))
            residual[colour, row][k] = isPinned ? 0 : Float(sources.sites[index].value + remainder(row, k, colour))
        }
        var largest = SIMD8<Float>.zero
        let (red, black) = (residual[0, row], residual[1, row])
        for k in Swift.stride(from: 0, to: residual.columns, by: 8) {
            largest = largest.largerMagnitude(red.load8(k)).largerMagnitude(black.load8(k))
        }
        return largest.max()
    }

    /// −A u on one row of one colour.
    @inline(__always)
    private func residualRow(_ row: Int, colour: Int) {
        let count = count(colour, row)
        let side = (row + colour) & 1 == 0 ? -1 : 1
        let diagonal = SIMD8<Double>(repeating: 4 + decay)
        let (above, same, below) = (field[1 - colour, row - 1], field[1 - colour, row], field[1 - colour, row + 1])
        let (center, result) = (field[colour, row], residual[colour, row])
        for k in Swift.stride(from: 0, to: count, by: 8) {
            let sum = (above.load8(k) + below.load8(k)) + (same.load8(k) + same.load8(k + side))
            result.store8(SIMD8<Float>(sum - diagonal * center.load8(k)), k)
        }
        result.clearTail(from: count)
    }

    /// −A u at one site, with the additions of `residualRow`.
    @inline(__always)
    private func remainder(_ row: Int, _ k: Int, _ colour: Int) -> Double {
        let side = (row + colour) & 1 == 0 ? -1 : 1
        let same = field[1 - colour, row]
        let sum = (field[1 - colour, row - 1][k] + field[1 - colour, row + 1][k]) + (same[k] + same[k + side])
        return sum - (4 + decay) * field[colour, row][k]
    }
}
