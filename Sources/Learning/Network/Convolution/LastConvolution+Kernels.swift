/// How products of sites with taps meet in the output. Tap 3r + s of the transposed kernel takes
/// site (i, j) to (i + r − 1, j + s − 1) of the output's lattice.
extension LastConvolution {
    /// Adds to a row of the output the products of an input that is upsampled, or sets it to `base`
    /// and them.
    func addUpsampled(_ products: Images, _ sample: Int, _ row: Int, _ base: Float?) {
        let out = output.at(sample, row, 0)
        // Row h of the output takes tap row r from upsampled row h + 1 − r, which is row (h + 1 −
        // r) / 2 before.
        let p0 = products.at(sample, (row + 1) >> 1, 0)
        let p1 = products.at(sample, row >> 1, 0).advanced(by: 3)
        let p2 = products.at(sample, (row - 1) >> 1, 0).advanced(by: 6)
        @inline(__always) func taps(_ column: Int) -> SIMD4<Float> {
            let at = column &* Self.products
            return (p0.load(at) + p1.load(at)) + p2.load(at)
        }
        var (left, here) = (taps(-1), taps(0))
        for column in 0..<products.columns {
            let right = taps(column &+ 1)
            // An even column w takes tap column 0 from upsampled w + 1, 1 from w, 2 from w − 1,
            // which belongs to the left.
            let even = (here[0] + here[1]) + left[2]
            let odd = (right[0] + here[1]) + here[2]
            let w = 2 &* column
            out[w] = (base ?? out[w]) + even
            out[w &+ 1] = (base ?? out[w &+ 1]) + odd
            (left, here) = (here, right)
        }
    }

    /// The same for an input as large as the output.
    func addAround(_ products: Images, _ sample: Int, _ row: Int, _ base: Float?) {
        let out = output.at(sample, row, 0)
        let p0 = products.at(sample, row + 1, 0)
        let p1 = products.at(sample, row, 0).advanced(by: 3)
        let p2 = products.at(sample, row - 1, 0).advanced(by: 6)
        @inline(__always) func taps(_ column: Int) -> SIMD4<Float> {
            let at = column &* Self.products
            return (p0.load(at) + p1.load(at)) + p2.load(at)
        }
        var (left, here) = (taps(-1), taps(0))
        for column in 0..<output.columns {
            let right = taps(column &+ 1)
            out[column] = (base ?? out[column]) + ((right[0] + here[1]) + left[2])
            (left, here) = (here, right)
        }
    }

    /// Applies leaky ReLU to a row of the output.
    func activate(_ sample: Int, _ row: Int) {
        let out = output.at(sample, row, 0)
        for column in stride(from: 0, to: output.columns, by: 8) {
            let sums: SIMD8<Float> = out.load(column)
            out.store(sums.leaky, column)
        }
    }

    /// Replaces a row of the output by the gradient by its pre-activation, from the gradient by it.
    func setGradient(_ outputGradient: Floats, _ sample: Int, _ row: Int) {
        let out = output.at(sample, row, 0)
        for column in stride(from: 0, to: output.columns, by: 8) {
            let activation: SIMD8<Float> = out.load(column)
            out.store(outputGradient.load(column) * activation.leakySlope, column)
        }
    }

    /// Sets the gradients by a row of products of an upsampled input: each product went to four
    /// sites.
    func gatherUpsampled(into products: Images, _ sample: Int, _ row: Int) {
        let place = products.at(sample, row, 0)
        // Tap row r takes upsampled rows 2i and 2i + 1 to 2i + r − 1 and 2i + r.
        let d0 = output.at(sample, 2 * row - 1, -1)
        let stride = output.rowStride
        for column in 0..<products.columns {
            @inline(__always) func pairs(_ line: Int) -> SIMD4<Float> {
                let d = d0.advanced(by: line &* stride &+ 2 &* column)
                return d.load(0) + d.load(1)
            }
            let (a, b, c, d) = (pairs(0), pairs(1), pairs(2), pairs(3))
            let out = place.advanced(by: column &* Self.products)
            out.store(a + b, 0)
            out.store(b + c, 3)
            out.store(c + d, 6)
            out[9] = 0
        }
    }

    /// The same for an input as large as the output.
    func gatherAround(into products: Images, _ sample: Int, _ row: Int) {
        let place = products.at(sample, row, 0)
        let d0 = output.at(sample, row - 1, -1)
        let stride = output.rowStride
        for column in 0..<products.columns {
            let d = d0.advanced(by: column)
            let out = place.advanced(by: column &* Self.products)
            out.store(d.load(0, as: SIMD4<Float>.self), 0)
            out.store(d.load(stride, as: SIMD4<Float>.self), 3)
            out.store(d.load(2 &* stride, as: SIMD4<Float>.self), 6)
            out[9] = 0
        }
    }
}
