/// The kernels of a block's outputs at one input are gathered in a scratch of (tap, output) first:
/// taps are so far apart in the packed order that they compete for the same lines of a cache, and
/// each line is touched once this way.
extension PackedWeights {
    /// Sets the weights from the 3×3 kernels in `parameters`; every tap is a sum of the kernels' as
    /// `rows` and `columns` say.
    func pack(
        _ parameters: Floats, _ layout: KernelLayout, rows: TapSums, columns: TapSums,
        workers: Workers
    ) {
        workers.each(blocks) { block in
            eachInput(of: block, layout, parameters) { kernels, lanes, scratch, place, tapStride in
                // Unrolled, since this is done for every weight of every step.
                var kernel = kernels
                for lane in 0..<lanes {
                    scratch[lane] = kernel[0]
                    scratch[lane &+ 16] = kernel[1]
                    scratch[lane &+ 32] = kernel[2]
                    scratch[lane &+ 48] = kernel[3]
                    scratch[lane &+ 64] = kernel[4]
                    scratch[lane &+ 80] = kernel[5]
                    scratch[lane &+ 96] = kernel[6]
                    scratch[lane &+ 112] = kernel[7]
                    scratch[lane &+ 128] = kernel[8]
                    kernel = kernel.advanced(by: layout.outputStride)
                }
                let width = width(block)
                if taps == 3 {
                    for tap in 0..<9 {
                        let place = place.advanced(by: tap &* tapStride)
                        let sixteen = scratch.advanced(
                            by: 16 &* (layout.isFlipped ? 8 &- tap : tap))
                        place.store(sixteen.load(0, as: SIMD8<Float>.self), 0)
                        if width > 8 { place.store(sixteen.load(8, as: SIMD8<Float>.self), 8) }
                    }
                } else {
                    packSums(
                        scratch, layout.isFlipped, rows, columns, width, into: place, tapStride)
                }
            }
        }
    }

    private func packSums(
        _ scratch: Floats, _ isFlipped: Bool, _ rows: TapSums, _ columns: TapSums, _ width: Int,
        into place: Floats, _ tapStride: Int
    ) {
        for row in 0..<taps {
            for column in 0..<taps {
                let place = place.advanced(by: (row &* taps &+ column) &* tapStride)
                for half in stride(from: 0, to: width, by: 8) {
                    var sum = SIMD8<Float>.zero
                    for i in rows.first[row]...rows.last[row] {
                        for j in columns.first[column]...columns.last[column] {
                            let tap = 3 &* i &+ j
                            sum += scratch.load(16 &* (isFlipped ? 8 &- tap : tap) &+ half)
                        }
                    }
                    place.store(sum, half)
                }
            }
        }
    }

    /// Writes gradients by these weights as gradients by the kernels, or adds them to those that
    /// are there.
    func unpackGradient(
        into gradient: Floats, _ layout: KernelLayout, rows: TapSums, columns: TapSums,
        adding: Bool, workers: Workers
    ) {
        // Where in the packed order each tap of a kernel is.
        var order = InlineArray<9, Int>(repeating: 0)
        for tap in 0..<9 {
            order[layout.isFlipped ? 8 - tap : tap] =
                rows.place(tap / 3) * taps + columns.place(tap % 3)
        }
        workers.each(blocks) { block in
            eachInput(of: block, layout, gradient) { kernels, lanes, scratch, place, tapStride in
                let width = width(block)
                for tap in 0..<9 {
                    let place = place.advanced(by: order[tap] &* tapStride)
                    scratch.store(place.load(0, as: SIMD8<Float>.self), 16 &* tap)
                    if width > 8 {
                        scratch.store(place.load(8, as: SIMD8<Float>.self), 16 &* tap &+ 8)
                    }
                }
                var kernel = kernels
                for lane in 0..<lanes {
                    let taps = scratch.advanced(by: lane)
                    if adding {
                        for tap in 0..<9 { kernel[tap] += taps[16 &* tap] }
                    } else {
                        for tap in 0..<9 { kernel[tap] = taps[16 &* tap] }
                    }
                    kernel = kernel.advanced(by: layout.outputStride)
                }
            }
        }
    }

    /// Calls `body` for each input with its kernels for a block's outputs and their number, a
    /// scratch of nine times sixteen numbers, the place of the first tap, and the distance to the
    /// next.
    @inline(__always) private func eachInput(
        of block: Int, _ layout: KernelLayout, _ flat: Floats,
        _ body: (Floats, Int, Floats, Floats, Int) -> Void
    ) {
        let width = width(block)
        let first = Self.width * block
        let lanes = max(0, min(layout.outputs - first, width))
        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 9 * 16) { scratch in
            unsafe scratch.initialize(repeating: 0)
            let scratch = unsafe Floats(start: scratch.baseAddress.unsafelyUnwrapped)
            for input in 0..<layout.inputs {
                body(
                    flat.advanced(
                        by: layout.start &+ input &* layout.inputStride &+ first
                            &* layout.outputStride), lanes, scratch,
                    self.block(block).advanced(by: input &* width), inputs &* width)
            }
        }
    }
}
