internal import Fields

/// What is done with each row of a field: residual and label.
extension DirectSolver {
    /// The root of the sum of squares of the residual in a row, at least its largest magnitude: of
    /// free sites where sources are pinned, of all where they emit. Not finite where a residual is
    /// not.
    func residualNorm(
        _ row: Int, _ above: Line<Double>, _ line: Line<Double>, _ below: Line<Double>,
        _ known: SitesInRows, isPinned: Bool
    ) -> Double {
        let out = residuals[0]
        let columns = lattice.columns
        let (a, b, decay) = (coefficients.down, coefficients.across, coefficients.decay)
        Columns.each(columns, multiple: 16) { k in
            let u = line[k]
            let down = (u - above[k]) + (u - below[k])
            let across = (u - line[k &- 1]) + (u - line[k &+ 1])
            out[k] = (a * down).addingProduct(b, across).addingProduct(decay, u)
        }
        for index in known.row(row) {
            out[known.column(index)] = isPinned ? 0 : out[known.column(index)] - known.value(index)
        }
        for k in columns..<columns &+ 16 { out[k] = 0 }
        var (first, second) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
        var k = 0
        while k < columns {
            let (r, s) = (out.load8(k), out.load8(k &+ 8))
            first = first.addingProduct(r, r)
            second = second.addingProduct(s, s)
            k &+= 16
        }
        // Each square is rounded once, and so is each sum of at most 2⁹ · 16 of them: 2⁻⁴⁰ is
        // ample. Squares below 10⁻³⁰⁷ may vanish.
        return ((first + second).orderedSum * (1 + 0x1p-40)).squareRoot() + 1e-150
    }

    /// Writes the label of a row in which pinned sites have their values.
    func write(
        _ line: Line<Double>, _ row: Int, _ known: SitesInRows, _ rounded: LabelRounding,
        into label: inout [Float]
    ) {
        write(line, row, rounded, into: &label)
        let first = row &* lattice.columns
        for index in known.row(row) {
            label[first + known.column(index)] = rounded(known.value(index))
        }
    }

    /// Writes the label of a row.
    func write(
        _ line: Line<Double>, _ row: Int, _ rounded: LabelRounding, into label: inout [Float]
    ) {
        let columns = lattice.columns
        unsafe label.withUnsafeMutableBufferPointer { buffer in
            precondition(
                buffer.count >= (row + 1) * columns, "the label has another lattice's size")
            let out = unsafe Line(start: buffer.baseAddress.unsafelyUnwrapped + row &* columns)
            var k = 0
            while k < columns {
                out[k] = rounded(line[k])
                k &+= 1
            }
        }
    }
}
