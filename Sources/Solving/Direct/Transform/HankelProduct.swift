/// The product with a matrix whose entry (a, b) depends on a + b only, for vectors of eight in
/// place of numbers.
///
/// In halves, (H₀ H₁; H₁ H₂) (x; y) has the upper part H₁(x + y) + (H₀ − H₁) x and the lower one
/// H₁(x + y) + (H₂ − H₁) y: three products in place of four, and each matrix is of the same kind
/// (Karatsuba's rule; Winograd 1980, Arithmetic Complexity of Computations, chapter 6).
final class HankelProduct {
    private enum Parts {
        case dense(DenseProduct)
        case halves(sum: HankelProduct, upper: HankelProduct, lower: HankelProduct)
    }

    private let size: Int
    private let parts: Parts
    /// x + y, and the product that both halves share.
    private let scratch: Plane<Double>

    /// Whether a matrix of this size is taken in halves.
    static func splits(_ size: Int) -> Bool { size >= 20 && size & 1 == 0 }

    /// Fused multiplications of vectors that would take as long as the product.
    static func operations(_ size: Int) -> Int {
        splits(size)
            ? 3 * operations(size / 2) + 4 * size : DenseProduct.operations(rows: size, terms: size)
    }

    /// The matrix with the entries of `values`, 2 n − 1 of them, for products with up to `columns`
    /// vectors of terms at once.
    init(_ values: [Double], columns: Int) {
        let size = (values.count + 1) / 2
        self.size = size
        let half = size / 2
        scratch = Plane(rows: 2, columns: 8 * half * columns)
        if HankelProduct.splits(size) {
            let count = 2 * half - 1
            parts = .halves(
                sum: HankelProduct((0..<count).map { values[$0 + half] }, columns: columns),
                upper: HankelProduct(
                    (0..<count).map { values[$0] - values[$0 + half] }, columns: columns),
                lower: HankelProduct(
                    (0..<count).map { values[$0 + size] - values[$0 + half] }, columns: columns))
        } else {
            parts = .dense(
                DenseProduct((0..<size).map { row in (0..<size).map { values[row + $0] } }))
        }
    }

    /// Writes the products with several `x`, whose vectors follow one another, at most as many as
    /// `columns`.
    func apply(_ x: Line<Double>, into out: Line<Double>, _ steps: DenseProduct.Steps) {
        apply(x, into: out, steps, adding: nil)
    }

    /// Writes `start`, which is laid out like one x after the other, plus the products with several
    /// `x`.
    private func apply(
        _ x: Line<Double>, into out: Line<Double>, _ steps: DenseProduct.Steps,
        adding start: Line<Double>?
    ) {
        switch parts {
        case .dense(let product):
            if let start {
                product.apply(x, into: out, steps, adding: start)
            } else {
                product.apply(x, into: out, steps)
            }
        case .halves(let sum, let upper, let lower):
            let width = 4 &* size
            let (terms, both) = (scratch[0], scratch[1])
            for index in 0..<steps.count {
                let (x, terms) = (
                    x.advanced(by: index &* steps.input), terms.advanced(by: index &* width)
                )
                Columns.eights(width) { k in terms.store8(x.load8(k) + x.load8(k &+ width), k) }
            }
            var inner = steps
            (inner.input, inner.output, inner.stride) = (width, width, 8)
            sum.apply(terms, into: both, inner)
            upper.apply(x, into: out, steps, adding: both)
            lower.apply(
                x.advanced(by: width), into: out.advanced(by: steps.stride &* (size / 2)), steps,
                adding: both)
            guard let start else { return }
            for index in 0..<steps.count {
                let (out, start) = (
                    out.advanced(by: index &* steps.output), start.advanced(by: index &* 2 &* width)
                )
                for row in 0..<size {
                    out.store8(
                        out.load8(steps.stride &* row) + start.load8(8 &* row), steps.stride &* row)
                }
            }
        }
    }
}
