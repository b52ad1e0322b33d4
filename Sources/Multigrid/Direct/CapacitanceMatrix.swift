internal import Fields

/// Finds the charges on the rims of obstacles that make the field there what it shall be (capacitance matrix method, Buzbee,
/// Dorr, George and Golub 1971, The direct solution of the discrete Poisson equation on irregular regions, SIAM J. Numer.
/// Anal. 8).
///
/// The matrix is Green's function between rim sites. It is symmetric and positive definite, its blocks off the diagonal are
/// small unless obstacles are close, and conjugate gradients with the inverses of the diagonal blocks need six to fifteen steps.
/// All of it is in Float: what that leaves is seen, and corrected, by whoever computes the field in Double.
final class CapacitanceMatrix {
    private let green: LatticeGreen
    /// The blocks of every group with those up to itself: `width` columns, for the other's sites, of `width` numbers each. The
    /// blocks above the diagonal are their transposes.
    private var blocks: Plane<Float>
    private var isPresent: [Bool] = []
    private var groups: [RimSites.Group] = []
    /// For each group, the index of its preconditioner in `inverses`.
    private var inverseOf: [Int] = []
    private var inverses: Plane<Float>
    private var inverseCount = 0
    private var vectors: Plane<Float>
    private var blockSize: Int { CapacitanceMatrix.width * CapacitanceMatrix.width }
    /// Inverses of the blocks of groups of one shape, where the shape alone determines them.
    private var known: [[SIMD2<Int16>]: Int] = [:]
    private static let width = RimSites.width
    private static let maximumKnown = 256
    /// Where the sites of a group stand in Green's function from its first, with rows counted down and up.
    private let straight = Offsets(count: RimSites.width)
    private let flipped = Offsets(count: RimSites.width)

    /// Creates the tables for a lattice. O(rows · columns²) time.
    init(rows: Int, columns: Int, down: Double, across: Double, decay: Double) {
        green = LatticeGreen(rows: rows, columns: columns, down: down, across: across, decay: decay)
        blocks = Plane(rows: 1, columns: 0)
        inverses = Plane(rows: 1, columns: 0)
        vectors = Plane(rows: 5, columns: 0)
    }

    /// Whether the method is the faster one for this many groups of rim sites: filling a matrix takes about 4 ns an entry, a
    /// field 9 ns a site less than by multigrid.
    static func suits(_ groups: Int, _ lattice: Lattice) -> Bool {
        let sites = groups * width
        return sites <= 2048 && sites * sites <= 2 * lattice.count
    }

    /// Takes over the rim sites. O(sites²) time.
    func prepare(_ groups: [RimSites.Group]) {
        let width = CapacitanceMatrix.width
        self.groups = groups
        let count = groups.count
        let pairs = count * (count + 1) / 2
        if blocks.columns < pairs * width * width { blocks = Plane(rows: 1, columns: pairs * width * width) }
        isPresent = [Bool](repeating: false, count: pairs)
        for (index, group) in groups.enumerated() {
            for (otherIndex, other) in groups[0...index].enumerated() { fill(index, group, otherIndex, other) }
        }
        precondition()
    }

    /// Solves C q = `potential`, both in the order of groups padded to `RimSites.width`, until max |C q − potential| is about
    /// `tolerance`, or as small as Float makes it. Returns the charges.
    ///
    /// What conjugate gradients take for the residual drifts from the true one, which is therefore computed anew, with sums in
    /// Double, and what it lacks is solved for once more.
    func charges(for potential: [Double], tolerance: Double) -> [Double] {
        var charges = [Double](repeating: 0, count: potential.count)
        var missing = potential
        for isSecond in [false, true] {
            let largest = missing.reduce(0) { max($0, abs($1)) }
            guard largest > tolerance else { break }
            // Float has little range for what a correction lacks, so the largest is scaled to 1.
            conjugateGradients(
                missing.map { Float($0 / largest) }, tolerance: Float(max(0.5 * tolerance / largest, 2e-7)))
            let correction = vectors[Vector.solution]
            for k in charges.indices { charges[k] += largest * Double(correction[k]) }
            if !isSecond { missing = residual(potential, charges) }
        }
        return charges
    }

    /// The vectors of conjugate gradients, as rows of `vectors`.
    private enum Vector {
        static let (solution, residual, direction, image, preconditioned) = (0, 1, 2, 3, 4)
    }

