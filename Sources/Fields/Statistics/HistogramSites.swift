/// The sites whose values a histogram counts: every `stride`-th row and column, from the half of it
/// on, so that at least 2¹⁴ sites of a lattice that has as many are counted.
package struct HistogramSites: Hashable, Sendable {
    package let lattice: Lattice
    /// The largest s for which s² · 2¹⁴ sites are in the lattice; 1 of a smaller one.
    package let stride: Int

    package init(_ lattice: Lattice) {
        self.lattice = lattice
        var stride = 1
        while (stride + 1) * (stride + 1) << 14 <= lattice.count { stride += 1 }
        self.stride = stride
    }

    package var rows: StrideTo<Int> { Swift.stride(from: stride / 2, to: lattice.rows, by: stride) }
    package var columns: StrideTo<Int> {
        Swift.stride(from: stride / 2, to: lattice.columns, by: stride)
    }

    /// Number of the sites.
    package var count: Int {
        func places(_ side: Int) -> Int { (side - stride / 2 + stride - 1) / stride }
        return places(lattice.rows) * places(lattice.columns)
    }

    /// Whether site `index` is one.
    package func contains(_ index: Int) -> Bool {
        let (row, column) = index.quotientAndRemainder(dividingBy: lattice.columns)
        return row % stride == stride / 2 && column % stride == stride / 2
    }
}
