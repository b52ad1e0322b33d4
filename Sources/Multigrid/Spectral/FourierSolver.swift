/// Solves a (2u − u↑ − u↓) + b (2u − u← − u→) + γ u = q directly, for right-hand sides q on a few sites, with absorbing sides
/// on the left and the right (Fourier analysis, Hockney 1965, A fast direct solution of Poisson's equation using Fourier
/// analysis, J. ACM 12; Buzbee, Golub and Nielson 1970, SIAM J. Numer. Anal. 7).
///
/// Sines across the columns turn the equation into one a mode down the rows, t vᵢ − vᵢ₋₁ − vᵢ₊₁ = qᵢ/a with t = ρ + 1/ρ and
/// 0 < ρ < 1. On endless rows its solution is c Σₛ ρ^|i − s| qₛ with c = ρ/(a (1 − ρ²)): the sum of two recursions, f down from
/// above, fᵢ = ρ fᵢ₋₁ + qᵢ, and g up from below, gᵢ = ρ (gᵢ₊₁ + qᵢ₊₁), both as stable as can be. The sides at the top and at
/// the bottom choose what the recursions start from.
///
/// Cost: the transform, about 23 multiplications a site on 512 columns, and five operations a site for the recursions,
/// whatever there is on the right-hand side.
package final class FourierSolver {
    package let rows: Int
    package let columns: Int
    private let top: Side
    private let bottom: Side
    package let transform: SineTransform
    /// ρ of each slot, 0 where it is idle.
    private let ratios: Plane<Double>
    /// (2/M) c of each slot, 0 where it is idle.
    private let weights: Plane<Double>
    /// Amplitudes of the right-hand side of each row that has one, in the order of `chargedRows`.
    private let amplitudes: Plane<Double>
    /// Row of the lattice of each row of `amplitudes`, ascending.
    private var chargedRows: [Int] = []
    /// g of every row.
    private let upward: Plane<Double>
    private let states: Plane<Double>
    private let waves: WaveTable

    /// What holds above the first row or below the last.
    package enum Side {
        case absorbing
        case reflecting
    }

    /// Creates a solver and its tables; `columns` is even. About 21 bytes a site, and 8 · columns² / 2 for the tables.
    package init(
        rows: Int, columns: Int, top: Side = .absorbing, bottom: Side = .absorbing, down: Double, across: Double,
        decay: Double
    ) {
        self.rows = rows
        self.columns = columns
        self.top = top
        self.bottom = bottom
        let transform = SineTransform(intervals: columns + 1)
        self.transform = transform
        let count = transform.slotCount
        ratios = Plane(rows: 1, columns: count)
        weights = Plane(rows: 1, columns: count)
        amplitudes = Plane(rows: rows, columns: count)
        upward = Plane(rows: rows, columns: count)
        states = Plane(rows: State.count, columns: count)
        waves = WaveTable(transform: transform)
        let h2 = transform.halves.second
        let intervals = transform.intervals
        for m2 in -h2...h2 {
            for lane in 0...transform.halves.first {
                guard let m = transform.order(second: m2, lane: lane) else { continue }
                let slot = (m2 + h2) * 2 * transform.lanes + lane
                // λ = γ/a + (b/a) 4 sin²(π k / 2M): k = 2m for E, and k = M − 2m, a cosine, for O.
                let sine = Turn.sine(m, of: 2 * intervals)
                let cosine = Turn.cosine(m, of: 2 * intervals)
                for (offset, wave) in [(0, sine), (transform.lanes, cosine)] {
                    let half = (decay + across * (4 * wave * wave)) / down / 2
                    let ratio = 1 / (1 + half + (half * (half + 2)).squareRoot())
                    ratios[0][slot + offset] = ratio
                    weights[0][slot + offset] =
                        2 / Double(intervals) * ratio / (down * ((1 - ratio) * (1 + ratio)))
                }
            }
        }
    }

    /// Rows of `states`.
    private enum State {
        static let running = 0
        static let first = 1  // f as it starts above row 0
        static let last = 2  // g as it starts below the last row
        static let power = 3
        static let square = 4
        static let product = 5
        static let count = 6
    }

    /// Takes over the right-hand side; `charges` ascend by row.
    package func setCharges(_ charges: [Charge]) {
        chargedRows.removeAll(keepingCapacity: true)
        var start = 0
        while start < charges.count {
            var end = start
            while end < charges.count, charges[end].row == charges[start].row { end += 1 }
            waves.expand(charges[start..<end], into: amplitudes[chargedRows.count])
            chargedRows.append(charges[start].row)
            start = end
        }
    }

    /// Computes the field and calls `body` with every row in turn: its number, and its sites, which hold until `body` has
    /// seen the row after the next one.
    ///
    /// - Parameter buffer: Rows for the sites, at least four; `body` may change what it is given.
    package func solve(into buffer: borrowing Plane<Double>, _ body: (_ row: Int, _ line: Line<Double>) -> Void) {
        findEnds()
        sweepUpward()
        let count = transform.slotCount
        let (ratio, weight) = (ratios[0], weights[0])
        let state = states[State.running]
        let first = states[State.first]
        Columns.each(count, multiple: 8) { state[$0] = first[$0] }
        var next = 0
        for row in 0..<rows {
            let amplitude = upward[row]
            if next < chargedRows.count, chargedRows[next] == row {
                let own = amplitudes[next]
                next += 1
                Columns.each(count, multiple: 8) { k in
                    let f = own[k].addingProduct(ratio[k], state[k])
                    state[k] = f
                    amplitude[k] = weight[k] * (f + amplitude[k])
                }
            } else {
                Columns.each(count, multiple: 8) { k in
                    let f = ratio[k] * state[k]
                    state[k] = f
                    amplitude[k] = weight[k] * (f + amplitude[k])
                }
            }
            let line = buffer[row % buffer.rows]
            transform.synthesise(amplitude, into: line)
            line[columns] = 0
            body(row, line)
        }
    }

    /// upward = g of every row, from `State.last` on; then `State.first`, from what g is above row 0.
    private func sweepUpward() {
        let count = transform.slotCount
        let ratio = ratios[0]
        let state = states[State.running]
        let last = states[State.last]
        Columns.each(count, multiple: 8) { state[$0] = ratio[$0] * last[$0] }
        var next = chargedRows.count - 1
        for row in (0..<rows).reversed() {
            let g = upward[row]
            if next >= 0, chargedRows[next] == row {
                let own = amplitudes[next]
                next -= 1
                Columns.each(count, multiple: 8) { k in
                    g[k] = state[k]
                    state[k] = ratio[k] * (state[k] + own[k])
                }
            } else {
                Columns.each(count, multiple: 8) { k in
                    g[k] = state[k]
                    state[k] = ratio[k] * state[k]
                }
            }
        }
        let first = states[State.first]
        switch top {
        case .absorbing: Columns.each(count, multiple: 8) { first[$0] = -state[$0] }
        case .reflecting: Columns.each(count, multiple: 8) { first[$0] = ratio[$0] == 0 ? 0 : state[$0] / ratio[$0] }
        }
    }

    /// Finds what g starts from below the last row.
    ///
    /// Let F be f below the last row for charges alone, G be g above the first, both one row outside, and p = ρ^(rows + 1). Then
    /// f(−1) = α, g(rows) = β give f(rows) = F + p α and g(−1) = G + p β. An absorbing side asks that the other recursion be
    /// cancelled, α = −g(−1) and β = −f(rows); a reflecting one, u(−1) = u(0), gives α = g(−1)/ρ, and β = f(rows)/ρ.
    /// So with σ and τ either −1 or 1/ρ, β = τ (F + p σ G) / (1 − σ τ p²).
    private func findEnds() {
        let count = transform.slotCount
        let ratio = ratios[0]
        let (running, last) = (states[State.running], states[State.last])
        let (below, above, power) = (states[State.first], states[State.product], states[State.power])
        // F, by Horner's rule down the charged rows.
        Columns.each(count, multiple: 8) { below[$0] = 0 }
        for (index, row) in chargedRows.enumerated() {
            let own = amplitudes[index]
            if index > 0 { raise(ratio, to: row - chargedRows[index - 1], into: running) }
            Columns.each(count, multiple: 8) { below[$0] = own[$0].addingProduct(running[$0], below[$0]) }
        }
        if let row = chargedRows.last {
            raise(ratio, to: rows - row, into: running)
            Columns.each(count, multiple: 8) { below[$0] *= running[$0] }
        }
        // G, up the charged rows.
        Columns.each(count, multiple: 8) { above[$0] = 0 }
        for index in chargedRows.indices.reversed() {
            let own = amplitudes[index]
            if index + 1 < chargedRows.count {
                raise(ratio, to: chargedRows[index + 1] - chargedRows[index], into: running)
            }
            Columns.each(count, multiple: 8) { above[$0] = own[$0].addingProduct(running[$0], above[$0]) }
        }
        if let row = chargedRows.first {
            raise(ratio, to: row + 1, into: running)
            Columns.each(count, multiple: 8) { above[$0] *= running[$0] }
        }
        raise(ratio, to: rows + 1, into: power)
        let (isTopReflecting, isBottomReflecting) = (top == .reflecting, bottom == .reflecting)
        for k in 0..<count {
            guard ratio[k] > 0 else {
                last[k] = 0
                continue
            }
            let sigma = isTopReflecting ? 1 / ratio[k] : -1
            let tau = isBottomReflecting ? 1 / ratio[k] : -1
            last[k] = tau * (below[k] + power[k] * sigma * above[k]) / (1 - sigma * tau * power[k] * power[k])
        }
    }

    /// result = base^exponent, `exponent` ≥ 1, by squaring.
    private func raise(_ base: Line<Double>, to exponent: Int, into result: Line<Double>) {
        let count = transform.slotCount
        Columns.each(count, multiple: 8) { result[$0] = base[$0] }
        guard exponent > 1 else { return }
        for bit in (0..<Int.bitWidth - 1 - exponent.leadingZeroBitCount).reversed() {
            if exponent >> bit & 1 == 1 {
                Columns.each(count, multiple: 8) { result[$0] = result[$0] * result[$0] * base[$0] }
            } else {
                Columns.each(count, multiple: 8) { result[$0] *= result[$0] }
            }
        }
    }
}
