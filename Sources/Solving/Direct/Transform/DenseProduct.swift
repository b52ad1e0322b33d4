/// The product with a small dense matrix, for vectors of eight in place of numbers.
///
/// Every product is added in order, by explicitly fused operations, so that no sum depends on the
/// machine's width.
package final class DenseProduct {
    /// How many vectors of terms there are, and distances between numbers of them.
    package struct Steps {
        package var count: Int
        /// From the terms of one to those of the next.
        package var input: Int
        /// From the first result of one to that of the next.
        package var output: Int
        /// From a result to the next one.
        package var stride: Int

        package init(count: Int, input: Int, output: Int, stride: Int) {
            self.count = count
            self.input = input
            self.output = output
            self.stride = stride
        }
    }

    /// Rows of the matrix: results.
    let rows: Int
    /// Columns of the matrix.
    let terms: Int
    private let matrix: Plane<Double>

    /// Fused multiplications of vectors that would take as long as the product: a block of rows
    /// costs as much as 24 besides, as measured over transforms of 257 to 5005 intervals.
    static func operations(rows: Int, terms: Int) -> Int {
        var (row, sum) = (0, 0)
        while row < rows {
            let height = height(of: rows - row)
            sum += height * terms + 24
            row += height
        }
        return sum
    }

    /// Rows of the next block where so many are left: fives and fours, which keep a machine's
    /// registers full.
    @inline(__always) private static func height(of left: Int) -> Int {
        left >= 5 && left != 8 && left != 12 && left != 16 ? 5 : 4
    }

    package init(_ entries: [[Double]]) {
        rows = entries.count
        terms = entries.first?.count ?? 0
        matrix = Plane(rows: rows, columns: terms)
        for row in 0..<rows {
            for column in 0..<terms { matrix[row][column] = entries[row][column] }
        }
    }

    /// Writes the products with several `x`, whose vectors follow one another.
    func apply(_ x: Line<Double>, into out: Line<Double>, _ steps: Steps) {
        apply(x, into: out, steps) { _, _ in .zero }
    }

    /// Writes the products with several `x`, to which the vectors of `start` are added, laid out
    /// like one x after the other.
    package func apply(
        _ x: Line<Double>, into out: Line<Double>, _ steps: Steps, adding start: Line<Double>
    ) {
        let rows = rows
        apply(x, into: out, steps) { start.load8(8 &* ($0 &* rows &+ $1)) }
    }

    /// Writes the products with several `x`, to row r of which the vector at `places[r]` of `start`
    /// is added, plus `step` for each x after the first.
    func apply(
        _ x: Line<Double>, into out: Line<Double>, _ steps: Steps, from start: Line<Double>,
        at places: OffsetLine, step: Int
    ) { apply(x, into: out, steps) { start.load8($0 &* step &+ places[$1]) } }

    @inline(__always) private func apply(
        _ x: Line<Double>, into out: Line<Double>, _ steps: Steps,
        start: (_ index: Int, _ row: Int) -> SIMD8<Double>
    ) {
        let (rows, stride) = (rows, steps.stride)
        for index in 0..<steps.count {
            let x = x.advanced(by: index &* steps.input)
            let out = out.advanced(by: index &* steps.output)
            var row = 0
            while row < rows {
                let left = rows &- row
                // The last row stands in for those that are missing.
                if DenseProduct.height(of: left) == 5 {
                    five(row, x, out.advanced(by: row &* stride), stride) { start(index, $0) }
                    row &+= 5
                } else {
                    four(row, x, out.advanced(by: row &* stride), stride, min(3, left &- 1)) {
                        start(index, $0)
                    }
                    row &+= 4
                }
            }
        }
    }

    @inline(__always) private func five(
        _ row: Int, _ x: Line<Double>, _ out: Line<Double>, _ stride: Int,
        _ start: (Int) -> SIMD8<Double>
    ) {
        let (a0, a1, a2, a3, a4) = (
            matrix[row], matrix[row &+ 1], matrix[row &+ 2], matrix[row &+ 3], matrix[row &+ 4]
        )
        var (s0, s1, s2, s3, s4) = (
            start(row), start(row &+ 1), start(row &+ 2), start(row &+ 3), start(row &+ 4)
        )
        var k = 0
        while k < terms {
            let v = x.load8(8 &* k)
            s0 = s0.addingProduct(v, SIMD8(repeating: a0[k]))
            s1 = s1.addingProduct(v, SIMD8(repeating: a1[k]))
            s2 = s2.addingProduct(v, SIMD8(repeating: a2[k]))
            s3 = s3.addingProduct(v, SIMD8(repeating: a3[k]))
            s4 = s4.addingProduct(v, SIMD8(repeating: a4[k]))
            k &+= 1
        }
        out.store8(s0, 0)
        out.store8(s1, stride)
        out.store8(s2, 2 &* stride)
        out.store8(s3, 3 &* stride)
        out.store8(s4, 4 &* stride)
    }

    @inline(__always) private func four(
        _ row: Int, _ x: Line<Double>, _ out: Line<Double>, _ stride: Int, _ last: Int,
        _ start: (Int) -> SIMD8<Double>
    ) {
        let (r1, r2, r3) = (min(1, last), min(2, last), last)
        let (a0, a1, a2, a3) = (
            matrix[row], matrix[row &+ r1], matrix[row &+ r2], matrix[row &+ r3]
        )
        var (s0, s1, s2, s3) = (start(row), start(row &+ r1), start(row &+ r2), start(row &+ r3))
        var k = 0
        while k < terms {
            let v = x.load8(8 &* k)
            s0 = s0.addingProduct(v, SIMD8(repeating: a0[k]))
            s1 = s1.addingProduct(v, SIMD8(repeating: a1[k]))
            s2 = s2.addingProduct(v, SIMD8(repeating: a2[k]))
            s3 = s3.addingProduct(v, SIMD8(repeating: a3[k]))
            k &+= 1
        }
        out.store8(s0, 0)
        out.store8(s1, r1 &* stride)
        out.store8(s2, r2 &* stride)
        out.store8(s3, r3 &* stride)
    }
}
