/// The inverses of the diagonal blocks.
extension CapacitanceMatrix {
    /// Finds the inverse of every diagonal block.
    func precondition() {
        let width = CapacitanceMatrix.width
        if known.count > CapacitanceMatrix.maximumKnown { known.removeAll() }
        if known.isEmpty { inverseCount = 0 }
        let needed = (inverseCount + groups.count) * width * width
        if inverses.columns < needed {
            let larger = Plane<Float>(rows: 1, columns: 2 * needed)
            let (from, to) = (inverses[0], larger[0])
            for k in 0..<inverseCount * width * width { to[k] = from[k] }
            inverses = larger
        }
        inverseOf.removeAll(keepingCapacity: true)
        var next = inverseCount
        for (index, group) in groups.enumerated() {
            guard green.isScreened else {
                invert(block(index, index), group.count, into: inverses[0].advanced(by: next * width * width))
                inverseOf.append(next)
                next += 1
                continue
            }
            let shape = group.rows.indices.map {
                SIMD2(Int16(group.rows[$0] - group.rows[0]), Int16(group.columns[$0] - group.columns[0]))
            }
            if let found = known[shape] {
                inverseOf.append(found)
                continue
            }
            let free = Plane<Float>(rows: 1, columns: width * width)
            for q in 0..<group.count {
                for p in 0..<group.count {
                    free[0][q * width + p] = green.value(
                        group.rows[p] - group.rows[q], group.columns[p] - group.columns[q])
                }
            }
            invert(free[0], group.count, into: inverses[0].advanced(by: next * width * width))
            known[shape] = next
            inverseOf.append(next)
            next += 1
            inverseCount = next
        }
    }

    /// inverse = matrix⁻¹, symmetric and positive definite, of `count` rows, by Cholesky's factorisation in Double.
    func invert(_ matrix: Line<Float>, _ count: Int, into inverse: Line<Float>) {
        let width = CapacitanceMatrix.width
        var lower = [Double](repeating: 0, count: width * width)
        for i in 0..<count {
            for j in 0...i {
                var sum = Double(matrix[j * width + i])
                for k in 0..<j { sum -= lower[i * width + k] * lower[j * width + k] }
                // Rounding may leave nothing of the last pivots of close sites; a preconditioner need not be exact.
                lower[i * width + j] =
                    i == j ? max(sum, 1e-7 * Double(matrix[i * width + i])).squareRoot() : sum / lower[j * width + j]
            }
        }
        var column = [Double](repeating: 0, count: width)
        for unit in 0..<width {
            for i in 0..<width { inverse[unit * width + i] = 0 }
            guard unit < count else { continue }
            for i in 0..<count {
                var sum = i == unit ? 1.0 : 0
                for k in 0..<i { sum -= lower[i * width + k] * column[k] }
                column[i] = sum / lower[i * width + i]
            }
            for i in (0..<count).reversed() {
                var sum = column[i]
                for k in i + 1..<count { sum -= lower[k * width + i] * column[k] }
                column[i] = sum / lower[i * width + i]
            }
            for i in 0..<count { inverse[unit * width + i] = Float(column[i]) }
        }
    }
}
