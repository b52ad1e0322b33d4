extension Adam {
    /// Parameters that a thread takes at a time.
    private static let block = 1 << 15

    /// Changes moments and parameters, block by block.
    static func apply(
        _ step: Step, _ parameters: inout [Float], _ gradient: [Float], _ mean: inout [Float],
        _ square: inout [Float], _ workers: Workers
    ) {
        let count = parameters.count
        guard count > 0 else { return }
        parameters.withMutableFloats { parameters in
            mean.withMutableFloats { mean in
                square.withMutableFloats { square in
                    gradient.withFloats { gradient in
                        // Blocks are disjoint ranges of every array, so threads never touch the
                        // same element.
                        workers.each((count + block - 1) / block) { number in
                            let range = number * block..<min(count, (number + 1) * block)
                            apply(step, range, parameters, gradient, mean, square)
                        }
                    }
                }
            }
        }
    }

    /// The arithmetic is the same for vectors of eight and for what is left of a block.
    private static func apply(
        _ step: Step, _ range: Range<Int>, _ parameters: Floats, _ gradient: Floats, _ mean: Floats,
        _ square: Floats
    ) {
        var index = range.lowerBound
        while index &+ 8 <= range.upperBound {
            let slope: SIMD8<Float> = gradient.load(index) * step.scale
            let oldMean: SIMD8<Float> = mean.load(index)
            let m = oldMean + (slope - oldMean) * step.keep1
            let v: SIMD8<Float> = square.load(index) * step.beta2 + step.keep2 * slope * slope
            mean.store(m, index)
            square.store(v, index)
            let decayed: SIMD8<Float> = parameters.load(index) * step.decay
            parameters.store(
                decayed - step.rate * (m / (v.squareRoot() / step.root + step.epsilon)), index)
            index &+= 8
        }
        while index < range.upperBound {
            let slope = gradient[index] * step.scale
            let m = mean[index] + (slope - mean[index]) * step.keep1
            let v = square[index] * step.beta2 + step.keep2 * slope * slope
            mean[index] = m
            square[index] = v
            let decayed = parameters[index] * step.decay
            parameters[index] =
                decayed - step.rate * (m / (v.squareRoot() / step.root + step.epsilon))
            index &+= 1
        }
    }
}

/// The Euclidean norm of a gradient.
enum GradientNorm {
    private static let block = 1 << 15

    /// The norm of `gradient`: squares in Double, summed in blocks of a fixed size, blocks in their
    /// order.
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
