extension FirstConvolution {
    /// Writes eight channels, from `channel` on, of a row of sums.
    @inline(never) func sumRow(_ sample: Int, _ row: Int, _ channel: Int) {
        let (weights, width) = (weights.start.advanced(by: channel), output.channels)
        let bias: SIMD8<Float> = weights.load(0)
        let (w0, w1, w2) = weightsOfRow(weights, width, 1)
        let (w3, w4, w5) = weightsOfRow(weights, width, 4)
        let (w6, w7, w8) = weightsOfRow(weights, width, 7)
        let above = input.at(sample, row - 1, -1)
        let here = input.at(sample, row, -1)
        let below = input.at(sample, row + 1, -1)
        var out = output.at(sample, row, 0).advanced(by: channel)
        for column in 0..<output.columns {
            var sum = bias
            sum = sum.addingProduct(SIMD8(repeating: above[column]), w0)
            sum = sum.addingProduct(SIMD8(repeating: above[column &+ 1]), w1)
            sum = sum.addingProduct(SIMD8(repeating: above[column &+ 2]), w2)
            sum = sum.addingProduct(SIMD8(repeating: here[column]), w3)
            sum = sum.addingProduct(SIMD8(repeating: here[column &+ 1]), w4)
            sum = sum.addingProduct(SIMD8(repeating: here[column &+ 2]), w5)
            sum = sum.addingProduct(SIMD8(repeating: below[column]), w6)
            sum = sum.addingProduct(SIMD8(repeating: below[column &+ 1]), w7)
            sum = sum.addingProduct(SIMD8(repeating: below[column &+ 2]), w8)
            out.store(sum, 0)
            out = out.advanced(by: width)
        }
    }

    @inline(__always) private func weightsOfRow(_ weights: Floats, _ width: Int, _ first: Int) -> (
        SIMD8<Float>, SIMD8<Float>, SIMD8<Float>
    ) {
        (
            weights.load(first &* width), weights.load((first &+ 1) &* width),
            weights.load((first &+ 2) &* width)
        )
    }

    /// Adds what a row gives to the gradients by the nine taps of eight channels, from `channel`
    /// on: (9, channels).
    @inline(never) func addGradient(_ sample: Int, _ row: Int, _ channel: Int, to sums: Floats) {
        let width = output.channels
        let above = input.at(sample, row - 1, -1)
        let here = input.at(sample, row, -1)
        let below = input.at(sample, row + 1, -1)
        var gradient = output.at(sample, row, 0).advanced(by: channel)
        var (s0, s1, s2) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
        var (s3, s4, s5, s6, s7, s8) = (s0, s0, s0, s0, s0, s0)
        for column in 0..<output.columns {
            let d: SIMD8<Float> = gradient.load(0)
            s0 = s0.addingProduct(SIMD8(repeating: above[column]), d)
            s1 = s1.addingProduct(SIMD8(repeating: above[column &+ 1]), d)
            s2 = s2.addingProduct(SIMD8(repeating: above[column &+ 2]), d)
            s3 = s3.addingProduct(SIMD8(repeating: here[column]), d)
            s4 = s4.addingProduct(SIMD8(repeating: here[column &+ 1]), d)
            s5 = s5.addingProduct(SIMD8(repeating: here[column &+ 2]), d)
            s6 = s6.addingProduct(SIMD8(repeating: below[column]), d)
            s7 = s7.addingProduct(SIMD8(repeating: below[column &+ 1]), d)
            s8 = s8.addingProduct(SIMD8(repeating: below[column &+ 2]), d)
            gradient = gradient.advanced(by: width)
        }
        let place = sums.advanced(by: channel)
        place.store(place.load(0) + s0, 0)
        place.store(place.load(width) + s1, width)
        place.store(place.load(2 &* width) + s2, 2 &* width)
        place.store(place.load(3 &* width) + s3, 3 &* width)
        place.store(place.load(4 &* width) + s4, 4 &* width)
        place.store(place.load(5 &* width) + s5, 5 &* width)
        place.store(place.load(6 &* width) + s6, 6 &* width)
        place.store(place.load(7 &* width) + s7, 7 &* width)
        place.store(place.load(8 &* width) + s8, 8 &* width)
    }
}
