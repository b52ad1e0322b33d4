extension Adam {
    /// Parameters that a thread takes at a time.
    private static let block = 1 << 15

    /// Changes moments and parameters, block by block.
    static func apply(
        _ step: Step, _ parameters: inout [Float], _ gradient: [Float], _ mean: inout [Float], _ square: inout [Float],
        _ workers: Workers
    ) {
        let count = parameters.count
        unsafe parameters.withUnsafeMutableBufferPointer { parameters in
            unsafe mean.withUnsafeMutableBufferPointer { mean in
                unsafe square.withUnsafeMutableBufferPointer { square in
                    unsafe gradient.withUnsafeBufferPointer { gradient in
                        // Blocks are disjoint ranges of every array, so threads never touch the same element.
                        nonisolated(unsafe) let (parameters, mean, square, gradient) = unsafe (
                            parameters, mean, square, gradient
                        )
                        workers.each((count + block - 1) / block) { number in
                            let range = number * block..<min(count, (number + 1) * block)
                            unsafe apply(step, range, parameters, gradient, mean, square)
                        }
                    }
                }
            }
        }
    }

    private static func apply(
        _ step: Step, _ range: Range<Int>, _ parameters: UnsafeMutableBufferPointer<Float>,
        _ gradient: UnsafeBufferPointer<Float>, _ mean: UnsafeMutableBufferPointer<Float>,
        _ square: UnsafeMutableBufferPointer<Float>
    ) {
        for index in range {
            let slope = unsafe gradient[index] * step.scale
            let m = unsafe mean[index] + (slope - mean[index]) * step.keep1
            let v = unsafe square[index] * step.beta2 + step.keep2 * slope * slope
            unsafe mean[index] = m
            unsafe square[index] = v
            let decayed = unsafe parameters[index] * step.decay
            unsafe parameters[index] = decayed - step.rate * (m / (v.squareRoot() / step.root + step.epsilon))
        }
    }
}

/// The Euclidean norm of a gradient.
enum GradientNorm {
    private static let block = 1 << 15

    /// The norm of `gradient`: squares in Double, summed in blocks of a fixed size, blocks in their order.
    static func norm(of gradient: [Float], workers: Workers) -> Double {
        let count = gradient.count
        var sums = [Double](repeating: 0, count: (count + block - 1) / block)
        unsafe sums.withUnsafeMutableBufferPointer { sums in
            unsafe gradient.withUnsafeBufferPointer { gradient in
                nonisolated(unsafe) let (sums, gradient) = unsafe (sums, gradient)
                unsafe workers.each(sums.count) { number in
                    var sum = 0.0
                    for index in number * block..<min(count, (number + 1) * block) {
                        let value = unsafe Double(gradient[index])
                        sum += value * value
                    }
                    unsafe sums[number] = sum
                }
            }
        }
        return sums.reduce(0, +).squareRoot()
    }
}
