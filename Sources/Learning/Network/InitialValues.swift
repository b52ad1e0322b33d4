internal import Fields

extension ModelDescription {
    /// The stream of the generator that initial values come from.
    static let initialStream: UInt32 = 17

    /// Returns the parameters that a training with `seed` starts from, flat, in the order of
    /// `tensors`.
    ///
    /// Each layer says what its arrays begin with. Number e of a tensor that is uniform, number t
    /// of all, is word e mod 4 of Philox at (t, e/4, 0, 0).
    public func initialParameters(seed: UInt32) -> [Float] {
        let philox = Philox(seed: seed, stream: Self.initialStream)
        var values: [Float] = []
        values.reserveCapacity(parameterCount)
        for (number, tensor) in tensors.enumerated() where tensor.isParameter {
            switch tensor.initial {
            case .constant(let value):
                values.append(contentsOf: repeatElement(value, count: tensor.count))
            case .uniform(let bound):
                for block in 0..<(tensor.count + 3) / 4 {
                    let words = philox([UInt32(number), UInt32(block), 0, 0])
                    for lane in 0..<min(4, tensor.count - 4 * block) {
                        let u = Float(words[lane] >> 8) * 0x1p-24
                        values.append(bound * (2 * u - 1))
                    }
                }
            }
        }
        return values
    }

    /// Returns the statistics of batch norm before any batch.
    public func initialStatistics() -> [Float] {
        tensors.filter { !$0.isParameter }.flatMap { tensor -> [Float] in
            guard case .constant(let value) = tensor.initial else { return [] }
            return [Float](repeating: value, count: tensor.count)
        }
    }
}
