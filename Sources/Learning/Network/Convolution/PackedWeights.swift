/// The weights of one correlation, in the order in which tiles read them: (block of 16 outputs, row
/// tap, column tap, input, output in the block); the last block has 8 outputs where their number is
/// an odd multiple of 8.
///
/// They come from, and gradients go back to, a 3×3 kernel in the flat parameters. A tap may be a
/// sum of the kernel's: where a window looks back through nearest upsampling, several of the
/// kernel's taps fall on one site.
struct PackedWeights {
    /// Outputs of a whole block.
    static let width = 16

    let taps: Int
    /// Channels that are summed over.
    let inputs: Int
    /// Channels of the output in memory, a multiple of 8.
    let outputs: Int
    let numbers: FloatArray

    /// Creates weights of zero.
    init(taps: Int, inputs: Int, outputs: Int) {
        self.taps = taps
        self.inputs = inputs
        self.outputs = outputs
        numbers = FloatArray(taps * taps * inputs * outputs)
    }

    /// Number of blocks of outputs.
    var blocks: Int { (outputs + Self.width - 1) / Self.width }

    /// Outputs of a block: 16 or 8.
    func width(_ block: Int) -> Int { min(Self.width, outputs - Self.width * block) }

    /// The numbers of a block.
    func block(_ block: Int) -> Floats {
        numbers.start.advanced(by: block * Self.width * taps * taps * inputs)
    }
}

/// Where the 3×3 kernels of a layer lie in the flat parameters.
struct KernelLayout {
    /// Index of the first kernel.
    let start: Int
    /// Inputs and outputs that there are; what is stored beyond is zero.
    let inputs: Int
    let outputs: Int
    /// Distance between the kernels of two inputs.
    let inputStride: Int
    /// Distance between the kernels of two outputs.
    let outputStride: Int
    /// Whether tap t of the window is number 8 − t of the kernel.
    let isFlipped: Bool

    /// The layout that the gradient by the input sees: inputs and outputs change places, and the
    /// window turns round.
    var transposed: KernelLayout {
        KernelLayout(
            start: start, inputs: outputs, outputs: inputs, inputStride: outputStride,
            outputStride: inputStride, isFlipped: !isFlipped)
    }
}

/// Which taps of a window of three fall on each tap of another, in one direction: those from
/// `first[t]` to `last[t]`.
struct TapSums {
    let first: [Int]
    let last: [Int]

    /// Each for itself.
    static let each = TapSums(first: [0, 1, 2], last: [0, 1, 2])
    /// What a site in an even (0) or odd (1) row of an upsampled image sees of the two sites before
    /// upsampling.
    static let phase = [
        TapSums(first: [0, 1], last: [0, 2]), TapSums(first: [0, 2], last: [1, 2]),
    ]
    /// What a site before upsampling gives to the four rows that see it, by the turned window of
    /// the gradient.
    static let seers = TapSums(first: [0, 0, 1, 2], last: [0, 1, 2, 2])

    /// The tap of this window that tap `tap` of the three falls on.
    func place(_ tap: Int) -> Int { last.firstIndex { tap <= $0 } ?? 0 }
}
