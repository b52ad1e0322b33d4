/// The arithmetic of one row, in vectors of eight. No sum depends on the machine's width: every product is added in order, by
/// explicitly fused operations.
extension SineTransform {
    /// Writes u of the first sites of up to `batch` rows from their amplitudes, `slotCount` of them; idle ones must be 0.
    ///
    /// - Parameters:
    ///   - rows: The rows, from `v`, into `out`.
    ///   - sites: Number of sites of each row to write, at most M − 1.
    @inline(__always)
    package func synthesise(
        _ rows: Range<Int>, sites: Int, from v: (Int) -> Line<Double>, into out: (Int) -> Line<Double>
    ) {
        for (index, row) in rows.enumerated() { foldAndSumSecond(v(row), index) }
        sumFirst(rows.count)
        for (index, row) in rows.enumerated() { unfold(index, sites, into: out(row)) }
    }

    /// The sums over m₂ of the row with this place in the batch.
    private func foldAndSumSecond(_ v: Line<Double>, _ index: Int) {
        let h2 = halves.second
        let width = 2 * lanes
        let (even, odd) = (workspace.even[0], workspace.odd[0])
        for m in 0..<h2 &+ 1 {
            let (above, below) = (v.advanced(by: (h2 &+ m) &* width), v.advanced(by: (h2 &- m) &* width))
            let (p, q) = (even.advanced(by: m &* width), odd.advanced(by: (m &- 1) &* width))
            if m == 0 {
                Columns.eights(width) { p.store8(above.load8($0), $0) }
            } else {
                Columns.eights(width) { k in
                    let (a, b) = (above.load8(k), below.load8(k))
                    p.store8(a + b, k)
                    q.store8(a - b, k)
                }
            }
        }
        // Rows are written in fives, so that each row of the batch spills into the place of the next, which comes later.
        let evenSums = workspace.evenSums[0].advanced(by: index &* (h2 &+ 1) &* width)
        guard h2 > 0 else { return Columns.eights(width) { evenSums.store8(even.load8($0), $0) } }
        let oddSums = workspace.oddSums[0].advanced(by: index &* h2 &* width)
        multiply(
            secondCosines[0], secondCosines.stride, even, width, into: evenSums, width, rows: h2 + 1, inner: h2 + 1,
            width: width)
        multiply(
            secondSines[0], secondSines.stride, odd, width, into: oddSums, width, rows: h2, inner: h2, width: width)
    }

    /// The sums over m₁ of the first `count` rows of the batch.
    private func sumFirst(_ count: Int) {
        let (h1, h2) = halves
        multiply(
            workspace.evenSums[0].advanced(by: 1), lanes, firstSines[0], firstSines.stride, into: workspace.sines[0],
            lanes, rows: 2 * (h2 + 1) * count, inner: h1, width: lanes)
        guard h2 > 0 else { return }
        multiply(
            workspace.oddSums[0], lanes, firstCosines[0], firstCosines.stride, into: workspace.cosines[0], lanes,
            rows: 2 * h2 * count, inner: h1 + 1, width: lanes)
    }

    /// The sites of the row with this place in the batch.
    private func unfold(_ index: Int, _ sites: Int, into out: Line<Double>) {
        let h2 = halves.second
        let width = 2 * lanes
        let sines = workspace.sines[0].advanced(by: index &* (h2 &+ 1) &* width)
        let cosines = workspace.cosines[0].advanced(by: index &* h2 &* width)
        for j in 0..<h2 &+ 1 {
            combine(sines.advanced(by: j &* width), cosines.advanced(by: (j &- 1) &* width), row: j)
        }
        let results = workspace.results[0]
        let places = places.line
        for site in 0..<sites { out[site] = results[places[site]] }
    }

    /// Adds the parts of the sums for (j₁, ±j₂) with j₂ = `row`: u at j and at M − j, for either sign.
    @inline(__always)
    private func combine(_ sines: Line<Double>, _ cosines: Line<Double>, row: Int) {
        let (plus, minus) = (plusSigns[row], minusSigns[row])
        let lanes = lanes
        let out = workspace.results[0].advanced(by: 4 &* lanes &* row)
        if row > 0 {
            Columns.eights(lanes) { k in
                let (e, f) = (sines.load8(k), cosines.load8(k))
                let (o, p) = (sines.load8(k &+ lanes), cosines.load8(k &+ lanes))
                let (upper, lower) = (e + f, e - f)
                let (upperOdd, lowerOdd) = (plus.load8(k) * (o + p), minus.load8(k) * (o - p))
                out.store8(upper + upperOdd, k)
                out.store8(upperOdd - upper, k &+ lanes)
                out.store8(lower + lowerOdd, k &+ 2 &* lanes)
                out.store8(lowerOdd - lower, k &+ 3 &* lanes)
            }
        } else {
            Columns.eights(lanes) { k in
                let (even, odd) = (sines.load8(k), plus.load8(k) * sines.load8(k &+ lanes))
                out.store8(odd + even, k)
                out.store8(odd - even, k &+ lanes)
            }
        }
    }

    /// out = a b, of `rows` rows rounded up to a multiple of 5 and `width` columns, a multiple of 8; `inner` terms each.
    /// Rows of each are their stride apart.
    @inline(__always)
    private func multiply(
        _ a: Line<Double>, _ aStride: Int, _ b: Line<Double>, _ bStride: Int, into out: Line<Double>, _ outStride: Int,
        rows: Int, inner: Int, width: Int
    ) {
        var column = 0
        while column < width {
            var row = 0
            while row < rows {
                let a0 = a.advanced(by: row &* aStride)
                let a1 = a0.advanced(by: aStride)
                let a2 = a1.advanced(by: aStride)
                let a3 = a2.advanced(by: aStride)
                let a4 = a3.advanced(by: aStride)
                var s0 = SIMD8<Double>.zero
                var (s1, s2, s3, s4) = (s0, s0, s0, s0)
                var position = column
                for k in 0..<inner {
                    let v = b.load8(position)
                    s0 = s0.addingProduct(v, SIMD8(repeating: a0[k]))
                    s1 = s1.addingProduct(v, SIMD8(repeating: a1[k]))
                    s2 = s2.addingProduct(v, SIMD8(repeating: a2[k]))
                    s3 = s3.addingProduct(v, SIMD8(repeating: a3[k]))
                    s4 = s4.addingProduct(v, SIMD8(repeating: a4[k]))
                    position &+= bStride
                }
                let result = out.advanced(by: row &* outStride &+ column)
                result.store8(s0, 0)
                result.store8(s1, outStride)
                result.store8(s2, 2 &* outStride)
                result.store8(s3, 3 &* outStride)
                result.store8(s4, 4 &* outStride)
                row &+= 5
            }
            column &+= 8
        }
    }
}
