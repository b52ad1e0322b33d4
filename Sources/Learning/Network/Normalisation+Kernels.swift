/// The passes over the images, eight channels at a time.
extension Normalisation {
    /// Returns for each channel the sum of the squared differences from `mean`.
    func squaredDeviations(samples: Int, workers: Workers) -> [Double] {
        let sums = SampleSums(samples: samples, count: input.channels)
        workers.each(samples) { sample in
            for channel in stride(from: 0, to: input.channels, by: 8) {
                let mean: SIMD8<Float> = mean.start.load(channel)
                var total = SIMD8<Double>.zero
                for row in 0..<input.rows {
                    var site = input.at(sample, row, 0).advanced(by: channel)
                    var sum = SIMD8<Float>.zero
                    for _ in 0..<input.columns {
                        let deviation = site.load(0) - mean
                        sum = sum.addingProduct(deviation, deviation)
                        site = site.advanced(by: input.columnStride)
                    }
                    total += SIMD8<Double>(sum)
                }
                for lane in 0..<8 { sums.set(sample, channel + lane, total[lane]) }
            }
        }
        return sums.total()
    }

    /// Sets the activation and its averages from the input.
    func activate(samples: Int, workers: Workers) {
        eachRow(samples, workers) { sample, row in
            let (right, below) = (input.columnStride, input.rowStride)
            for channel in stride(from: 0, to: input.channels, by: 8) {
                let (scale, shift): (SIMD8<Float>, SIMD8<Float>) = (
                    scale.start.load(channel), shift.start.load(channel)
                )
                for column in 0..<pooled.columns {
                    let x = input.at(sample, 2 * row, 2 * column).advanced(by: channel)
                    let a = shift.addingProduct(x.load(0), scale).leaky
                    let b = shift.addingProduct(x.load(right), scale).leaky
                    let c = shift.addingProduct(x.load(below), scale).leaky
                    let d = shift.addingProduct(x.load(below &+ right), scale).leaky
                    pooled.at(sample, row, column).store(((a + b) + (c + d)) * 0.25, channel)
                    guard let activation else { continue }
                    let y = activation.at(sample, 2 * row, 2 * column).advanced(by: channel)
                    y.store(a, 0)
                    y.store(b, activation.columnStride)
                    y.store(c, activation.rowStride)
                    y.store(d, activation.rowStride &+ activation.columnStride)
                }
            }
        }
    }

    /// Returns for each channel the sum of the gradient by the norm's output, then the sums of its
    /// products with the standardised input.
    func gradientSums(other: Images?, samples: Int, workers: Workers) -> [Double] {
        let sums = SampleSums(samples: samples, count: 2 * input.channels)
        workers.each(samples) { sample in
            for channel in stride(from: 0, to: input.channels, by: 8) {
                let (mean, inverse): (SIMD8<Float>, SIMD8<Float>) = (
                    mean.start.load(channel), inverseDeviation.start.load(channel)
                )
                var (totalGradient, totalProduct) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
                for row in 0..<input.rows {
                    var (sumGradient, sumProduct) = (SIMD8<Float>.zero, SIMD8<Float>.zero)
                    eachGradient(other, sample, row, channel) { _, x, gradient in
                        sumGradient += gradient
                        sumProduct = sumProduct.addingProduct(gradient, (x - mean) * inverse)
                    }
                    totalGradient += SIMD8<Double>(sumGradient)
                    totalProduct += SIMD8<Double>(sumProduct)
                }
                for lane in 0..<8 {
                    sums.set(sample, channel + lane, totalGradient[lane])
                    sums.set(sample, input.channels + channel + lane, totalProduct[lane])
                }
            }
        }
        return sums.total()
    }

    /// Replaces the input by the gradient by it.
    func replaceInput(other: Images?, samples: Int, workers: Workers) {
        eachRow(samples, workers) { sample, pair in
            for channel in stride(from: 0, to: input.channels, by: 8) {
                let (mean, inverse): (SIMD8<Float>, SIMD8<Float>) = (
                    mean.start.load(channel), inverseDeviation.start.load(channel)
                )
                let (scale, meanGradient): (SIMD8<Float>, SIMD8<Float>) = (
                    scale.start.load(channel), meanGradient.start.load(channel)
                )
                let meanProduct: SIMD8<Float> = meanProduct.start.load(channel)
                for row in 2 * pair..<2 * pair + 2 {
                    eachGradient(other, sample, row, channel) { site, x, gradient in
                        let centred = gradient - meanGradient - (x - mean) * inverse * meanProduct
                        site.store(scale * centred, 0)
                    }
                }
            }
        }
    }

    /// Calls `body` with each site of a row of the input, eight channels of it, and the gradient by
    /// the norm's output there.
    @inline(__always) private func eachGradient(
        _ other: Images?, _ sample: Int, _ row: Int, _ channel: Int,
        _ body: (Floats, SIMD8<Float>, SIMD8<Float>) -> Void
    ) {
        let (scale, shift): (SIMD8<Float>, SIMD8<Float>) = (
            scale.start.load(channel), shift.start.load(channel)
        )
        for column in 0..<input.columns {
            let site = input.at(sample, row, column).advanced(by: channel)
            var gradient: SIMD8<Float> = pooled.at(sample, row / 2, column / 2).load(channel) * 0.25
            if let other { gradient += other.at(sample, row, column).load(channel) }
            let x: SIMD8<Float> = site.load(0)
            body(site, x, gradient * shift.addingProduct(x, scale).leakySlope)
        }
    }

    private func eachRow(_ samples: Int, _ workers: Workers, _ body: (Int, Int) -> Void) {
        let bands = samples >= 8 ? 1 : 16
        workers.each(samples * bands) { task in
            let band = task % bands
            for row in band * pooled.rows / bands..<(band + 1) * pooled.rows / bands {
                body(task / bands, row)
            }
        }
    }
}
