/// Adam (Kingma and Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov and Hutter 2019,
/// algorithm 2).
///
/// The arithmetic of a step is that of PyTorch's Adam and AdamW, in Float: p ← p·(1 − η·λ); m ← m +
/// (g − m)(1 − β₁); v ← v·β₂ + (1 − β₂)·g·g; p ← p − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
package struct Adam: Sendable {
    /// The numbers.
    package let options: AdamOptions
    /// Steps that were made.
    package private(set) var steps = 0
    /// The running mean of the gradient, one value a parameter.
    package private(set) var mean: [Float]
    /// The running mean of the squared gradient, one value a parameter.
    package private(set) var square: [Float]

    /// An optimiser of `count` parameters that has made no step.
    package init(_ options: AdamOptions, count: Int) {
        self.options = options
        mean = [Float](repeating: 0, count: count)
        square = mean
    }

    /// An optimiser that goes on after `steps` steps with the moments that it had then.
    package init(_ options: AdamOptions, steps: Int, mean: [Float], square: [Float]) {
        precondition(mean.count == square.count, "both moments are of the same parameters")
        self.options = options
        self.steps = steps
        self.mean = mean
        self.square = square
    }

    /// Makes a step: changes `parameters` by `gradient`, at the learning rate `rate`.
    ///
    /// O(parameters). Every parameter is computed alone, so the result does not depend on the
    /// number of threads.
    ///
    /// - Returns: the norm of the gradient, before it was clipped; nil where there is no limit to
    ///   compare it with.
    @discardableResult package mutating func step(
        _ parameters: inout [Float], gradient: [Float], rate: Double, workers: Workers
    ) -> Double? {
        precondition(
            parameters.count == mean.count && gradient.count == mean.count, "one value a parameter")
        steps += 1
        var scale: Float = 1
        var norm: Double?
        if let limit = options.clipNorm {
            let found = GradientNorm.norm(of: gradient, workers: workers)
            // As PyTorch's clip_grad_norm_ does it.
            scale = Float(min(1, limit / (found + 1e-6)))
            norm = found
        }
        let step = Step(
            decay: Float(1 - rate * options.weightDecay), keep1: Float(1 - options.beta1),
            beta2: Float(options.beta2), keep2: Float(1 - options.beta2),
            rate: Float(rate / (1 - Adam.power(options.beta1, steps))),
            root: Float((1 - Adam.power(options.beta2, steps)).squareRoot()),
            epsilon: Float(options.epsilon), scale: scale)
        Adam.apply(step, &parameters, gradient, &mean, &square, workers)
        return norm
    }

    /// The numbers of one step.
    struct Step: Sendable {
        let decay: Float
        let keep1: Float
        let beta2: Float
        let keep2: Float
        let rate: Float
        let root: Float
        let epsilon: Float
        let scale: Float
    }

    /// xⁿ by squaring, in the same order of multiplications everywhere.
    static func power(_ x: Double, _ n: Int) -> Double {
        var (result, factor, rest) = (1.0, x, n)
        while rest > 0 {
            if rest & 1 == 1 { result *= factor }
            factor *= factor
            rest >>= 1
        }
        return result
    }
}
