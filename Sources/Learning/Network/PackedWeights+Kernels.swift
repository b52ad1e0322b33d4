/// The kernels of a block's outputs at one input are gathered in a scratch of (tap, output) first: taps are so far apart in the
/// packed order that they compete for the same lines of a cache, and each line is touched once this way.
extension PackedWeights {
    /// Sets the weights from the 3×3 kernels in `parameters`; every tap is a sum of the kernels' as `rows` and `columns` say.
    func pack(_ parameters: Floats, _ layout: KernelLayout, rows: TapSums, columns: TapSums, workers: Workers) {
        workers.each(blocks) { block in
            eachInput(of: block, layout, parameters) { kernels, lanes, scratch, place, tapStride in
                for lane in 0..<lanes {
                    let kernel = kernels.advanced(by: lane &* layout.outputStride)
                    // As the taps of a window of three; unrolled, since this is done for every weight of every step.
                    let step = layout.isFlipped ? -1 : 1
                    let first = kernel.advanced(by: layout.isFlipped ? 8 : 0)
                    scratch[lane] = first[0]
                    scratch[lane &+ 16] = first[step]
                    scratch[lane &+ 32] = first[2 &* step]
                    scratch[lane &+ 48] = first[3 &* step]
                    scratch[lane &+ 64] = first[4 &* step]
                    scratch[lane &+ 80] = first[5 &* step]
                    scratch[lane &+ 96] = first[6 &* step]
                    scratch[lane &+ 112] = first[7 &* step]
                    scratch[lane &+ 128] = first[8 &* step]
                }
                let width = width(block)
                if taps == 3 {
                    for tap in 0..<9 {
                        let place = place.advanced(by: tap &* tapStride)
                        place.store(scratch.load(16 &* tap, as: SIMD8<Float>.self), 0)
                        if width > 8 { place.store(scratch.load(16 &* tap &+ 8, as: SIMD8<Float>.self), 8) }
                    }
                } else {
                    packSums(scratch, rows, columns, width, into: place, tapStride)
                }
            }
        }
    }

    private func packSums(
        _ scratch: Floats, _ rows: TapSums, _ columns: TapSums, _ width: Int, into place: Floats, _ tapStride: Int
    ) {
        for row in 0..<taps {
            for column in 0..<taps {
                let place = place.advanced(by: (row &* taps &+ column) &* tapStride)
                for half in stride(from: 0, to: width, by: 8) {
                    var sum = SIMD8<Float>.zero
                    for i in rows.first[row]...rows.last[row] {
                        for j in columns.first[column]...columns.last[column] {
                            sum += scratch.load(16 &* (3 &* i &+ j) &+ half)
                        }
                    }
                    place.store(sum, half)
                }
            }
        }
    }

    /// Writes gradients by these weights as gradients by the kernels, or adds them to those that are there.
    func unpackGradient(
        into gradient: Floats, _ layout: KernelLayout, rows: TapSums, columns: TapSums, adding: Bool, workers: Workers
    ) {
        // Where in the packed order each tap of the window of three is.
        var order = InlineArray<9, Int>(repeating: 0)
        for tap in 0..<9 { order[tap] = rows.place(tap / 3) * taps + columns.place(tap % 3) }
        workers.each(blocks) { block in
            eachInput(of: block, layout, gradient) { kernels, lanes, scratch, place, tapStride in
                let width = width(block)
                for tap in 0..<9 {
                    let place = place.advanced(by: order[tap] &* tapStride)
                    scratch.store(place.load(0, as: SIMD8<Float>.self), 16 &* tap)
                    if width > 8 { scratch.store(place.load(8, as: SIMD8<Float>.self), 16 &* tap &+ 8) }
                }
                for lane in 0..<lanes {
                    let kernel = kernels.advanced(by: lane &* layout.outputStride)
                    let step = layout.isFlipped ? -16 : 16
                    let first = scratch.advanced(by: lane &+ (layout.isFlipped ? 128 : 0))
                    if adding {
                        for tap in 0..<9 { kernel[tap] += first[tap &* step] }
                    } else {
                        for tap in 0..<9 { kernel[tap] = first[tap &* step] }
                    }
                }
            }
        }
    }

    /// Calls `body` for each input with its kernels for a block's outputs and their number, a scratch of nine times sixteen
    /// numbers, the place of the first tap, and the distance to the next.
    @inline(__always)
    private func eachInput(
        of block: Int, _ layout: KernelLayout, _ flat: Floats, _ body: (Floats, Int, Floats, Floats, Int) -> Void
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
                        by: layout.start &+ input &* layout.inputStride &+ first &* layout.outputStride), lanes,
                    scratch, self.block(block).advanced(by: input &* width), inputs &* width)
            }
        }
    }
}