    /// Solves C x = b approximately for `Vector.solution`.
    private func conjugateGradients(_ b: [Float], tolerance: Float) {
        let size = b.count
        if vectors.columns < size { vectors = Plane(rows: 5, columns: size) }
        let (x, r, z) = (vectors[Vector.solution], vectors[Vector.residual], vectors[Vector.preconditioned])
        let (p, q) = (vectors[Vector.direction], vectors[Vector.image])
        for k in 0..<size {
            r[k] = b[k]
            x[k] = 0
            p[k] = 0
        }
        var last = 0.0
        for _ in 0..<100 {
            var largest = SIMD8<Float>.zero
            Columns.eights(size) { k in
                let v = r.load8(k)
                let magnitude = v.replacing(with: -v, where: v .< 0)
                largest.replace(with: magnitude, where: magnitude .> largest)
            }
            guard largest.max() > tolerance else { return }
            multiply(r, into: z, by: { self.inverses[0].advanced(by: self.inverseOf[$0] &* self.blockSize) })
            let product = CapacitanceMatrix.dot(r, z, size)
            let ratio = Float(last > 0 ? product / last : 0)
            last = product
            Columns.each(size) { k in p[k] = z[k].addingProduct(ratio, p[k]) }
            apply(p, into: q)
            let curvature = CapacitanceMatrix.dot(p, q, size)
            guard product > 0, curvature > 0 else { return }
            let step = Float(product / curvature)
            Columns.each(size) { k in
                x[k] = x[k].addingProduct(step, p[k])
                r[k] = r[k].addingProduct(-step, q[k])
            }
        }
    }

    /// b − C x, with sums in Double.
    private func residual(_ b: [Double], _ x: [Double]) -> [Double] {
        let width = CapacitanceMatrix.width
        var result = b
        for group in groups.indices {
            for other in 0...group where isPresent[CapacitanceMatrix.pair(group, other)] {
                let block = block(group, other)
                for half in stride(from: 0, to: groups[group].count, by: 8) {
                    var own = SIMD8<Double>.zero
                    for k in 0..<8 { own[k] = x[group * width + half + k] }
                    var sum = SIMD8<Double>.zero
                    for q in 0..<groups[other].count {
                        let column = SIMD8<Double>(block.load8(q &* width &+ half))
                        sum = sum.addingProduct(SIMD8(repeating: x[other * width + q]), column)
                        if other < group { result[other * width + q] -= CapacitanceMatrix.total(column * own) }
                    }
                    for k in 0..<8 where half + k < groups[group].count { result[group * width + half + k] -= sum[k] }
                }
            }
        }
        return result
    }

    /// The sum of the lanes, in a fixed order.
    @inline(__always)
    private static func total<Scalar: BinaryFloatingPoint & SIMDScalar>(_ v: SIMD8<Scalar>) -> Scalar {
        let four = v.lowHalf + v.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }

    // MARK: - The matrix

    /// Place of a pair of groups, `other` at most `group`.
    @inline(__always)
    private static func pair(_ group: Int, _ other: Int) -> Int { group &* (group &+ 1) / 2 &+ other }

    private func block(_ group: Int, _ other: Int) -> Line<Float> {
        blocks[0].advanced(by: CapacitanceMatrix.pair(group, other) &* blockSize)
    }

    /// Computes the block of two groups. The first is not above the other, so that no row distance is far below zero.
    private func fill(_ index: Int, _ a: RimSites.Group, _ otherIndex: Int, _ b: RimSites.Group) {
        let width = CapacitanceMatrix.width
        let target = block(index, otherIndex)
        let terms = terms(a, b)
        isPresent[CapacitanceMatrix.pair(index, otherIndex)] = !terms.isEmpty
        guard !terms.isEmpty else { return }
        let stride = green.stride
        let (straight, flipped) = (straight.line, flipped.line)
        let count = a.count
        for p in 0..<a.count {
            let (row, column) = ((a.rows[p] - a.rows[0]) * stride, a.columns[p] - a.columns[0])
            straight[p] = column + row
            flipped[p] = column - row
        }
        for q in 0..<b.count {
            let column = target.advanced(by: q &* width)
            column.store8(.zero, 0)
            column.store8(.zero, 8)
            column.store8(.zero, 16)
            column.store8(.zero, 24)
            for term in terms {
                let values = green.values(
                    around: term.rowSign * b.rows[q] + term.row, term.columnSign * b.columns[q] + term.column)
                let offsets = term.isFlipped ? flipped : straight
                let sign = term.sign
                for p in 0..<count { column[p] = column[p].addingProduct(sign, values[offsets[p]]) }
            }
        }
    }

    /// One of a charge's images: its distance from the first site of a group is (rowSign · row of the charge + `row`, …).
    private struct Term {
        var sign: Float
        var row: Int
        var rowSign: Int
        var column: Int
        var columnSign: Int
        /// Whether distances fall as the row of the group's site rises.
        var isFlipped: Bool
    }

