/// The transform of a label before the loss sees it: y′ = T(y), and back.
package enum LabelTransform: Hashable, Sendable {
    /// y′ = y.
    case none
    /// y′ = √y.
    case sqrt
    /// y′ = 1 − log₁₀(max(y, floor))/log₁₀(floor): from [floor, 1] to [0, 1].
    case log10(floor: Double)
    /// y′ = yᵖ.
    case power(exponent: Double)

    /// The transformed label of `y`; NaN where y is outside the domain: below 0, but for `none` and
    /// `log10`, whose floor catches it.
    @inline(__always) package func callAsFunction(_ y: Double) -> Double {
        switch self {
        case .none: y
        case .sqrt: y.squareRoot()
        case .log10(let floor): 1 - Exponential.log(max(y, floor)) / Exponential.log(floor)
        case .power(let exponent): y < 0 ? .nan : Exponential.power(y, exponent)
        }
    }

    /// The value that an output `t` of the network stands for. Where the transform takes no
    /// negative values (`sqrt`, `power`), negative outputs stand for 0.
    @inline(__always) package func inverse(_ t: Double) -> Double {
        switch self {
        case .none: t
        case .sqrt: t < 0 ? 0 : t * t
        case .log10(let floor): Exponential.exp((1 - t) * Exponential.log(floor))
        case .power(let exponent): t < 0 ? 0 : Exponential.power(t, 1 / exponent)
        }
    }

    /// Transforms the values of `range` of `label` in place.
    ///
    /// - Returns: the index of the first value outside the transform's domain, where there is one;
    ///   all of `range` is then as it was.
    package func apply(to label: inout [Float], in range: Range<Int>) -> Int? {
        switch self {
        case .none: return nil
        case .sqrt, .power:
            if let index = range.first(where: { !(label[$0] >= 0) }) { return index }
        case .log10: if let index = range.first(where: { label[$0].isNaN }) { return index }
        }
        switch self {
        case .sqrt: for index in range { label[index] = label[index].squareRoot() }
        default: for index in range { label[index] = Float(self(Double(label[index]))) }
        }
        return nil
    }

    /// Replaces outputs of the network by the values that they stand for.
    package func invert(_ output: inout [Float]) {
        if case .none = self { return }
        for index in output.indices { output[index] = Float(inverse(Double(output[index]))) }
    }
}
