internal import Fields

/// Which activations of a decoder block are dropped.
///
/// Counted, not drawn: activation e of sample n in block b at pass p is word e mod 4 of Philox at
/// (p, b or b + 2 in inference, n, e/4), e in the order (channel, row, column). It is dropped where
/// that word's upper 24 bits are below the probability.
package struct DropoutMask {
    /// The stream of the generator that masks come from.
    static let stream: UInt32 = 18

    private let philox: Philox
    private let pass: UInt32
    private let block: UInt32
    private let threshold: UInt32
    private var firstSample = 0
    /// What a kept activation is multiplied by.
    package let scale: Float

    /// Creates the mask of one pass of a block, in training or in inference.
    package init(seed: UInt32, probability: Double, pass: UInt32, block: Int, isInference: Bool) {
        philox = Philox(seed: seed, stream: Self.stream)
        self.pass = pass
        self.block = UInt32(block) + (isInference ? 2 : 0)
        threshold = UInt32(probability * 0x1p24)
        scale = 1 / Float(1 - probability)
    }

    /// The mask of the samples from `sample` on.
    func advanced(by sample: Int) -> DropoutMask {
        var mask = self
        mask.firstSample += sample
        return mask
    }

    /// Returns what activations 4·`quarter` … 4·`quarter` + 3 of `sample` are multiplied by.
    @inline(__always) package func factors(sample: Int, quarter: Int) -> SIMD4<Float> {
        let words = philox([pass, block, UInt32(firstSample + sample), UInt32(quarter)]) &>> 8
        return SIMD4(repeating: scale).replacing(with: 0, where: words .< threshold)
    }
}
