extension Floats {
    /// Sets the first `count` numbers to the sums of `groups` groups of as many in `partial`, in
    /// order.
    func setToSums(of partial: Floats, groups: Int, count: Int) {
        var index = 0
        while index < count {
            // The arrays are padded to whole vectors.
            var sum: SIMD8<Float> = partial.load(index)
            for group in 1..<max(1, groups) { sum += partial.load(group &* count &+ index) }
            if index &+ 8 <= count {
                store(sum, index)
            } else {
                for lane in 0..<count &- index { self[index &+ lane] = sum[lane] }
            }
            index &+= 8
        }
    }
}

extension Images {
    /// Returns the sums over the sites of the first `samples` samples, for each channel: those of a
    /// row in Float, of rows in Double.
    func channelSums(samples: Int, workers: Workers) -> [Double] {
        let sums = SampleSums(samples: samples, count: channels)
        workers.each(samples) { sample in
            for channel in stride(from: 0, to: channels, by: 8) {
                let total = channelSums(sample, channel)
                for lane in 0..<min(8, channels - channel) {
                    sums.set(sample, channel + lane, total[lane])
                }
            }
        }
        return sums.total()
    }

    /// Writes the means over the sites of the first `samples` samples, for the first `channels`
    /// channels, (samples, channels).
    func channelMeans(to means: Floats, channels: Int, samples: Int, workers: Workers) {
        workers.each(samples) { sample in
            for channel in stride(from: 0, to: channels, by: 8) {
                let total = channelSums(sample, channel)
                for lane in 0..<min(8, channels - channel) {
                    means[sample * channels + channel + lane] = Float(
                        total[lane] / Double(rows * columns))
                }
            }
        }
    }

    /// The sums over the sites of a sample, for up to eight channels from `channel`.
    private func channelSums(_ sample: Int, _ channel: Int) -> SIMD8<Double> {
        let width = min(8, channels - channel)
        var total = SIMD8<Double>.zero
        for row in 0..<rows {
            var site = at(sample, row, 0).advanced(by: channel)
            var sum = SIMD8<Float>.zero
            if width == 8 {
                for _ in 0..<columns {
                    sum += site.load(0)
                    site = site.advanced(by: columnStride)
                }
            } else {
                for _ in 0..<columns {
                    sum[0] += site[0]
                    site = site.advanced(by: columnStride)
                }
            }
            total += SIMD8<Double>(sum)
        }
        return total
    }
}

/// Some sums for each sample, which are added in the order of the samples.
@safe final class SampleSums: @unchecked Sendable {
    private let samples: Int
    private let count: Int
    private let memory: UnsafeMutablePointer<Double>

    init(samples: Int, count: Int) {
        self.samples = samples
        self.count = count
        unsafe memory = UnsafeMutablePointer<Double>.allocate(capacity: samples * count)
        unsafe memory.initialize(repeating: 0, count: samples * count)
    }

    deinit { unsafe memory.deallocate() }

    /// Sets one sum of a sample.
    func set(_ sample: Int, _ index: Int, _ sum: Double) {
        unsafe memory[sample * count + index] = sum
    }

    /// Returns the sums over all samples.
    func total() -> [Double] {
        (0..<count).map { index in
            var sum = 0.0
            for sample in 0..<samples { sum += unsafe memory[sample * count + index] }
            return sum
        }
    }
}
