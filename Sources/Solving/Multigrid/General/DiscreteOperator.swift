package import Fields

/// The discrete problem −∇·(D∇u) + γu = s on a lattice in Double: conductances of the faces between
/// sites, what joins each site to the ground, and the right-hand side.
///
/// (A u)ᵢ = groundᵢ uᵢ + Σⱼ gᵢⱼ (uᵢ − uⱼ) with gᵢⱼ = 2DᵢDⱼ/(Dᵢ + Dⱼ) over the faces of site i. The
/// ground of a site is γ, the conductance of faces to absorbing ghost sites (its own D), and of
/// faces to pinned sites, whose values move to the right-hand side; a reflecting side has no faces.
/// Pinned sites themselves are cut off: their row is 0 · u = 0, which any field solves exactly, and
/// `hold` gives them their values. So nothing of them enters a bound, whatever the unit of D.
///
/// A is symmetric, its off-diagonal entries are at most 0 and its rows are diagonally dominant.
/// Where every site is joined to the ground, directly or through others, it is an M-matrix: its
/// inverse is not negative anywhere (Varga 1962, §3.5).
package final class DiscreteOperator {
    /// The lattice.
    package let lattice: Lattice
    /// What holds at its sides.
    package let boundary: Boundary
    /// Which axes are closed.
    package let ring: Ring
    /// A by its entries; its couplings are the conductances between sites.
    package let matrix: SymmetricOperator<Double>
    /// Conductance to the ground.
    package let ground: SplitPlane<Double>
    /// Right-hand side.
    package let rhs: SplitPlane<Double>
    /// Two lines for the passes over rows.
    let margins: Plane<Double>
    /// Sites that are pinned, ascending.
    package private(set) var pinned: [Int] = []
    /// Their values.
    private var values: [Double] = []

    /// Creates room for the problems of a lattice.
    package init(lattice: Lattice, boundary: Boundary) {
        self.lattice = lattice
        self.boundary = boundary
        ring = Ring(boundary)
        func plane() -> SplitPlane<Double> {
            SplitPlane(rows: lattice.rows, columns: lattice.columns)
        }
        matrix = SymmetricOperator(
            rows: lattice.rows, columns: lattice.columns, hasDiagonals: false)
        ground = plane()
        rhs = plane()
        margins = Plane(rows: 2, columns: lattice.columns)
    }

    /// Takes over a medium, pins the sites of `image` where `pins` is set, and sets the right-hand
    /// side: the image itself where it emits, what pinned sites give to their neighbours where it
    /// does not. O(sites) time.
    package func assemble(_ medium: Medium, _ image: SourceImage, pins: Bool) {
        precondition(medium.lattice == lattice, "the medium has another lattice")
        setConductances(medium)
        rhs.clear()
        pinned = pins ? image.sites : []
        values = pins ? image.values : []
        if pins { pin(image) } else { emit(image) }
        matrix.close(ring)
        for row in 0..<lattice.rows { setDiagonal(row) }
        // For smoothers, which divide by it.
        for site in pinned {
            let (row, column) = self.site(site)
            matrix.diagonal[row, column] = 1
        }
        matrix.diagonal.close(ring)
    }

    /// Makes the image the right-hand side; for operators without pinned sites.
    package func emit(_ image: SourceImage) {
        precondition(pinned.isEmpty, "emitting sources do not go with pinned sites")
        rhs.clear()
        for (site, value) in zip(image.sites, image.values) {
            let (row, column) = self.site(site)
            rhs[row, column] = value
        }
    }

    /// Gives pinned sites their values.
    func hold(_ field: borrowing SplitPlane<Double>) {
        for (site, value) in zip(pinned, values) {
            let (row, column) = self.site(site)
            field[row, column] = value
        }
    }

    /// Sets the right-hand side to 1, and to 0 on pinned sites, which hold 0.
    package func setUnitRightHandSide() {
        values = [Double](repeating: 0, count: pinned.count)
        for row in 0..<lattice.rows {
            for half in 0...1 {
                let line = rhs[half: half, row]
                for k in 0..<rhs.count(half) { line[k] = 1 }
            }
        }
        for site in pinned {
            let (row, column) = self.site(site)
            rhs[row, column] = 0
        }
    }

    /// Row and column of a site.
    @inline(__always) func site(_ index: Int) -> (row: Int, column: Int) {
        let (row, column) = index.quotientAndRemainder(dividingBy: lattice.columns)
        return (row, column)
    }

    private func setConductances(_ medium: Medium) {
        let (rows, columns) = (lattice.rows, lattice.columns)
        for row in 0..<rows {
            let first = row * columns
            for column in 0..<columns {
                let site = first + column
                var ground = medium.decay[site]
                if row == 0, boundary.top == .absorbing { ground += medium.down[site] }
                if row == rows - 1, boundary.bottom == .absorbing { ground += medium.down[site] }
                if column == 0, boundary.left == .absorbing { ground += medium.across[site] }
                if column == columns - 1, boundary.right == .absorbing {
                    ground += medium.across[site]
                }
                self.ground[row, column] = ground
                let right = column + 1 < columns ? site + 1 : first
                let joinsRight = column + 1 < columns || ring.columns
                matrix.east[row, column] =
                    joinsRight ? mean(medium.across[site], medium.across[right]) : 0
                let below = row + 1 < rows ? site + columns : column
                let joinsBelow = row + 1 < rows || ring.rows
                matrix.south[row, column] =
                    joinsBelow ? mean(medium.down[site], medium.down[below]) : 0
            }
        }
    }

    /// The harmonic mean, with at most three roundings.
    @inline(__always) private func mean(_ a: Double, _ b: Double) -> Double {
        a * b / (0.5 * (a + b))
    }

    /// Cuts the sites of `image` off: their neighbours keep the conductance towards them as ground.
    private func pin(_ image: SourceImage) {
        let (rows, columns) = (lattice.rows, lattice.columns)
        func move(
            _ face: borrowing SplitPlane<Double>, _ i: Int, _ j: Int, _ row: Int, _ column: Int,
            _ value: Double
        ) {
            let conductance = face[i, j]
            ground[row, column] += conductance
            rhs[row, column] += conductance * value
            face[i, j] = 0
        }
        for (site, value) in zip(image.sites, image.values) {
            let (row, column) = self.site(site)
            let (above, below) = ((row + rows - 1) % rows, (row + 1) % rows)
            let (left, right) = ((column + columns - 1) % columns, (column + 1) % columns)
            // Faces across sides that are not closed have no conductance.
            move(matrix.east, row, column, row, right, value)
            move(matrix.east, row, left, row, left, value)
            move(matrix.south, row, column, below, column, value)
            move(matrix.south, above, column, above, column, value)
        }
        for site in image.sites {
            let (row, column) = self.site(site)
            ground[row, column] = 0
            rhs[row, column] = 0
        }
    }

    private func setDiagonal(_ row: Int) {
        for half in 0...1 {
            let (ground, out) = (self.ground[half: half, row], matrix.diagonal[half: half, row])
            let (above, below) = (matrix.south[half: half, row &- 1], matrix.south[half: half, row])
            let (right, left) = (
                matrix.east[half: half, row],
                matrix.east[half: 1 &- half, row].advanced(by: half &- 1)
            )
            Columns.each(rhs.count(half)) { k in
                out[k] = ground[k] + ((above[k] + below[k]) + (left[k] + right[k]))
            }
            out.clearTail(from: rhs.count(half))
        }
    }
}
