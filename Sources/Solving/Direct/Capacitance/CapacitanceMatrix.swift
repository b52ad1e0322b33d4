internal import Fields

/// Finds the charges on the rims of obstacles that make the field there what it shall be
/// (capacitance matrix method, Buzbee, Dorr, George and Golub 1971, The direct solution of the
/// discrete Poisson equation on irregular regions, SIAM J. Numer. Anal. 8).
///
/// The matrix is Green's function between rim sites. It is symmetric and positive definite, its
/// blocks off the diagonal are small unless obstacles are close, and conjugate gradients with the
/// inverses of the diagonal blocks need six to fifteen steps. All of it is in Float: what that
/// leaves is seen, and corrected, by whoever computes the field in Double.
final class CapacitanceMatrix {
    let green: LatticeGreen
    /// The blocks of every group with those up to itself: `width` columns, for the other's sites,
    /// of `width` numbers each. The blocks above the diagonal are their transposes.
    var blocks: Plane<Float>
    var isPresent: [Bool] = []
    var groups: [RimSites.Group] = []
    /// For each group, the index of its preconditioner in `inverses`.
    var inverseOf: [Int] = []
    var inverses: Plane<Float>
    var inverseCount = 0
    var vectors: Plane<Float>
    var blockSize: Int { CapacitanceMatrix.width * CapacitanceMatrix.width }
    /// Inverses of the blocks of groups of one shape, where the shape alone determines them.
    var known: [[SIMD2<Int16>]: Int] = [:]
    /// Working memory of `invert`.
    let factors = Plane<Double>(rows: 2, columns: RimSites.width * RimSites.width)
    static let width = RimSites.width
    static let maximumKnown = 256
    /// Where the sites of a group stand in Green's function from its first, with rows counted down
    /// and up.
    let straight = Offsets(count: RimSites.width)
    let flipped = Offsets(count: RimSites.width)

    /// Creates the tables for a lattice. O(rows · columns²) time.
    init(
        rows: Int, columns: Int, _ sides: Sides,
        _ coefficients: ConstantMedium
    ) {
        green = LatticeGreen(rows: rows, columns: columns, sides, coefficients)
        blocks = Plane(rows: 1, columns: 0)
        inverses = Plane(rows: 1, columns: 0)
        vectors = Plane(rows: 5, columns: 0)
    }

    /// Whether the method is the faster one for this many groups of rim sites: filling a matrix
    /// takes about 4 ns an entry, a field 9 ns a site less than by multigrid.
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
        if blocks.columns < pairs * width * width {
            blocks = Plane(rows: 1, columns: pairs * width * width)
        }
        isPresent = [Bool](repeating: false, count: pairs)
        for (index, group) in groups.enumerated() {
            for (otherIndex, other) in groups[0...index].enumerated() {
                fill(index, group, otherIndex, other)
            }
        }
        precondition()
    }

    /// Solves C q = `potential`, both in the order of groups padded to `RimSites.width`, until max
    /// |C q − potential| is about `tolerance`, or as small as Float makes it. Returns the charges.
    ///
    /// What conjugate gradients take for the residual drifts from the true one, which is therefore
    /// computed anew, with sums in Double, and what it lacks is solved for once more.
    func charges(for potential: [Double], tolerance: Double) -> [Double] {
        var charges = [Double](repeating: 0, count: potential.count)
        var missing = potential
        for isSecond in [false, true] {
            let largest = missing.reduce(0) { max($0, abs($1)) }
            guard largest > tolerance else { break }
            // Float has little range for what a correction lacks, so the largest is scaled to 1.
            conjugateGradients(
                missing.map { Float($0 / largest) },
                tolerance: Float(max(0.5 * tolerance / largest, 2e-7)))
            let correction = vectors[Vector.solution]
            for k in charges.indices { charges[k] += largest * Double(correction[k]) }
            if !isSecond { missing = residual(potential, charges) }
        }
        return charges
    }

    /// The vectors of conjugate gradients, as rows of `vectors`.
    enum Vector {
        static let (solution, residual, direction, image, preconditioned) = (0, 1, 2, 3, 4)
    }

    /// Solves C x = b approximately for `Vector.solution`.
    func conjugateGradients(_ b: [Float], tolerance: Float) {
        let size = b.count
        if vectors.columns < size { vectors = Plane(rows: 5, columns: size) }
        let (x, r, z) = (
            vectors[Vector.solution], vectors[Vector.residual], vectors[Vector.preconditioned]
        )
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
            multiply(
                r, into: z,
                by: { self.inverses[0].advanced(by: self.inverseOf[$0] &* self.blockSize) })
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
}
