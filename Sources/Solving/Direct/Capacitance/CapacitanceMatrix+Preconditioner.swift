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
            guard green.isFree else {
                invert(
                    block(index, index), group.count,
                    into: inverses[0].advanced(by: next * width * width))
                inverseOf.append(next)
                next += 1
                continue
            }
            let shape = group.rows.indices.map {
                SIMD2(
                    Int16(group.rows[$0] - group.rows[0]),
                    Int16(group.columns[$0] - group.columns[0]))
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

    /// inverse = matrix⁻¹, symmetric and positive definite, of `count` rows, by Cholesky's
    /// factorisation UᵀU in Double, whole rows at a time.
    func invert(_ matrix: Line<Float>, _ count: Int, into inverse: Line<Float>) {
        let width = CapacitanceMatrix.width
        let (upper, result) = (factors[0], factors[1])
        for k in 0..<width * width {
            upper[k] = Double(matrix[k])
            result[k] = 0
        }
        for k in 0..<count {
            let row = upper.advanced(by: k &* width)
            // Rounding may leave nothing of the last pivots of close sites; a preconditioner need
            // not be exact.
            let pivot = max(row[k], 1e-7 * Double(matrix[k &* width &+ k])).squareRoot()
            row[k] = pivot * pivot
            Columns.eights(width) { row.store8(row.load8($0) / pivot, $0) }
            for i in k + 1..<count { subtract(row[i], row, from: upper.advanced(by: i &* width)) }
        }
        // Uᵀ Y = 1, then U X = Y, for all columns of the inverse.
        for i in 0..<count {
            let row = result.advanced(by: i &* width)
            row[i] = 1
            for k in 0..<i {
                subtract(upper[k &* width &+ i], result.advanced(by: k &* width), from: row)
            }
            divide(row, by: upper[i &* width &+ i])
        }
        for i in (0..<count).reversed() {
            let row = result.advanced(by: i &* width)
            for k in i + 1..<count {
                subtract(upper[i &* width &+ k], result.advanced(by: k &* width), from: row)
            }
            divide(row, by: upper[i &* width &+ i])
        }
        for k in 0..<width * width { inverse[k] = Float(result[k]) }
    }

    @inline(__always) private func subtract(
        _ factor: Double, _ row: Line<Double>, from other: Line<Double>
    ) {
        Columns.eights(CapacitanceMatrix.width) { k in
            other.store8(other.load8(k).addingProduct(SIMD8(repeating: -factor), row.load8(k)), k)
        }
    }

    @inline(__always) private func divide(_ row: Line<Double>, by divisor: Double) {
        let factor = SIMD8(repeating: 1 / divisor)
        Columns.eights(CapacitanceMatrix.width) { row.store8(factor * row.load8($0), $0) }
    }
}
