internal import Fields

/// What is done with each row of a field: residual and label.
extension DirectSolver {
    /// Largest magnitude of the residual in a row: of free sites where sources are pinned, of all where they emit. NaN where
    /// one of them is.
    func largestMagnitude(
        _ row: Int, _ above: Line<Double>, _ line: Line<Double>, _ below: Line<Double>, _ known: SitesInRows,
        isPinned: Bool
    ) -> Double {
        let out = residuals[0]
        let columns = lattice.columns
        let (a, b, decay) = (coefficients.down, coefficients.across, coefficients.decay)
        let sources = known.row(row)
        Columns.each(columns, multiple: 8) { k in
            let u = line[k]
            let down = (u - above[k]) + (u - below[k])
            let across = (u - line[k &- 1]) + (u - line[k &+ 1])
            out[k] = (a * down + b * across) + decay * u
        }
        for index in sources {
            out[known.column(index)] = isPinned ? 0 : out[known.column(index)] - known.value(index)
        }
        for k in columns..<columns &+ 8 { out[k] = 0 }
        var largest = SIMD8<Double>.zero
        var sum = SIMD8<Double>.zero
        var k = 0
        while k < columns {
            let r = out.load8(k)
            let square = r * r
            largest.replace(with: square, where: square .> largest)
            sum += square
            k &+= 8
        }
        // A comparison passes over NaN; a sum does not. The root of a rounded square is within 2⁻⁵² of the magnitude, or the
        // square is below 10⁻³⁰⁷.
        return sum.sum().isFinite ? (largest.max() * (1 + 0x1p-50)).squareRoot() + 1e-150 : .nan
    }

    /// Writes the label of a row in which pinned sites have their values.
    func write(
        _ line: Line<Double>, _ row: Int, _ known: SitesInRows, _ rounded: LabelRounding, into label: inout [Float]
    ) {
        write(line, row, rounded, into: &label)
        let first = row &* lattice.columns
        for index in known.row(row) { label[first + known.column(index)] = rounded(known.value(index)) }
    }

    /// Writes the label of a row.
    func write(_ line: Line<Double>, _ row: Int, _ rounded: LabelRounding, into label: inout [Float]) {
        let columns = lattice.columns
        unsafe label.withUnsafeMutableBufferPointer { buffer in
            precondition(buffer.count >= (row + 1) * columns, "the label has another lattice's size")
            let out = unsafe Line(start: buffer.baseAddress.unsafelyUnwrapped + row &* columns)
            var k = 0
            while k < columns {
                out[k] = rounded(line[k])
                k &+= 1
            }
        }
    }
}
