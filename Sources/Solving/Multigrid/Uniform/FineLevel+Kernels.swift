/// The passes over the lattice. Each walks down the rows once and does on every row whatever its
/// neighbours allow, so that a whole leg of the cycle reads and writes memory once; the working
/// rows stay in the nearest cache.
extension FineLevel {
    /// Smooths the residual equation from zero (red, then black), and restricts what is left to
    /// `coarse`.
    ///
    /// After a black half-sweep black residuals vanish, and red ones are just the sum of the four
    /// black corrections. The red correction itself is not needed: the first half-sweep after the
    /// coarse correction would overwrite it.
    package func descend(to coarse: CoarseLevel) {
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

    /// Adds the coarse correction, smooths again (red, then black), adds the result to the field,
    /// and computes the new residual.
    ///
    /// - Parameters:
    ///   - relaxation: Factor of the correction.
    ///   - stage: `.draft` from the start of a configuration on, `.conversion` once, `.refinement`
    ///     from then on.
    /// - Returns: The norms of the residual, as rounded to Float; of a draft they are no bounds.
    package func ascend(from coarse: CoarseLevel, relaxation: Float, stage: Stage) -> ResidualNorms
    {
        let inverse = 1 / grid.interior.center
        // Locals spare the kernels a check of exclusive access for every use.
        let (sources, near, special) = (sources, near, specialWeights)
        let pinned = isPinned ? sources : nil
        let lag = 2 + (isPinned ? 2 * FineLevel.nearSweeps : 0)
        let rows = 0..<lattice.rows
        var nextSpecial = 0
        var largest: Int32 = 0
        squares.clear()
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
            if rows.contains(row - lag) {
                addCorrection(row - lag, relaxation, stage)
                if stage == .conversion { restoreExactly(pinned, row - lag) }
            }
            if row > lag {
                let bits = computeResidual(
                    row - lag - 1, sources, isPinned: pinned != nil, isDraft: stage == .draft)
                largest = max(largest, bits)
            }
        }
        return ResidualNorms(
            largest: Float(bitPattern: UInt32(bitPattern: largest)), squares: sumOfSquares())
    }

    /// Computes the residual of `field`.
    ///
    /// - Returns: Its norms, as rounded to Float.
    func measure() -> ResidualNorms {
        let sources = sources
        var largest: Int32 = 0
        squares.clear()
        for row in 0..<lattice.rows {
            largest = max(
                largest, computeResidual(row, sources, isPinned: isPinned, isDraft: false))
        }
        return ResidualNorms(
            largest: Float(bitPattern: UInt32(bitPattern: largest)), squares: sumOfSquares())
    }

    /// Black correction of one row after a red and a black half-sweep from zero.
    @inline(__always) private func blackFromResidual(_ row: Int, inverse: Float) {
        let count = count(1, row)
        // Black sites of row i stand at j = 2k + p; their red neighbours in the row at k and k − 1
        // (p = 0) or k + 1.
        let side = (row &+ 1) & 1 == 0 ? -1 : 1
        let (above, same, below) = (residual[0, row &- 1], residual[0, row], residual[0, row &+ 1])
        let (own, out) = (residual[1, row], correction[1, row])
        Columns.each(count) { k in
            let sum = (above[k] + below[k]) + (same[k] + same[k &+ side])
            out[k] = inverse * (own[k] + inverse * sum)
        }
        out.clearTail(from: count)
    }

    /// window = residual of the red sites of one row after a black half-sweep.
    @inline(__always) private func redRemainder(_ row: Int) {
        let count = count(0, row)
        let side = row & 1 == 0 ? -1 : 1
        let (above, same, below) = (
            correction[1, row &- 1], correction[1, row], correction[1, row &+ 1]
        )
        let out = window[row % 3]
        Columns.each(count) { k in out[k] = (above[k] + below[k]) + (same[k] + same[k &+ side]) }
        out.clearTail(from: count)
    }

    /// Right-hand side of one coarse row: full weighting, in which only red sites count.
    @inline(__always) private func restrictRow(_ r: Int, to coarse: CoarseLevel) {
        let (above, same, below) = (
            window[(2 * r) % 3], window[(2 * r + 1) % 3], window[(2 * r + 2) % 3]
        )
        let out = coarse.rhs[r]
        Columns.each(coarse.grid.columns) { c in
            out[c] = same[c] + 0.25 * ((above[c] + above[c &+ 1]) + (below[c] + below[c &+ 1]))
        }
        out.clearTail(from: coarse.grid.columns)
    }

