/// A sum of doubles without any rounding, so that neither order nor grouping matters.
///
/// It is kept as doubles that do not overlap, of growing magnitude (J. R. Shewchuk, Adaptive
/// Precision Floating-Point Arithmetic, Discrete & Computational Geometry 18, 1997, section 2.4).
/// Numbers are finite, and so are their sums.
package struct ExactSum: Sendable {
    private var parts: [Double] = []

    /// The sum of nothing.
    package init() {}

    /// The sum of `terms`.
    package init(_ terms: some Sequence<Double>) { for term in terms { add(term) } }

    /// Adds a number. O(parts), which are few where numbers are of like magnitude.
    package mutating func add(_ value: Double) {
        var (kept, high) = (0, value)
        for part in parts {
            let (larger, smaller) = abs(high) < abs(part) ? (part, high) : (high, part)
            high = larger + smaller
            let low = smaller - (high - larger)
            if low != 0 {
                parts[kept] = low
                kept += 1
            }
        }
        parts.removeLast(parts.count - kept)
        if high != 0 { parts.append(high) }
    }

    /// Adds another sum.
    package mutating func add(_ other: ExactSum) { for part in other.parts { add(part) } }

    /// Takes another sum away.
    package mutating func subtract(_ other: ExactSum) { for part in other.parts { add(-part) } }

    /// The double that is nearest to the sum, ties to even.
    package var value: Double {
        guard var high = parts.last else { return 0 }
        var low = 0.0
        var rest = parts.dropLast()
        while low == 0, let part = rest.popLast() {
            let sum = high + part
            low = part - (sum - high)
            high = sum
        }
        // What is left decides a tie.
        if let next = rest.last, (low < 0) == (next < 0), low != 0 {
            let sum = high + 2 * low
            if sum - high == 2 * low { high = sum }
        }
        return high
    }

    /// The sum as doubles, the largest first: each is the nearest to what those before it leave.
    /// Equal sums have equal terms.
    package var terms: [Double] {
        var (terms, rest) = ([Double](), self)
        while !rest.parts.isEmpty {
            let term = rest.value
            terms.append(term)
            rest.add(-term)
        }
        return terms
    }
}

extension ExactSum: Hashable {
    package static func == (a: ExactSum, b: ExactSum) -> Bool { a.terms == b.terms }

    package func hash(into hasher: inout Hasher) { hasher.combine(terms) }
}
