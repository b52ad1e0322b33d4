internal import Fields

extension ModelDescription {
    /// The stream of the generator that initial values come from.
    static let initialStream: UInt32 = 17

    /// Returns the parameters that a training with `seed` starts from, flat, in the order of
    /// `tensors`.
    ///
    /// Weights and biases are uniform in ±1/√(9·channels): of the input for a convolution, of the
    /// output for a transposed one, whose axes PyTorch counts the other way round. Number e of
    /// tensor t is word e mod 4 of Philox at (t, e/4, 0, 0).
    public func initialParameters(seed: UInt32) -> [Float] {
        let philox = Philox(seed: seed, stream: Self.initialStream)
        var values: [Float] = []
        values.reserveCapacity(parameterCount)
        var bound: Float = 0
        for (number, tensor) in tensors.enumerated() where tensor.isParameter {
            if tensor.name.contains("norm") {
                values.append(
                    contentsOf: repeatElement(
                        tensor.name.hasSuffix("weight") ? 1 : 0, count: tensor.count))
                continue
            }
            // A bias follows its weight and has the same bound.
            if tensor.shape.count == 4 {
                bound = Float(1 / Double(tensor.shape[1] * 9).squareRoot())
            }
            for block in 0..<(tensor.count + 3) / 4 {
                let words = philox([UInt32(number), UInt32(block), 0, 0])
                for lane in 0..<min(4, tensor.count - 4 * block) {
                    let u = Float(words[lane] >> 8) * 0x1p-24
                    values.append(bound * (2 * u - 1))
                }
            }
        }
        return values
    }

    /// Returns the statistics of batch norm before any batch: means of 0, then variances of 1.
    public func initialStatistics() -> [Float] {
        let channels = encoderChannels[0]
        return [Float](repeating: 0, count: channels) + [Float](repeating: 1, count: channels)
    }
}