    /// Right-hand side of one coarse point near a source.
    @inline(__always) private func restrict(_ special: SpecialRestriction, to coarse: CoarseLevel) {
        // Residuals of the red site itself and of those at its corners: sums over four black sites
        // each.
        let row = Int(special.row)
        let k = Int(special.k)
        let (above, same, below) = (
            correction[1, row &- 1], correction[1, row], correction[1, row &+ 1]
        )
        var sum = special.center * ((above[k] + below[k]) + (same[k] + same[k &+ 1]))
        let corners = special.corners
        if corners.x != 0 || corners.y != 0 {
            let top = correction[1, row &- 2]
            sum += corners.x * ((top[k] + same[k]) + (above[k] + above[k &- 1]))
            sum += corners.y * ((top[k &+ 1] + same[k &+ 1]) + (above[k &+ 1] + above[k]))
        }
        if corners.z != 0 || corners.w != 0 {
            let bottom = correction[1, row &+ 2]
            sum += corners.z * ((bottom[k] + same[k]) + (below[k] + below[k &- 1]))
            sum += corners.w * ((bottom[k &+ 1] + same[k &+ 1]) + (below[k &+ 1] + below[k]))
        }
        coarse.rhs[offset: special.coarse] = sum
    }

    /// Adds the coarse correction to the black sites of one row.
    @inline(__always) private func prolongateRow(_ row: Int, from coarse: CoarseLevel) {
        let count = count(1, row)
        let first = coarse.value[(row &+ 1) / 2 &- 1]
        let second = row & 1 == 1 ? first : coarse.value[(row &+ 1) / 2]
        // On a coarse row black sites stand between coarse columns k − 1 and k; else between two
        // coarse rows at k.
        let side = row & 1 == 1 ? -1 : 0
        let out = correction[1, row]
        Columns.each(count) { k in out[k] += 0.5 * (first[k &+ side] + second[k]) }
        out.clearTail(from: count)
    }

    @inline(__always) private func add(_ special: SpecialWeights, from coarse: CoarseLevel) {
        correction[1, Int(special.row)][Int(special.k)] +=
            special.weights.x * coarse.value[offset: special.first] + special.weights.y
            * coarse.value[offset: special.second]
    }

    /// One Gauss–Seidel half-sweep on one row: correction = (residual + Σ neighbours) / diagonal.
    @inline(__always) private func relax(colour: Int, _ row: Int, inverse: Float) {
        let count = count(colour, row)
        let side = (row &+ colour) & 1 == 0 ? -1 : 1
        let other = 1 - colour
        let (above, same, below) = (
            correction[other, row &- 1], correction[other, row], correction[other, row &+ 1]
        )
        let (own, out) = (residual[colour, row], correction[colour, row])
        Columns.each(count) { k in
            let sum = (above[k] + below[k]) + (same[k] + same[k &+ side])
            out[k] = inverse * (own[k] + sum)
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
            let sum =
                (correction[other, row - 1][k] + correction[other, row + 1][k])
                + (same[k] + same[k + side])
            correction[colour, row][k] = inverse * (residual[colour, row][k] + sum)
        }
    }

    @inline(__always) private func addCorrection(_ row: Int, _ relaxation: Float, _ stage: Stage) {
        for colour in 0...1 {
            let (u, draft, e) = (field[colour, row], draft[colour, row], correction[colour, row])
            switch stage {
            case .draft: Columns.each(field.columns) { draft[$0] += relaxation * e[$0] }
            case .conversion:
                Columns.each(field.columns) {
                    u[$0] = Double(draft[$0]) + Double(relaxation * e[$0])
                }
            case .refinement: Columns.each(field.columns) { u[$0] += Double(relaxation * e[$0]) }
            }
        }
    }

    /// Gives the pinned sites of one row their values, which `draft` holds rounded.
    private func restoreExactly(_ pinned: SitesByRow?, _ row: Int) {
        guard let pinned else { return }
        for index in pinned.row(row) {
            let site = pinned.sites[index]
            field[Int(site.colour), row][Int(site.k)] = site.value
        }
    }

