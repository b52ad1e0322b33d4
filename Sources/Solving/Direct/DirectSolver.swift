package import Fields

/// Solves problems with constant coefficients without iterating over the
/// lattice, and certifies the field by its residual.
///
/// The field of emitting sources is that of their charges (`FourierSolver`). Pinned sources are
/// charges on their rims (`CapacitanceMatrix`) whose field v has, up to a small mismatch, the
/// sources' values there.
///
/// *Certificate.* Let e = v − u* on the free sites, where A e = r, the residual of v; on the rims
/// |e| is at most the mismatch m = max |v − c|, and so it is on the ghost sites of absorbing sides,
/// where u* vanishes.
/// With w ≥ 0 and A w ≥ 1 the sum m + max|r| · w is at least |e| on the rims and A (m + max|r| w) ≥
/// |A e| on the free sites (A takes a constant m to γ m ≥ 0), so by the comparison principle of
/// M-matrices |e| ≤ m + max|r| · max w. Both are measured on the field itself, in Double; for
/// max|r| stands the largest norm ‖r‖₂ of a row, which is no smaller, quicker to sum, and small
/// enough.
package final class DirectSolver {
    let lattice: Lattice
    let coefficients: ConstantMedium
    private let ends: Sides
    private let fourier: FourierSolver
    private var capacitance: CapacitanceMatrix?
    private var rim: RimSites
    /// Rows of the field: a few in turn for pinned sources, all of them for emitting ones, whose
    /// largest value scales the label.
    private let ring: Plane<Double>
    private var whole: Plane<Double>
    let residuals: Plane<Double>
    private let zeros: Plane<Double>
    /// Rows 0 and 1, where the last row is beside the first.
    private let firstRows: Plane<Double>
    /// Largest w.
    private let barrier: Double

    /// Whether the method is the faster one: there must be a cheap transform, and a table of
    /// Green's function of reasonable size; and decay or an absorbing side, as the certificate has
    /// no barrier without.
    package static func suits(
        _ lattice: Lattice, _ coefficients: ConstantMedium, _ boundary: Boundary = .absorbing
    ) -> Bool {
        objection(to: lattice, coefficients, boundary) == nil
    }

    /// Why the method is not the faster one, or cannot be taken, for people; nil where it suits.
    static func objection(
        to lattice: Lattice, _ coefficients: ConstantMedium, _ boundary: Boundary
    ) -> String? {
        guard coefficients.decay > 0 || boundary.isAbsorbingSomewhere else {
            return "nothing bounds its error where there is no decay and no absorbing side"
        }
        let sides = Sides(boundary)
        guard let cost = cost(lattice, coefficients, sides), cost / lattice.columns <= 200 else {
            return "rows of \(lattice.columns) sites have no cheap transform"
        }
        let table = LatticeGreen.operations(
            rows: lattice.rows, columns: lattice.columns, sides, coefficients)
        guard table <= 2_000_000_000 else {
            return "Green's function of this lattice and decay costs too much"
        }
        return nil
    }

    private static func cost(_ lattice: Lattice, _ coefficients: ConstantMedium, _ sides: Sides)
        -> Int?
    {
        guard sides.columns == .absorbing else {
            return WaveTransform.cost(columns: lattice.columns, ends: sides.columns)
        }
        return intervals(lattice, coefficients).map { SineTransform.cost(intervals: $0) }
    }

    private static func transform(
        _ lattice: Lattice, _ coefficients: ConstantMedium, _ sides: Sides
    ) -> RowTransform {
        guard sides.columns == .absorbing else {
            return .waves(WaveTransform(columns: lattice.columns, ends: sides.columns))
        }
        guard let intervals = intervals(lattice, coefficients) else {
            preconditionFailure("a lattice that does not suit the direct method")
        }
        return .sines(SineTransform(intervals: intervals))
    }

    /// The length M of the cheapest transform: columns + 1 itself where it is odd, or a longer one
    /// where decay leaves nothing of the images that it lacks; nil where there is none.
    private static func intervals(_ lattice: Lattice, _ coefficients: ConstantMedium) -> Int? {
        let own = lattice.columns + 1
        var candidates = own & 1 == 1 ? [own] : []
        let margin = LatticeGreen.distance(
            decay: coefficients.decay, diffusivity: coefficients.across, until: 1e-11,
            most: 4 * lattice.columns)
        if margin <= 4 * lattice.columns {
            candidates += stride(from: (own + margin) | 1, to: own + margin + own / 8 + 64, by: 2)
        }
        return candidates.map { ($0, SineTransform.cost(intervals: $0)) }.min { $0.1 < $1.1 }?.0
    }

    /// Creates a solver with its tables.
    package init(
        lattice: Lattice, coefficients: ConstantMedium, boundary: Boundary = .absorbing
    ) {
        self.lattice = lattice
        self.coefficients = coefficients
        let (rows, columns) = (lattice.rows, lattice.columns)
        ends = Sides(boundary)
        fourier = FourierSolver(
            rows: rows, columns: columns, rowEnds: ends.rows,
            transform: DirectSolver.transform(lattice, coefficients, ends),
            down: coefficients.down, across: coefficients.across, decay: coefficients.decay)
        rim = RimSites(rows: rows, columns: columns, ends)
        ring = Plane(rows: FourierSolver.bufferRows, columns: columns + 1)
        whole = Plane(rows: 0, columns: columns + 1)
        residuals = Plane(rows: 1, columns: columns)
        zeros = Plane(rows: 1, columns: columns)
        firstRows = Plane(rows: 2, columns: columns + 1)
        // Parabolas down and across are barriers as well as the constant 1/γ.
        barrier = min(
            coefficients.decay > 0 ? 1 / coefficients.decay : .infinity,
            min(
                ends.rows.barrier(rows, coefficients.down),
                ends.columns.barrier(columns, coefficients.across)))
    }

    /// Solves and writes the label as `Solver.solve` does; nil where the sources have too many rim
    /// sites for this method.
    package func solve(
        _ image: SourceImage, pinned: Bool, accuracy: Accuracy, into label: inout [Float]
    ) -> Solution? {
        pinned
            ? solvePinned(image, accuracy: accuracy, into: &label)
            : solveEmitting(image, accuracy: accuracy, into: &label)
    }

    // MARK: - Emitting

    private func solveEmitting(_ image: SourceImage, accuracy: Accuracy, into label: inout [Float])
        -> Solution
    {
        if whole.rows == 0 { whole = Plane(rows: lattice.rows, columns: lattice.columns + 1) }
        let charges = zip(image.sites, image.values).map { site, value in
            Charge(row: site / lattice.columns, column: site % lattice.columns, amount: value)
        }
        fourier.setCharges(charges)
        let known = SitesInRows(
            rows: lattice.rows, columns: lattice.columns, image.sites, image.values)
        var largestResidual = 0.0
        var ghost = 0.0
        var scale = 0.0
        sweep(into: whole) { row, above, line, below in
            var residual = residualNorm(row, above, line, below, known, isPinned: false)
            if !residual.isFinite { residual = .infinity }
            largestResidual = max(largestResidual, residual)
            ghost = max(ghost, fourier.transform.mismatch(line, lattice.columns))
            for index in known.row(row) { scale = max(scale, line[known.column(index)]) }
        }
        // A field's maximum lies on a source (maximum principle), and |u/m − u*/m*| ≤ 2 |u − u*|/m:
        // see `Solver`.
        let error = certified(largestResidual, mismatch: ghost, magnitude: scale)
        let scaled = scale > 0 ? 2 * error / scale : .infinity
        let bound = scaled + accuracy.rounding(upTo: 1 + min(scaled, 1))
        let rounded = LabelRounding(scale: scale > 0 ? scale : .infinity, step: accuracy.step)
        for row in 0..<lattice.rows { write(whole[row], row, rounded, into: &label) }
        return Solution(
            method: .direct, errorBound: bound, isCertified: bound <= accuracy.tolerance, cycles: 0,
            residuals: [Float(largestResidual)])
    }

    // MARK: - Pinned

    /// More corrections of the charges than any configuration needs.
    private static let maximumCorrections = 6

    private func solvePinned(_ image: SourceImage, accuracy: Accuracy, into label: inout [Float])
        -> Solution?
    {
        rim.replace(sites: image.sites, values: image.values)
        guard CapacitanceMatrix.suits(rim.groups.count, lattice) else { return nil }
        if capacitance == nil {
            capacitance = CapacitanceMatrix(
                rows: lattice.rows, columns: lattice.columns, ends, coefficients)
        }
        guard let capacitance else { return nil }
        capacitance.prepare(rim.groups)
        let known = SitesInRows(
            rows: lattice.rows, columns: lattice.columns, image.sites, image.values)
        let largestValue = image.values.max() ?? 0
        let rounded = LabelRounding(scale: 1, step: accuracy.step)
        var charges = RimCharges(rim.groups)
        var residuals: [Float] = []
        var bound = Double.infinity
        var last = Double.infinity
        repeat {
            last = bound
            charges.correct(by: capacitance, tolerance: 0.3 * max(accuracy.solverShare, 1e-12))
            fourier.setCharges(charges.byRow)
            var largestResidual = 0.0
            var ghost = 0.0
            sweep(into: ring) { row, above, line, below in
                var residual = residualNorm(row, above, line, below, known, isPinned: true)
                if !residual.isFinite { residual = .infinity }
                largestResidual = max(largestResidual, residual)
                ghost = max(ghost, fourier.transform.mismatch(line, lattice.columns))
                charges.measure(row, line)
                write(line, row, known, rounded, into: &label)
            }
            let mismatch = max(charges.mismatch, ghost)
            bound = certified(largestResidual, mismatch: mismatch, magnitude: largestValue)
            residuals.append(Float(max(largestResidual, mismatch)))
            bound += accuracy.rounding(upTo: largestValue + min(bound, largestValue))
        } while bound > accuracy.tolerance && bound < 0.5 * last
            && residuals.count < DirectSolver.maximumCorrections
        return Solution(
            method: .direct, errorBound: bound, isCertified: bound <= accuracy.tolerance, cycles: 0,
            residuals: residuals)
    }

    // MARK: - Rows

    /// Computes the field, and calls `body` with each row between its neighbours. Where rows are
    /// joined the first row comes last, as it needs the last one.
    private func sweep(
        into buffer: borrowing Plane<Double>,
        _ body: (_ row: Int, _ above: Line<Double>, _ line: Line<Double>, _ below: Line<Double>) ->
            Void
    ) {
        let zero = zeros[0]
        let (first, second) = (firstRows[0], firstRows[1])
        let isPeriodic = ends.rows.isPeriodic
        var previous = zero
        var current = zero
        fourier.solve(into: buffer) { row, line in
            if row > 0, !isPeriodic || row > 1 { body(row - 1, previous, current, line) }
            previous = row > 0 ? current : ends.rows.first == .reflecting ? line : zero
            current = line
            if isPeriodic && row < 2 {
                let copy = row == 0 ? first : second
                for column in -1..<lattice.columns + 1 { copy[column] = line[column] }
            }
        }
        let outside =
            isPeriodic ? first : ends.rows.last == .reflecting ? current : zero
        body(lattice.rows - 1, previous, current, outside)
        if isPeriodic { body(0, current, first, second) }
    }

    /// The bound on the error of a field with this residual, this mismatch on rims, and values up
    /// to `magnitude`.
    private func certified(_ residual: Double, mismatch: Double, magnitude: Double) -> Double {
        // A residual is a sum of seven products, each rounded, of magnitudes up to 4 (a + b) + γ
        // times the field.
        let size = 4 * (coefficients.down + coefficients.across) + 2 * coefficients.decay
        let arithmetic = 16 * 0x1p-53 * size * (magnitude + mismatch)
        return (mismatch + (residual + arithmetic) * barrier) * (1 + 1e-9)
    }
}
