extension PackedWeights {
    /// Sets the weights from the 3×3 kernels in `parameters`; every tap is a sum of the kernels' as `rows` and `columns` say.
    func pack(_ parameters: Floats, _ layout: KernelLayout, rows: TapSums, columns: TapSums, workers: Workers) {
        workers.each(blocks) { block in
            let width = width(block)
            let start = Self.width * block
            let end = min(layout.outputs, start + width)
            let (weights, tapStride) = (self.block(block), inputs * width)
            for input in 0..<layout.inputs {
                let place = weights.advanced(by: input * width)
                for output in start..<max(start, end) {
                    let kernel = parameters.advanced(
                        by: layout.start + input * layout.inputStride + output * layout.outputStride)
                    packKernel(
                        kernel, layout.isFlipped, rows, columns, into: place.advanced(by: output - start), tapStride)
                }
            }
        }
    }

    @inline(__always)
    private func packKernel(
        _ kernel: Floats, _ isFlipped: Bool, _ rows: TapSums, _ columns: TapSums, into place: Floats, _ tapStride: Int
    ) {
        if taps == 3 {
            for tap in 0..<9 { place[tap &* tapStride] = kernel[isFlipped ? 8 &- tap : tap] }
            return
        }
        for row in 0..<taps {
            for column in 0..<taps {
                var sum: Float = 0
                for i in rows.first[row]...rows.last[row] {
                    for j in columns.first[column]...columns.last[column] {
                        let tap = 3 * i + j
                        sum += kernel[isFlipped ? 8 - tap : tap]
                    }
                }
                place[(row * taps + column) * tapStride] = sum
            }
        }
    }

    /// Writes gradients by these weights as gradients by the kernels, or adds them to those that are there.
    func unpackGradient(
        into gradient: Floats, _ layout: KernelLayout, rows: TapSums, columns: TapSums, adding: Bool, workers: Workers
    ) {
        // Where in the packed order each tap of a kernel is.
        var places = InlineArray<9, Int>(repeating: 0)
        for tap in 0..<9 {
            places[layout.isFlipped ? 8 - tap : tap] = rows.place(tap / 3) * taps + columns.place(tap % 3)
        }
        workers.each(blocks) { block in
            let width = width(block)
            let start = Self.width * block
            let end = min(layout.outputs, start + width)
            let (weights, tapStride) = (self.block(block), inputs * width)
            for input in 0..<layout.inputs {
                for output in start..<max(start, end) {
                    let place = weights.advanced(by: input * width + output - start)
                    let kernel = gradient.advanced(
                        by: layout.start + input * layout.inputStride + output * layout.outputStride)
                    if adding {
                        for tap in 0..<9 { kernel[tap] += place[places[tap] &* tapStride] }
                    } else {
                        for tap in 0..<9 { kernel[tap] = place[places[tap] &* tapStride] }
                    }
                }
            }
        }
    }
}
