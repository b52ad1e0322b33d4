/// What came of solving one configuration.
public struct Solution: Hashable, Sendable {
    /// How the field was found; see `Solver`.
    public enum Method: String, Hashable, Sendable, CaseIterable { case direct, uniform, general }

    /// What found the field in the end, for counting.
    public enum Way: String, Hashable, Sendable, CaseIterable {
        case direct
        /// Multigrid cycles alone, of either method.
        case multigrid
        /// Steps of conjugate gradients, each with a cycle.
        case conjugateGradients = "conjugate-gradients"
    }

    /// How the field was found.
    public let method: Method
    /// Certified max |label − exact solution of the discrete problem|: the solver's bound plus the
    /// rounding that was done.
    public let errorBound: Double
    /// Whether `errorBound` is within the tolerance that was asked for; a label that is not must
    /// not be used.
    public let isCertified: Bool
    /// Multigrid cycles that were run; 0 of the direct method.
    public let cycles: Int
    /// Largest magnitude of the residual before each cycle and after the last; of the direct
    /// method, what it was off by after each pass.
    public let residuals: [Float]
    /// Whether steps of conjugate gradients were taken.
    var tookSteps = false

    /// What found the field in the end.
    public var way: Way {
        method == .direct ? .direct : tookSteps ? .conjugateGradients : .multigrid
    }

    /// What comes of a problem that `method` has nothing for.
    static func none(by method: Method) -> Solution {
        Solution(
            method: method, errorBound: .infinity, isCertified: false, cycles: 0, residuals: [])
    }

    /// Geometric mean of the residual's reduction per cycle over the last cycles, for judging a
    /// cycle.
    public var convergenceFactor: Double {
        let used = residuals.suffix(4)
        guard let first = used.first, let last = used.last, used.count > 1, first > 0 else {
            return 0
        }
        return root(Double(last) / Double(first), used.count - 1)
    }

    private func root(_ value: Double, _ degree: Int) -> Double {
        guard value > 0 else { return 0 }
        var x = 1.0
        for _ in 0..<200 {
            var power = 1.0
            for _ in 0..<degree - 1 { power *= x }
            x += (value / power - x) / Double(degree)
        }
        return x
    }
}