    /// Zeroes the correction at the pinned sites of `colour` in `row`.
    @inline(__always) private func clear(_ pinned: SitesByRow?, colour: Int, _ row: Int) {
        guard let pinned else { return }
        for index in pinned.row(row) where pinned.sites[index].colour == colour {
            correction[colour, row][Int(pinned.sites[index].k)] = 0
        }
    }

    /// Upper bound on the sum of all squares that `computeResidual` has gathered by column.
    private func sumOfSquares() -> Double {
        let gathered = squares[0]
        var sum = 0.0
        for k in 0..<squares.columns { sum += Double(gathered[k]) }
        // A square goes through two roundings and one for each row, each of at most 2⁻²⁴ of numbers
        // that only grow; below the normal range each square loses at most 2⁻¹⁵⁰.
        let roundings = Double(lattice.rows + 4)
        return sum * (1 + roundings * 0x1p-23) + Double(lattice.rows * lattice.columns) * 0x1p-149
    }

    /// residual = rhs − A u on one row, whose squares are gathered; returns the bits of its largest
    /// magnitude.
    @inline(__always) private func computeResidual(
        _ row: Int, _ sources: borrowing SitesByRow, isPinned: Bool, isDraft: Bool
    ) -> Int32 {
        for colour in 0...1 {
            if isDraft {
                draftResidualRow(row, colour: colour)
            } else {
                residualRow(row, colour: colour)
            }
        }
        for index in sources.row(row) {
            let (colour, k) = (Int(sources.sites[index].colour), Int(sources.sites[index].k))
            let (value, line) = (sources.sites[index].value, residual[colour, row])
            line[k] =
                isPinned
                ? 0 : isDraft ? Float(value) + line[k] : Float(value + remainder(row, k, colour))
        }
        var largest: Int32 = 0
        let (red, black, gathered) = (residual[0, row], residual[1, row], squares[0])
        Columns.each(residual.columns) { k in
            largest = max(largest, max(red[k].magnitudeBits, black[k].magnitudeBits))
            gathered[k] += red[k] * red[k] + black[k] * black[k]
        }
        return largest
    }

    /// residual = −A u on one row of one colour.
    @inline(__always) private func residualRow(_ row: Int, colour: Int) {
        let count = count(colour, row)
        let side = (row &+ colour) & 1 == 0 ? -1 : 1
        let diagonal = 4 + decay
        let (above, same, below) = (
            field[1 - colour, row &- 1], field[1 - colour, row], field[1 - colour, row &+ 1]
        )
        let (center, result) = (field[colour, row], residual[colour, row])
        Columns.each(count) { k in
            let sum = (above[k] + below[k]) + (same[k] + same[k &+ side])
            result[k] = Float(sum - diagonal * center[k])
        }
        result.clearTail(from: count)
    }

    /// residual = −A u on one row of one colour of the draft. The differences of neighbours are
    /// small: in this form little is lost to rounding.
    @inline(__always) private func draftResidualRow(_ row: Int, colour: Int) {
        let count = count(colour, row)
        let side = (row &+ colour) & 1 == 0 ? -1 : 1
        let decay = Float(decay)
        let (above, same, below) = (
            draft[1 - colour, row &- 1], draft[1 - colour, row], draft[1 - colour, row &+ 1]
        )
        let (center, result) = (draft[colour, row], residual[colour, row])
        Columns.each(count) { k in
            let u = center[k]
            let sum = ((above[k] - u) + (below[k] - u)) + ((same[k] - u) + (same[k &+ side] - u))
            result[k] = sum - decay * u
        }
        result.clearTail(from: count)
    }

    /// −A u at one site, with the additions of `residualRow`.
    @inline(__always) private func remainder(_ row: Int, _ k: Int, _ colour: Int) -> Double {
        let side = (row + colour) & 1 == 0 ? -1 : 1
        let same = field[1 - colour, row]
        let sum =
            (field[1 - colour, row - 1][k] + field[1 - colour, row + 1][k])
            + (same[k] + same[k + side])
        return sum - (4 + decay) * field[colour, row][k]
    }
}
