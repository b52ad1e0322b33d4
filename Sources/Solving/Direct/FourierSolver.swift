internal import Fields

/// Solves a (2u − u↑ − u↓) + b (2u − u← − u→) + γ u = q directly, for right-hand sides q on a few
/// sites, between sides of any kind (Fourier analysis, Hockney 1965, A fast direct solution of
/// Poisson's
/// equation using Fourier analysis, J. ACM 12; Buzbee, Golub and Nielson 1970, SIAM J. Numer. Anal.
/// 7).
///
/// Waves across the columns turn the equation into one a mode down the rows, t vᵢ − vᵢ₋₁ − vᵢ₊₁ =
/// qᵢ/a with t = ρ + 1/ρ and 0 < ρ < 1. On endless rows its solution is c Σₛ ρ^|i − s| qₛ with c =
/// ρ/(a (1 − ρ²)): the sum of two recursions, f down from above, fᵢ = ρ fᵢ₋₁ + qᵢ, and g up from
/// below, gᵢ = ρ (gᵢ₊₁ + qᵢ₊₁), both as stable as can be. What they start from makes the field
/// do above the first row and below the last what it must there.
///
/// Rows are done in batches of `SineTransform.batch`. Within a batch f and g are in registers from
/// charge to amplitude; from batch to batch each is one number a slot.
///
/// Cost: the transform, about 18 multiplications a site on 512 columns, and two operations a site
/// for the recursions, whatever there is on the right-hand side.
package final class FourierSolver {
    package let rows: Int
    package let columns: Int
    package let transform: RowTransform
    /// What holds at the sides above and below.
    private let rowEnds: Ends
    /// ρ, ρ², ρ³, ρ⁴ of each slot; ρ = 1/2 where it is idle, so that nothing divides by zero.
    let powers: Plane<Double>
    /// ρ of each slot.
    var ratio: Line<Double> { powers[0] }
    /// c of each slot over the sum of its wave's squares, 0 where it is idle.
    private let weights: Plane<Double>
    /// Amplitudes of the right-hand side, times `weights`, of each row that has one, in the order
    /// of `chargedRows`.
    private var amplitudes: Plane<Double>
    /// Row of the lattice of each row of `amplitudes`, ascending.
    private var chargedRows: [Int] = []
    /// For each batch, and one more, the first of `chargedRows` that is not above it.
    private var firstCharges: [Int]
    /// g at the last row of each batch, for the batches of one group: all of them would not stay in
    /// a core's cache, so g is swept twice, once for the groups and once within each.
    private let backward: Plane<Double>
    /// g at the last row of each group of `groupSize` batches.
    private let checkpoints: Plane<Double>
    /// ρ to the number of rows from each of `checkpoints` to the row below the last.
    private let reaches: Plane<Double>
    private static let groupSize = 8
    private let states: Plane<Double>
    private let waves: any ChargeWaves
    /// The wave that does not decay down the rows, where there is one: its ρ is 1.
    private let constant: ConstantWave?
    private var constantAmplitudes: [Double] = []
    /// Stands for a row without charges, and takes the rows of a batch that the lattice does not
    /// have.
    let spare: Plane<Double>

    /// Creates a solver and its tables, of about 8 bytes a site of the square of a row or less.
    ///
    /// - Parameters:
    ///   - rowEnds: What holds at the sides above and below.
    ///   - transform: What holds left and right is its matter. One between two absorbing sides may
    ///     be longer than a row. It has a side where no side is; the true side is made by images of
    ///     the charges, as far as they have room before the other one. The field at the ghost
    ///     sites, index `columns` of each line, is the mismatch that is left.
    package init(
        rows: Int, columns: Int, rowEnds: Ends = .absorbing, transform: RowTransform, down: Double,
        across: Double, decay: Double
    ) {
        self.rows = rows
        self.columns = columns
        self.rowEnds = rowEnds
        self.transform = transform
        let count = transform.slotCount
        let batches = (rows + SineTransform.batch - 1) / SineTransform.batch
        let groups = (batches + FourierSolver.groupSize - 1) / FourierSolver.groupSize
        powers = Plane(rows: SineTransform.batch, columns: count)
        weights = Plane(rows: 1, columns: count)
        amplitudes = Plane(rows: 0, columns: count)
        firstCharges = [Int](repeating: 0, count: batches + 1)
        backward = Plane(rows: FourierSolver.groupSize, columns: count)
        checkpoints = Plane(rows: groups, columns: count)
        reaches = Plane(rows: groups, columns: count)
        states = Plane(rows: State.count, columns: count)
        spare = Plane(rows: 2, columns: max(count, columns + 1))
        waves = transform.chargeWaves
        constant = transform.constantSlot.flatMap { slot in
            decay == 0 ? ConstantWave(slot: slot, rows: rows, ends: rowEnds, down: down) : nil
        }
        Columns.eights(count) { [ratio = powers[0]] in ratio.store8(SIMD8(repeating: 0.5), $0) }
        for slot in 0..<count where slot != constant?.slot {
            guard let height = transform.height(slot) else { continue }
            // λ = γ/a + (b/a) 4 sin²(θ/2), θ the angle by which the wave turns from site to site.
            let ratio = FourierSolver.ratio((decay + across * (4 * height * height)) / down)
            powers[0][slot] = ratio
            weights[0][slot] =
                transform.share(slot) * ratio / (down * ((1 - ratio) * (1 + ratio)))
        }
        for exponent in 2...SineTransform.batch {
            raise(ratio, to: exponent, into: powers[exponent - 1])
        }
        for group in 0..<groups {
            let last = min(rows, (group + 1) * FourierSolver.groupSize * SineTransform.batch) - 1
            raise(ratio, to: rows - last, into: reaches[group])
        }
        raise(ratio, to: rowEnds.isPeriodic ? rows : rows + 1, into: states[State.power])
        for (end, line) in [(rowEnds.first, State.top), (rowEnds.last, State.bottom)] {
            let (ratio, factor) = (ratio, states[line])
            Columns.eights(count) { k in
                factor.store8(
                    end == .absorbing ? SIMD8(repeating: -1) : 1 / ratio.load8(k), k)
            }
        }
    }

    /// Rows of `states`.
    private enum State {
        static let forward = 0  // f at the row above
        static let last = 1  // g at the row below the last
        static let power = 2  // ρ^(rows + 1); ρ^rows where rows are joined
        static let top = 3  // by what the end above returns a wave: −1, or 1/ρ
        static let bottom = 4  // by what the end below does
        static let count = 5
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
        if amplitudes.rows < needed {
            amplitudes = Plane(rows: min(rows, 2 * needed), columns: transform.slotCount)
        }
        var start = 0
        while start < charges.count {
            var end = start
            while end < charges.count, charges[end].row == charges[start].row { end += 1 }
            let runs = ChargeRun.runs(of: charges[start..<end])
            waves.expand(
                runs + transform.images(of: runs, columns: columns), times: weights[0],
                into: amplitudes[chargedRows.count])
            chargedRows.append(charges[start].row)
            start = end
        }
        var next = 0
        for batch in firstCharges.indices {
            while next < chargedRows.count, chargedRows[next] < batch * SineTransform.batch {
                next += 1
            }
            firstCharges[batch] = next
        }
        if let constant { constantAmplitudes = constant.amplitudes(of: charges, columns: columns) }
    }

    /// Rows of the field that `solve` has at hand at once.
    package static let bufferRows = 16

    /// Computes the field and calls `body` with every row in turn: its number, and its sites, which
    /// hold until `body` has seen the row after the next one.
    ///
    /// - Parameter buffer: Rows for the sites, at least `FourierSolver.bufferRows` or all.
    package func solve(
        into buffer: borrowing Plane<Double>, _ body: (_ row: Int, _ line: Line<Double>) -> Void
    ) {
        findEnds()
        let atOnce = transform.batchesAtOnce
        for group in 0..<checkpoints.rows {
            let batches =
                group
                * FourierSolver.groupSize..<min(
                    firstCharges.count - 1, (group + 1) * FourierSolver.groupSize)
            sweepGroup(batches)
            for start in stride(from: batches.lowerBound, to: batches.upperBound, by: atOnce) {
                let taken = start..<min(batches.upperBound, start + atOnce)
                for batch in taken {
                    advance(
                        rows: rowCount(batch), charges(in: batch),
                        backward[batch - batches.lowerBound], states[State.forward],
                        half: batch - start)
                }
                let first = start * SineTransform.batch
                let present = first..<min(rows, first + taken.count * SineTransform.batch)
                if let constant {
                    for row in present {
                        transform.setConstant(
                            constantAmplitudes[row], slot: constant.slot, row: row - first)
                    }
                }
                transform.synthesise()
                func line(_ row: Int) -> Line<Double> {
                    row < rows ? buffer[row % buffer.rows] : spare[1]
                }
                for batch in taken {
                    let row = batch * SineTransform.batch
                    transform.write(
                        columns: columns, half: batch - start,
                        (line(row), line(row + 1), line(row + 2), line(row + 3)))
                }
                for row in present {
                    let line = buffer[row % buffer.rows]
                    transform.setGhosts(line, columns)
                    body(row, line)
                }
            }
        }
    }

    /// The amplitudes of the right-hand side in the rows of a batch, or nil where none has any.
    private func charges(in batch: Int) -> FourLines? {
        let range = firstCharges[batch]..<firstCharges[batch + 1]
        guard !range.isEmpty else { return nil }
        let none = spare[0]
        var lines: FourLines = (none, none, none, none)
        for index in range {
            let line = amplitudes[index]
            switch chargedRows[index] % SineTransform.batch {
            case 0: lines.0 = line
            case 1: lines.1 = line
            case 2: lines.2 = line
            default: lines.3 = line
            }
        }
        return lines
    }

    /// Fills `backward` for the batches of a group, from its checkpoint up.
    private func sweepGroup(_ batches: Range<Int>) {
        let last = batches.upperBound - 1
        copy(checkpoints[last / FourierSolver.groupSize], to: backward[last - batches.lowerBound])
        for batch in batches.dropFirst().reversed() {
            let place = batch - batches.lowerBound
            ascend(rowCount(batch), charges(in: batch), backward[place], into: backward[place - 1])
        }
    }

    /// Rows of a batch: fewer in the last one.
    private func rowCount(_ batch: Int) -> Int {
        min(SineTransform.batch, rows - batch * SineTransform.batch)
    }

    /// Finds what f and g start from, and `checkpoints`.
    ///
    /// Let F be f below the last row for charges alone, G be g above the first, both one row
    /// outside, and p = ρ^(rows + 1). Starting with f(−1) = α and g(rows) = β adds p α to F and p β
    /// to G. The field vanishes on an absorbing end's ghost row where α = −(G + p β). On a
    /// reflecting end's it is that of the first row, f(0) + g(0) = ρ α + (G + p β)/ρ for any
    /// charge there, where α = (G + p β)/ρ. With s = −1 or 1/ρ for each end, α = s (G + p β) and β
    /// =
    /// s′ (F + p α), so β = s′ (F + p s G) / (1 − s s′ p²). Where rows are joined f(−1) is f of the
    /// last row, F/ρ + ρ^rows α, and β is likewise (G/ρ) / (1 − ρ^rows).
    private func findEnds() {
        let count = transform.slotCount
        let batches = firstCharges.count - 1
        let (forward, last) = (states[State.forward], states[State.last])
        // F, in `last`, and G, in `forward`.
        clear(last)
        for batch in 0..<batches { descend(rowCount(batch), charges(in: batch), last) }
        clear(forward)
        for batch in (0..<batches).reversed() {
            if batch == batches - 1 || (batch + 1) % FourierSolver.groupSize == 0 {
                copy(forward, to: checkpoints[batch / FourierSolver.groupSize])
            }
            ascend(rowCount(batch), charges(in: batch), forward, into: forward)
        }
        let (ratio, power) = (ratio, states[State.power])
        let (top, bottom) = (states[State.top], states[State.bottom])
        let isPeriodic = rowEnds.isPeriodic
        Columns.eights(count) { k in
            let p = power.load8(k)
            let above = forward.load8(k)
            if isPeriodic {
                forward.store8(last.load8(k) / (1 - p), k)
                last.store8(above / (ratio.load8(k) * (1 - p)), k)
            } else {
                let (s, t) = (top.load8(k), bottom.load8(k))
                let below = ratio.load8(k) * last.load8(k)
                let beta = t * (below + p * (s * above)) / (1 - s * t * (p * p))
                last.store8(beta, k)
                forward.store8(s * (above + p * beta), k)
            }
        }
        for group in 0..<checkpoints.rows {
            let (g, reach) = (checkpoints[group], reaches[group])
            Columns.eights(count) {
                g.store8(g.load8($0).addingProduct(reach.load8($0), last.load8($0)), $0)
            }
        }
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
    private func clear(_ line: Line<Double>) {
        Columns.eights(transform.slotCount) { line.store8(.zero, $0) }
    }

    private func copy(_ line: Line<Double>, to other: Line<Double>) {
        Columns.eights(transform.slotCount) { other.store8(line.load8($0), $0) }
    }
}
