package import Fields

extension FineLevel {
    /// Starts a configuration from somebody's field, (rows, columns), with the exact values on
    /// pinned sites; an emitting one gets the factor that fits its right-hand side on the sources
    /// best (least squares). `field` holds it then.
    ///
    /// - Returns: The norms of its residual.
    package func take(_ values: [Float], _ image: SourceImage, pinned: Bool) -> ResidualNorms {
        precondition(
            values.count == lattice.rows * lattice.columns,
            "the field has another lattice's size")
        _ = start(image, pinned: pinned)
        let columns = lattice.columns
        let factor = pinned ? 1 : 1 / scale(values, image)
        for row in 0..<lattice.rows {
            for colour in 0...1 {
                let line = field[colour, row]
                let first = (row + colour) & 1
                for k in 0..<field.columns {
                    let column = 2 * k + first
                    line[k] = column < columns ? factor * Double(values[row * columns + column]) : 0
                }
            }
        }
        if pinned {
            for (site, value) in zip(image.sites, image.values) {
                let (row, column) = site.quotientAndRemainder(dividingBy: columns)
                field[(row + column) & 1, row][column / 2] = value
            }
        }
        return measure()
    }

    /// The σ that minimises Σ (σ·rhs − A û)² over the sites of the sources.
    private func scale(_ values: [Float], _ image: SourceImage) -> Double {
        let (rows, columns) = (lattice.rows, lattice.columns)
        var (product, square) = (0.0, 0.0)
        for (site, value) in zip(image.sites, image.values) {
            let (row, column) = site.quotientAndRemainder(dividingBy: columns)
            var sum = (4 + decay) * Double(values[site])
            if row > 0 { sum -= Double(values[site - columns]) }
            if row + 1 < rows { sum -= Double(values[site + columns]) }
            if column > 0 { sum -= Double(values[site - 1]) }
            if column + 1 < columns { sum -= Double(values[site + 1]) }
            product += decay * value * sum
            square += decay * value * (decay * value)
        }
        return square > 0 && product > 0 && product.isFinite ? product / square : 1
    }
}
