package import Fields

extension FineLevel {
    /// Starts a configuration: the field is zero but for pinned sites, the residual belongs to that
    /// field, and the operator knows the pinned sites.
    ///
    /// - Returns: The largest magnitude of the first residual.
    package func start(_ image: SourceImage, pinned: Bool) -> Float {
        isPinned = pinned
        for site in marked { roles[site] = .free }
        marked.removeAll(keepingCapacity: true)
        grid.reset()
        draft.clear()
        residual.clear()
        sources.replace(
            image.sites, values: pinned ? image.values : image.values.map { decay * $0 },
            columns: lattice.columns)
        if pinned { pin(image.sites) }
        var largest: Float = 0
        if pinned {
            let roles = roles
            for (site, value) in zip(image.sites, image.values) {
                let (row, column) = (site / lattice.columns, site % lattice.columns)
                set(field: value, row, column)
                for (i, j) in [(-1, 0), (0, -1), (0, 1), (1, 0)] {
                    guard row + i >= 0, row + i < lattice.rows, column + j >= 0,
                        column + j < lattice.columns, !isPinned(row + i, column + j, roles)
                    else { continue }
                    largest = max(largest, add(residual: Float(value), row + i, column + j))
                }
            }
        } else {
            for (site, value) in zip(image.sites, image.values) {
                let amount = Float(decay * value)
                largest = max(
                    largest, add(residual: amount, site / lattice.columns, site % lattice.columns))
            }
        }
        return largest
    }

    /// Collects what the kernels do apart from the regular passes; `coarse` is the first coarser
    /// level.
    func prepare(coarse: CoarseLevel) {
        let stride = coarse.value.stride
        specialWeights.removeAll(keepingCapacity: true)
        for site in grid.weights.own {
            let (row, column) = grid.weights.site(site)
            guard (row + column) & 1 == 1 else { continue }
            let weights = grid.weights[Int(site)]
            let first = ((row + 1) / 2 - 1) * stride + (column + 1) / 2 - 1
            let onCoarseRow = row & 1 == 1
            specialWeights.append(
                SpecialWeights(
                    row: Int32(row), k: Int32(column / 2), first: Int32(first),
                    second: Int32(onCoarseRow ? first + 1 : first + stride),
                    weights: SIMD2(weights.x, onCoarseRow ? weights.y : weights.z)
                        - SIMD2(repeating: 0.5)))
        }
        specialWeights.sort { ($0.row, $0.k) < ($1.row, $1.k) }
        specialRestrictions.removeAll(keepingCapacity: true)
        for site in coarse.grid.stencils.own {
            let (r, c) = coarse.grid.stencils.site(site)
            let weights = grid.restriction(r, c)
            specialRestrictions.append(
                SpecialRestriction(
                    corners: SIMD4(
                        weights.north.x, weights.north.z, weights.south.x, weights.south.z),
                    center: weights.center, row: Int32(truncatingIfNeeded: 2 &* r &+ 1),
                    k: Int32(truncatingIfNeeded: c),
                    coarse: Int32(truncatingIfNeeded: r &* stride &+ c)))
        }
    }

    /// Eliminates the pinned sites: their rows become isolated, the rows next to them lose the
    /// coupling, and the sites around them are marked for more smoothing.
    private func pin(_ sites: [Int]) {
        let interior = grid.interior
        // Arrays are moved out and back, which spares every use of them a check of exclusive
        // access.
        var roles: [Role] = []
        swap(&roles, &self.roles)
        defer { swap(&roles, &self.roles) }
        for site in sites {
            roles[site] = .pinned
            let (row, column) = site.quotientAndRemainder(dividingBy: lattice.columns)
            grid.set(.isolated(diagonal: interior.center), at: grid.stencils.offset(row, column))
        }
        var marked = sites
        var ring = sites
        for width in 0..<FineLevel.nearWidth {
            var next: [Int] = []
            for site in ring {
                let (row, column) = site.quotientAndRemainder(dividingBy: lattice.columns)
                for r in max(0, row - 1)...min(lattice.rows - 1, row + 1) {
                    for c in max(0, column - 1)...min(lattice.columns - 1, column + 1) {
                        let neighbour = r * lattice.columns + c
                        guard roles[neighbour] == .free else { continue }
                        roles[neighbour] = .near
                        next.append(neighbour)
                        if width == 0 { decouple(r, c, interior, roles) }
                    }
                }
            }
            marked += next
            ring = next
        }
        near.replace(marked[sites.count...].sorted(), values: nil, columns: lattice.columns)
        self.marked = marked
    }

    /// Gives (row, column) its stencil without the pinned neighbours, if it has any.
    private func decouple(_ row: Int, _ column: Int, _ interior: Stencil, _ roles: [Role]) {
        var stencil = interior
        var changed = false
        if isPinned(row - 1, column, roles) { (stencil.north.y, changed) = (0, true) }
        if isPinned(row + 1, column, roles) { (stencil.south.y, changed) = (0, true) }
        if isPinned(row, column - 1, roles) { (stencil.middle.x, changed) = (0, true) }
        if isPinned(row, column + 1, roles) { (stencil.middle.z, changed) = (0, true) }
        if changed { grid.set(stencil, at: grid.stencils.offset(row, column)) }
    }

    private func isPinned(_ row: Int, _ column: Int, _ roles: [Role]) -> Bool {
        row >= 0 && row < lattice.rows && column >= 0 && column < lattice.columns
            && roles[row * lattice.columns + column] == .pinned
    }

    private func set(field value: Double, _ row: Int, _ column: Int) {
        draft[(row + column) & 1, row][column / 2] = Float(value)
    }

    private func add(residual value: Float, _ row: Int, _ column: Int) -> Float {
        let line = residual[(row + column) & 1, row]
        line[column / 2] += value
        return abs(line[column / 2])
    }
}
