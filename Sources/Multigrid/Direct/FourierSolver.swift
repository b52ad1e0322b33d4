/// Solves a (2u − u↑ − u↓) + b (2u − u← − u→) + γ u = q directly, for right-hand sides q on a few sites, with absorbing
/// sides (Fourier analysis, Hockney 1965, A fast direct solution of Poisson's equation using Fourier
/// analysis, J. ACM 12; Buzbee, Golub and Nielson 1970, SIAM J. Numer. Anal. 7).
///
/// Sines across the columns turn the equation into one a mode down the rows, t vᵢ − vᵢ₋₁ − vᵢ₊₁ = qᵢ/a with t = ρ + 1/ρ and
/// 0 < ρ < 1. On endless rows its solution is c Σₛ ρ^|i − s| qₛ with c = ρ/(a (1 − ρ²)): the sum of two recursions, f down from
/// above, fᵢ = ρ fᵢ₋₁ + qᵢ, and g up from below, gᵢ = ρ (gᵢ₊₁ + qᵢ₊₁), both as stable as can be. What they start from makes
/// the field vanish above the first row and below the last.
///
/// Cost: the transform, about 23 multiplications a site on 512 columns, and five operations a site for the recursions,
/// whatever there is on the right-hand side.
package final class FourierSolver {
    package let rows: Int
    package let columns: Int
    package let transform: SineTransform
    /// ρ of each slot; 1/2 where it is idle, so that nothing divides by zero.
    private let ratios: Plane<Double>
    /// (2/M) c of each slot, 0 where it is idle.
    private let weights: Plane<Double>
    /// Amplitudes of the right-hand side of each row that has one, in the order of `chargedRows`.
    private var amplitudes: Plane<Double>
    /// Row of the lattice of each row of `amplitudes`, ascending.
    private var chargedRows: [Int] = []
    /// g at the last row of every block of `blockRows` rows.
    private let checkpoints: Plane<Double>
    /// g of the rows of one block, then their amplitudes. Whole fields of amplitudes would not stay in a core's cache: g is
    /// swept twice instead, once for the checkpoints and once block by block.
    private let block: Plane<Double>
    private let blockRows: Int
    private let states: Plane<Double>
    /// ρ^(rows + 1), and ρ^blockRows.
    private let powers: Plane<Double>
    private let waves: WaveTable

    /// Creates a solver and its tables, of about 4 · intervals² bytes.
    ///
    /// - Parameter intervals: M, odd, columns + 1 or more. A larger one has a side where no side is; the true side is made by
    ///   images of the charges, as far as they have room before the other one. The field at the ghost sites, index
    ///   `columns` of each line, is the mismatch that is left.
    package init(rows: Int, columns: Int, intervals: Int, down: Double, across: Double, decay: Double) {
        precondition(intervals > columns)
        self.rows = rows
        self.columns = columns
        let transform = SineTransform(intervals: intervals)
        self.transform = transform
        let count = transform.slotCount
        ratios = Plane(rows: 1, columns: count)
        weights = Plane(rows: 1, columns: count)
        amplitudes = Plane(rows: 0, columns: count)
        blockRows = transform.batch > 1 ? 20 : 16
        checkpoints = Plane(rows: (rows + blockRows - 1) / blockRows, columns: count)
        block = Plane(rows: blockRows, columns: count)
        states = Plane(rows: State.count, columns: count)
        powers = Plane(rows: 2, columns: count)
        waves = WaveTable(transform: transform)
        let h2 = transform.halves.second
        let ratioLine = ratios[0]
        Columns.each(count, multiple: 8) { ratioLine[$0] = 0.5 }
        for m2 in -h2...h2 {
            for lane in 0...transform.halves.first {
                guard let m = transform.order(second: m2, lane: lane) else { continue }
                let slot = (m2 + h2) * 2 * transform.lanes + lane
                // λ = γ/a + (b/a) 4 sin²(π k / 2M): k = 2m for E, and k = M − 2m, a cosine, for O.
                let sine = Turn.sine(m, of: 2 * intervals)
                let cosine = Turn.cosine(m, of: 2 * intervals)
                for (offset, wave) in [(0, sine), (transform.lanes, cosine)] {
                    let ratio = FourierSolver.ratio((decay + across * (4 * wave * wave)) / down)
                    ratios[0][slot + offset] = ratio
                    weights[0][slot + offset] =
                        2 / Double(intervals) * ratio / (down * ((1 - ratio) * (1 + ratio)))
                }
            }
        }
        raise(ratios[0], to: rows + 1, into: powers[0])
        raise(ratios[0], to: blockRows, into: powers[1])
    }

    /// Rows of `states`.
    private enum State {
        static let running = 0
        static let first = 1  // f as it starts above row 0
        static let last = 2  // g as it starts below the last row
        static let above = 3
        static let count = 4
    }

    /// ρ < 1 with ρ + 1/ρ = 2 + λ: by what a wave falls from row to row.
    static func ratio(_ eigenvalue: Double) -> Double {
        let half = eigenvalue / 2
        return 1 / (1 + half + (half * (half + 2)).squareRoot())
    }

    /// Takes over the right-hand side; `charges` ascend by row.
    package func setCharges(_ charges: [Charge]) {
        chargedRows.removeAll(keepingCapacity: true)
        let needed = charges.indices.count { $0 == 0 || charges[$0].row != charges[$0 - 1].row }
        if amplitudes.rows < needed { amplitudes = Plane(rows: min(rows, 2 * needed), columns: transform.slotCount) }
        var start = 0
        while start < charges.count {
            var end = start
            while end < charges.count, charges[end].row == charges[start].row { end += 1 }
            waves.expand(charges[start..<end] + images(of: charges[start..<end]), into: amplitudes[chargedRows.count])
            chargedRows.append(charges[start].row)
            start = end
        }
    }

    /// The images between the true side and the other one: the reflections of charges, and of their reflections in the side
    /// at the left.
    private func images(of charges: ArraySlice<Charge>) -> [Charge] {
        guard transform.intervals > columns + 1 else { return [] }
        var images: [Charge] = []
        for charge in charges {
            // Site s, counted from the left ghost, has images −, at 2M − s, 4M − s, …, and +, at 2M + s, 4M + s, ….
            let period = 2 * (columns + 1)
            for turn in stride(from: period, to: transform.intervals + columns, by: period) {
                for (place, sign) in [(turn - charge.column - 1, -1.0), (turn + charge.column + 1, 1.0)]
                where place < transform.intervals {
                    images.append(Charge(row: charge.row, column: place - 1, amount: sign * charge.amount))
                }
            }
        }
        return images
    }

    /// Rows of the field that `solve` has at hand at once.
    package static let bufferRows = 8

    /// Computes the field and calls `body` with every row in turn: its number, and its sites, which hold until `body` has
    /// seen the row after the next one.
    ///
    /// - Parameter buffer: Rows for the sites, at least `FourierSolver.bufferRows` or all.
    package func solve(into buffer: borrowing Plane<Double>, _ body: (_ row: Int, _ line: Line<Double>) -> Void) {
        findEnds()
        findCheckpoints()
        let count = transform.slotCount
        let (ratio, weight) = (ratios[0], weights[0])
        let state = states[State.running]
        let start = states[State.first]
        Columns.eights(count) { state.store8(start.load8($0), $0) }
        var next = 0
        for first in stride(from: 0, to: rows, by: blockRows) {
            let end = min(rows, first + blockRows)
            fillBlock(first..<end, charges: next)
            for row in first..<end {
                let amplitude = block[row - first]
                if next < chargedRows.count, chargedRows[next] == row {
                    let own = amplitudes[next]
                    next += 1
                    Columns.eights(count) { k in
                        let f = own.load8(k).addingProduct(ratio.load8(k), state.load8(k))
                        state.store8(f, k)
                        amplitude.store8(weight.load8(k) * (f + amplitude.load8(k)), k)
                    }
                } else {
                    Columns.eights(count) { k in
                        let f = ratio.load8(k) * state.load8(k)
                        state.store8(f, k)
                        amplitude.store8(weight.load8(k) * (f + amplitude.load8(k)), k)
                    }
                }
                let isLast = row + 1 == end
                guard isLast || (row - first) % transform.batch == transform.batch - 1 else { continue }
                let batch = row - (row - first) % transform.batch..<row + 1
                transform.synthesise(
                    batch, sites: min(columns + 1, transform.intervals - 1), from: { block[$0 - first] },
                    into: { buffer[$0 % buffer.rows] })
                for row in batch {
                    let line = buffer[row % buffer.rows]
                    if transform.intervals == columns + 1 { line[columns] = 0 }
                    body(row, line)
                }
            }
        }
    }

    /// block = g of the rows of one block, from its checkpoint up; `charges` is the index of the first charged row at or
    /// below the block's first row.
    private func fillBlock(_ rows: Range<Int>, charges: Int) {
        let count = transform.slotCount
        let ratio = ratios[0]
        var next = charges
        while next < chargedRows.count, chargedRows[next] < rows.upperBound { next += 1 }
        var g = checkpoints[rows.lowerBound / blockRows]
        for row in rows.reversed() {
            let out = block[row - rows.lowerBound]
            let below = g
            if row == rows.upperBound - 1 {
                Columns.eights(count) { out.store8(below.load8($0), $0) }
            } else if next > 0, chargedRows[next - 1] == row + 1 {
                next -= 1
                let own = amplitudes[next]
                Columns.eights(count) { out.store8(ratio.load8($0) * (below.load8($0) + own.load8($0)), $0) }
            } else {
                Columns.eights(count) { out.store8(ratio.load8($0) * below.load8($0), $0) }
            }
            g = out
        }
    }

    /// checkpoints, by g from `State.last` on; then `State.first`, from what g is above row 0.
    private func findCheckpoints() {
        let count = transform.slotCount
        let ratio = ratios[0]
        let state = states[State.running]
        let last = states[State.last]
        Columns.eights(count) { state.store8(ratio.load8($0) * last.load8($0), $0) }
        let leap = powers[1]
        var next = chargedRows.count - 1
        for block in (0..<checkpoints.rows).reversed() {
            let start = block * blockRows
            let end = min(rows, start + blockRows)
            let g = checkpoints[block]
            Columns.eights(count) { g.store8(state.load8($0), $0) }
            if next < 0 || chargedRows[next] < start, end - start == blockRows {
                Columns.eights(count) { state.store8(leap.load8($0) * state.load8($0), $0) }
                continue
            }
            for row in (start..<end).reversed() {
                if next >= 0, chargedRows[next] == row {
                    let own = amplitudes[next]
                    next -= 1
                    Columns.eights(count) { state.store8(ratio.load8($0) * (state.load8($0) + own.load8($0)), $0) }
                } else {
                    Columns.eights(count) { state.store8(ratio.load8($0) * state.load8($0), $0) }
                }
            }
        }
        let first = states[State.first]
        Columns.eights(count) { first.store8(-state.load8($0), $0) }
    }

    /// Finds what g starts from below the last row.
    ///
    /// Let F be f below the last row for charges alone, G be g above the first, both one row outside, and p = ρ^(rows + 1).
    /// Starting with f(−1) = α and g(rows) = β adds p α to F and p β to G. The field vanishes on the ghost rows where
    /// α = −(G + p β) and β = −(F + p α), so β = (p G − F) / (1 − p²).
    private func findEnds() {
        let count = transform.slotCount
        let ratio = ratios[0]
        let (running, last) = (states[State.running], states[State.last])
        let (below, above) = (states[State.first], states[State.above])
        // F, by Horner's rule down the charged rows, and G up.
        Columns.eights(count) { k in
            below.store8(.zero, k)
            above.store8(.zero, k)
        }
        for index in chargedRows.indices {
            accumulate(index, into: below, gap: index == 0 ? 0 : chargedRows[index] - chargedRows[index - 1])
        }
        for index in chargedRows.indices.reversed() {
            let isLast = index + 1 == chargedRows.count
            accumulate(index, into: above, gap: isLast ? 0 : chargedRows[index + 1] - chargedRows[index])
        }
        if let firstRow = chargedRows.first, let lastRow = chargedRows.last {
            raise(ratio, to: rows - lastRow, into: running)
            Columns.eights(count) { below.store8(below.load8($0) * running.load8($0), $0) }
            raise(ratio, to: firstRow + 1, into: running)
            Columns.eights(count) { above.store8(above.load8($0) * running.load8($0), $0) }
        }
        let power = powers[0]
        Columns.eights(count) { k in
            let p = power.load8(k)
            last.store8((p * above.load8(k) - below.load8(k)) / (1 - p * p), k)
        }
    }

    /// sum = ρ^gap sum + amplitudes of charged row `index`.
    private func accumulate(_ index: Int, into sum: Line<Double>, gap: Int) {
        let count = transform.slotCount
        let own = amplitudes[index]
        let ratio = ratios[0]
        guard gap > 1 else {
            Columns.eights(count) { sum.store8(own.load8($0).addingProduct(ratio.load8($0), sum.load8($0)), $0) }
            return
        }
        let power = states[State.running]
        raise(ratio, to: gap, into: power)
        Columns.eights(count) { sum.store8(own.load8($0).addingProduct(power.load8($0), sum.load8($0)), $0) }
    }

    /// result = base^exponent, `exponent` ≥ 1, by squaring.
    private func raise(_ base: Line<Double>, to exponent: Int, into result: Line<Double>) {
        let count = transform.slotCount
        Columns.eights(count) { result.store8(base.load8($0), $0) }
        guard exponent > 1 else { return }
        for bit in (0..<Int.bitWidth - 1 - exponent.leadingZeroBitCount).reversed() {
            let isSet = exponent >> bit & 1 == 1
            Columns.eights(count) { k in
                let square = result.load8(k) * result.load8(k)
                result.store8(isSet ? square * base.load8(k) : square, k)
            }
        }
    }
}
