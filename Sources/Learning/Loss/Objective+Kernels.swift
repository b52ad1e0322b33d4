extension Objective {
    /// The mean over the sites of each sample of a batch; see `gradient`.
    package func values(
        output: [Float], labels: [Float], samples: Int, sites: Int, workers: Workers
    ) -> [Double] {
        unsafe evaluate(
            output: output, labels: labels, samples: samples, sites: sites, gradient: nil,
            workers: workers)
    }

    /// The mean over the sites of each sample of a batch, and the derivative of the batch's mean by
    /// each output, (samples, sites).
    ///
    /// - Parameters:
    ///   - output: what the network gave, (samples, sites).
    ///   - labels: transformed labels, (samples, sites).
    ///   - workers: the threads, whose number does not change the result.
    package func gradient(
        output: [Float], labels: [Float], samples: Int, sites: Int, workers: Workers
    ) -> (means: [Double], gradient: [Float]) {
        var means: [Double] = []
        let gradient = unsafe [Float](unsafeUninitializedCapacity: samples * sites) {
            buffer, initialized in
            means = unsafe evaluate(
                output: output, labels: labels, samples: samples, sites: sites, gradient: buffer,
                workers: workers)
            initialized = samples * sites
        }
        return (means, gradient)
    }

    /// Evaluates a batch of outputs (samples, sites) against its transformed labels.
    ///
    /// Samples go to threads one by one, sites are summed in their order, and sums of samples are
    /// added in theirs: the result does not depend on the number of threads. O(samples · sites).
    ///
    /// - Parameters:
    ///   - output: what the network gave, (samples, sites).
    ///   - labels: transformed labels, (samples, sites).
    ///   - samples: how many samples the batch has; the arrays may be longer.
    ///   - gradient: takes the derivative of the mean by each output, (samples, sites); nil where
    ///     it is not asked for.
    ///   - workers: the threads.
    /// - Returns: the mean over the sites of each sample.
    private func evaluate(
        output: [Float], labels: [Float], samples: Int, sites: Int,
        gradient: UnsafeMutableBufferPointer<Float>?, workers: Workers
    ) -> [Double] {
        precondition(
            output.count >= samples * sites && labels.count >= samples * sites,
            "a batch fills its arrays")
        let scale = 1 / Double(samples * sites)
        var means = [Double](repeating: 0, count: samples)
        unsafe means.withUnsafeMutableBufferPointer { means in
            unsafe output.withUnsafeBufferPointer { output in
                unsafe labels.withUnsafeBufferPointer { labels in
                    // Samples are disjoint ranges of every array, so threads never touch the same
                    // element.
                    nonisolated(unsafe) let (means, output, labels, gradient) = unsafe (
                        means, output, labels, gradient
                    )
                    workers.each(samples) { sample in
                        let range = sample * sites..<(sample + 1) * sites
                        let sum = unsafe self.sum(
                            over: range, output, labels, gradient, scale: scale)
                        unsafe means[sample] = sum / Double(sites)
                    }
                }
            }
        }
        return means
    }

    /// The sum over the sites of `range`; writes their gradient, `scale` times the derivative of
    /// the sum.
    @inline(__always) private func sum(
        over range: Range<Int>, _ output: UnsafeBufferPointer<Float>,
        _ labels: UnsafeBufferPointer<Float>, _ gradient: UnsafeMutableBufferPointer<Float>?,
        scale: Double
    ) -> Double {
        var sum = 0.0
        if let gradient = unsafe gradient {
            for site in range {
                let (value, derivative) = unsafe self(
                    prediction: Double(output[site]), truth: Double(labels[site]))
                sum += value
                unsafe gradient[site] = Float(derivative * scale)
            }
        } else {
            for site in range {
                sum += unsafe self(prediction: Double(output[site]), truth: Double(labels[site]))
                    .value
            }
        }
        return sum
    }
}