    /// The charge itself and its images, but for those that are out of reach of every site.
    private func terms(_ a: RimSites.Group, _ b: RimSites.Group) -> [Term] {
        let (rowsA, rowsB) = (a.rowRange, b.rowRange)
        let (columnsA, columnsB) = (a.columnRange, b.columnRange)
        let (height, breadth) = (green.rows + 1, green.columns + 1)
        var rows: [(Term, Int)] = []
        rows.append(
            (
                Term(sign: 1, row: a.rows[0], rowSign: -1, column: 0, columnSign: 0, isFlipped: false),
                CapacitanceMatrix.gap(rowsA, rowsB)
            ))
        let nearTop = rowsA.lowerBound + rowsB.lowerBound + 2 <= height
        rows.append(
            nearTop
                ? (
                    Term(sign: -1, row: a.rows[0] + 2, rowSign: 1, column: 0, columnSign: 0, isFlipped: false),
                    rowsA.lowerBound + rowsB.lowerBound + 2
                )
                : (
                    Term(
                        sign: -1, row: 2 * height - a.rows[0] - 2, rowSign: -1, column: 0, columnSign: 0,
                        isFlipped: true),
                    2 * height - rowsA.upperBound - rowsB.upperBound - 2
                ))
        let nearLeft = columnsA.lowerBound + columnsB.lowerBound + 2 <= breadth
        let columns: [(sign: Float, column: Int, columnSign: Int, gap: Int)] = [
            (1, a.columns[0], -1, CapacitanceMatrix.gap(columnsA, columnsB)),
            (
                -1, a.columns[0] + 2 - (nearLeft ? 0 : 2 * breadth), 1,
                nearLeft
                    ? columnsA.lowerBound + columnsB.lowerBound + 2
                    : 2 * breadth - columnsA.upperBound - columnsB.upperBound - 2
            ),
        ]
        var result: [Term] = []
        for (row, rowGap) in rows {
            for column in columns {
                let down = Double(rowGap) / Double(green.reach.rows)
                let across = Double(column.gap) / Double(green.reach.columns)
                guard !green.isScreened || down * down + across * across < 1 else { continue }
                var term = row
                term.sign *= column.sign
                term.column = column.column
                term.columnSign = column.columnSign
                result.append(term)
            }
        }
        return result
    }

    /// Least distance between two ranges.
    private static func gap(_ a: ClosedRange<Int>, _ b: ClosedRange<Int>) -> Int {
        max(0, a.lowerBound - b.upperBound, b.lowerBound - a.upperBound)
    }

    /// result = C x. Every block is read once, for its own product and for that of its transpose.
    private func apply(_ x: Line<Float>, into result: Line<Float>) {
        let width = CapacitanceMatrix.width
        Columns.eights(groups.count &* width) { result.store8(.zero, $0) }
        for group in groups.indices {
            let out = result.advanced(by: group &* width)
            let own = x.advanced(by: group &* width)
            let (x0, x1, x2, x3) = (own.load8(0), own.load8(8), own.load8(16), own.load8(24))
            var (s0, s1, s2, s3) = (out.load8(0), out.load8(8), out.load8(16), out.load8(24))
            for other in 0..<group &+ 1 where isPresent[CapacitanceMatrix.pair(group, other)] {
                let block = block(group, other)
                let values = x.advanced(by: other &* width)
                let mirrored = result.advanced(by: other &* width)
                let isDiagonal = other == group
                for q in 0..<groups[other].count {
                    let value = SIMD8<Float>(repeating: values[q])
                    let column = block.advanced(by: q &* width)
                    let (c0, c1, c2, c3) = (column.load8(0), column.load8(8), column.load8(16), column.load8(24))
                    s0 = s0.addingProduct(value, c0)
                    s1 = s1.addingProduct(value, c1)
                    s2 = s2.addingProduct(value, c2)
                    s3 = s3.addingProduct(value, c3)
                    guard !isDiagonal else { continue }
                    let product = (x0 * c0).addingProduct(x1, c1).addingProduct(x2, c2).addingProduct(x3, c3)
                    mirrored[q] += CapacitanceMatrix.total(product)
                }
            }
            out.store8(s0, 0)
            out.store8(s1, 8)
            out.store8(s2, 16)
            out.store8(s3, 24)
        }
    }

    /// result = the product of a block with each group's values.
    @inline(__always)
    private func multiply(_ x: Line<Float>, into result: Line<Float>, by block: (Int) -> Line<Float>) {
        let width = CapacitanceMatrix.width
        for group in groups.indices {
            var (s0, s1, s2, s3) = (SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero, SIMD8<Float>.zero)
            let matrix = block(group)
            let values = x.advanced(by: group &* width)
            for q in 0..<groups[group].count {
                let value = SIMD8<Float>(repeating: values[q])
                let column = matrix.advanced(by: q &* width)
                s0 = s0.addingProduct(value, column.load8(0))
                s1 = s1.addingProduct(value, column.load8(8))
                s2 = s2.addingProduct(value, column.load8(16))
                s3 = s3.addingProduct(value, column.load8(24))
            }
            let out = result.advanced(by: group &* width)
            out.store8(s0, 0)
            out.store8(s1, 8)
            out.store8(s2, 16)
            out.store8(s3, 24)
        }
    }

    /// Σ a b, in eight sums that are added in order.
    private static func dot(_ a: Line<Float>, _ b: Line<Float>, _ count: Int) -> Double {
        var sums = SIMD8<Float>.zero
        Columns.eights(count) { sums = sums.addingProduct(a.load8($0), b.load8($0)) }
        return (0..<8).reduce(0.0) { $0 + Double(sums[$1]) }
    }

    // MARK: - Preconditioner

    /// Finds the inverse of every diagonal block.
    private func precondition() {
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
    private func invert(_ matrix: Line<Float>, _ count: Int, into inverse: Line<Float>) {
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
