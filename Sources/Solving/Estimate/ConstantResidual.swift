internal import Fields

/// Residuals of problems with constant coefficients.
struct ConstantResidual {
    let lattice: Lattice
    /// D down the rows and across the columns, and γ.
    let down: Double
    let across: Double
    let decay: Double
    let boundary: Boundary

    /// Returns f − A û, (rows, columns), computed in Double, and its largest magnitude.
    ///
    /// Pinned sites count with their exact values, and have the residual 0. An emitting image,
    /// which gives f only up to a factor, gets the one that fits A û on the sources best (least
    /// squares).
    func residual(of field: [Float], _ image: SourceImage, pinned: Bool) -> (
        values: [Float], largest: Double
    ) {
        let (rows, columns) = (lattice.rows, lattice.columns)
        var u = field.map(Double.init)
        if pinned { for (site, value) in zip(image.sites, image.values) { u[site] = value } }
        func product(_ row: Int, _ column: Int) -> Double {
            let site = row * columns + column
            let value = u[site]
            func outside(_ side: SideCondition, _ opposite: Int) -> Double {
                switch side {
                case .absorbing: 0
                case .reflecting: value
                case .periodic: u[opposite]
                }
            }
            let above =
                row > 0
                ? u[site - columns] : outside(boundary.top, site + (rows - 1) * columns)
            let below =
                row + 1 < rows ? u[site + columns] : outside(boundary.bottom, column)
            let left =
                column > 0 ? u[site - 1] : outside(boundary.left, site + columns - 1)
            let right =
                column + 1 < columns ? u[site + 1] : outside(boundary.right, site + 1 - columns)
            return down * ((value - above) + (value - below)) + across
                * ((value - left) + (value - right)) + decay * value
        }
        // Residuals of hopeless fields may be beyond Float.
        var exact = [Double](repeating: 0, count: u.count)
        for row in 0..<rows {
            for column in 0..<columns { exact[row * columns + column] = -product(row, column) }
        }
        func rounded() -> (values: [Float], largest: Double) {
            (exact.map { Float($0) }, exact.reduce(0) { max($0, $1.magnitude) })
        }
        guard !pinned else {
            for site in image.sites { exact[site] = 0 }
            return rounded()
        }
        var (sum, square) = (0.0, 0.0)
        let products = image.sites.map { product($0 / columns, $0 % columns) }
        for (value, product) in zip(image.values, products) {
            sum += value * product
            square += value * value
        }
        let factor = square > 0 && sum > 0 && sum.isFinite ? sum / square : 1
        for (place, site) in image.sites.enumerated() {
            exact[site] = factor * image.values[place] - products[place]
        }
        return rounded()
    }
}
