/// The arithmetic of one row. Loops are plain; the compiler makes vectors of them, and no sum depends on their width: every
/// product is added in order, by explicitly fused operations.
extension SineTransform {
    /// Writes u of the sites 0 ..< M − 1 of a row from its amplitudes v, `slotCount` of them; idle ones must be 0.
    /// Site M − 1 of `out` is overwritten too.
    package func synthesise(_ v: Line<Double>, into out: Line<Double>) {
        let (h1, h2) = halves
        let width = 2 * lanes
        let (even, odd) = (workspace.even[0], workspace.odd[0])
        let (evenSums, oddSums) = (workspace.evenSums[0], workspace.oddSums[0])
        let (sines, cosines) = (workspace.sines[0], workspace.cosines[0])
        for m in 0...h2 {
            let (above, below) = (v.advanced(by: (h2 &+ m) &* width), v.advanced(by: (h2 &- m) &* width))
            let (p, q) = (even.advanced(by: m &* width), odd.advanced(by: (m &- 1) &* width))
            if m == 0 {
                Columns.each(width, multiple: 8) { p[$0] = above[$0] }
            } else {
                Columns.each(width, multiple: 8) { k in
                    p[k] = above[k] + below[k]
                    q[k] = above[k] - below[k]
                }
            }
        }
        multiply(
            secondCosines[0], secondCosines.stride, even, width, into: evenSums, width, rows: h2 + 1, inner: h2 + 1,
            width: width)
        multiply(
            evenSums.advanced(by: 1), lanes, firstSines[0], firstSines.stride, into: sines, lanes, rows: 2 * (h2 + 1),
            inner: h1, width: lanes)
        if h2 > 0 {
            multiply(
                secondSines[0], secondSines.stride, odd, width, into: oddSums, width, rows: h2, inner: h2, width: width)
            multiply(
                oddSums, lanes, firstCosines[0], firstCosines.stride, into: cosines, lanes, rows: 2 * h2,
                inner: h1 + 1, width: lanes)
        }
        for j in 0...h2 {
            combine(
                sines.advanced(by: j &* width), cosines.advanced(by: (j &- 1) &* width), hasCosines: j > 0, row: j,
                into: out)
        }
    }

    /// Adds the parts of the sums for (j₁, ±j₂) and puts them in their places.
    @inline(__always)
    private func combine(
        _ sines: Line<Double>, _ cosines: Line<Double>, hasCosines: Bool, row: Int, into out: Line<Double>
    ) {
        let (plus, minus) = (plusSigns[row], minusSigns[row])
        let (a, b) = (workspace.results[0], workspace.results[1])
        let (c, d) = (workspace.results[2], workspace.results[3])
        let lanes = lanes
        let positions = positions
        if hasCosines {
            Columns.each(lanes, multiple: 8) { k in
                let (e, f) = (sines[k], cosines[k])
                let (o, p) = (sines[k &+ lanes], cosines[k &+ lanes])
                let (upper, lower) = (e + f, e - f)
                let (upperOdd, lowerOdd) = (plus[k] * (o + p), minus[k] * (o - p))
                a[k] = upper + upperOdd
                b[k] = upperOdd - upper
                c[k] = lower + lowerOdd
                d[k] = lowerOdd - lower
            }
        } else {
            Columns.each(lanes, multiple: 8) { k in
                let odd = plus[k] * sines[k &+ lanes]
                a[k] = odd + sines[k]
                b[k] = odd - sines[k]
            }
        }
        for k in 0...halves.first {
            let place = positions[row &* lanes &+ k]
            out[Int(place.x)] = a[k]
            out[Int(place.y)] = b[k]
            if hasCosines {
                out[Int(place.z)] = c[k]
                out[Int(place.w)] = d[k]
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
