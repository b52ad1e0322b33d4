import Fields
import Solving
import Testing

/// Laws of the field before it is scaled and rounded.
@Suite struct FieldLawTests {
    /// The field after so many cycles that only rounding is left.
    private func field(_ image: SourceImage, rows: Int, columns: Int, decay: Double, pinned: Bool)
        -> [Double]
    {
        let hierarchy = Hierarchy(rows: rows, columns: columns, decay: decay)
        _ = hierarchy.fine.start(image, pinned: pinned)
        hierarchy.prepare()
        for cycle in 0..<14 {
            let stage = cycle < 2 ? FineLevel.Stage.draft : cycle == 2 ? .conversion : .refinement
            _ = hierarchy.cycle(full: cycle == 0, relaxation: 1, stage: stage)
        }
        return (0..<rows * columns).map { site in
            let (row, column) = site.quotientAndRemainder(dividingBy: columns)
            return hierarchy.fine.field[(row + column) & 1, row][column / 2]
        }
    }

    @Test func emittingFieldsAddUp() {
        let (rows, columns) = (50, 67)
        var random = TestRandom(seed: 3)
        let sites = (0..<40).map { 3 + 83 * $0 }
        let first = sites.map { _ in random.next() }
        let second = sites.map { _ in random.next() }
        func solve(_ values: [Double]) -> [Double] {
            field(
                SourceImage(sites: sites, values: values), rows: rows, columns: columns,
                decay: 0.01, pinned: false)
        }
        let sum = solve(zip(first, second).map { $0 + 3 * $1 })
        let parts = zip(solve(first), solve(second)).map { $0 + 3 * $1 }
        #expect(largestDifference(sum, parts) < 1e-12)
    }

    @Test func reciprocityHolds() {
        // The operator is symmetric: what a source at a gives at b, one at b gives at a.
        let (a, b) = (7 * 45 + 12, 30 * 45 + 33)
        func solve(_ site: Int) -> [Double] {
            field(
                SourceImage(sites: [site], values: [1]), rows: 40, columns: 45, decay: 1.0 / 400,
                pinned: false)
        }
        let (there, back) = (solve(a)[b], solve(b)[a])
        #expect(there > 1e-6)
        #expect(abs(there - back) < 1e-15)
    }

    /// A smooth right-hand side on finer and finer lattices: the error falls with the square of the
    /// spacing.
    @Test func convergenceIsOfSecondOrder() {
        // u = x(1 − x)·y²(1 − y) solves −Δu + 9u = f on the unit square.
        func exact(_ x: Double, _ y: Double) -> Double { x * (1 - x) * y * y * (1 - y) }
        func source(_ x: Double, _ y: Double) -> Double {
            2 * y * y * (1 - y) - x * (1 - x) * (2 - 6 * y) + 9 * exact(x, y)
        }
        // Polynomials of degree three have no discretisation error on this grid: e^x makes one.
        func u(_ x: Double, _ y: Double) -> Double { exact(x, y) * wave(x) }
        func wave(_ x: Double) -> Double { 1 + x * x * x * x }
        func right(_ x: Double, _ y: Double) -> Double {
            // −Δ(p·w) = −w Δp − 2 p_x w' − p w''.
            let slope = (1 - 2 * x) * y * y * (1 - y)
            return source(x, y) * wave(x) - 2 * slope * 4 * x * x * x - exact(x, y) * 12 * x * x
        }
        let errors = [35, 71, 143].map { count -> Double in
            let spacing = 1 / Double(count + 1)
            let decay = 9 * spacing * spacing
            var values: [Double] = []
            var expected: [Double] = []
            for row in 1...count {
                for column in 1...count {
                    let (x, y) = (Double(column) * spacing, Double(row) * spacing)
                    values.append(spacing * spacing * right(x, y) / decay)
                    expected.append(u(x, y))
                }
            }
            let image = SourceImage(sites: Array(0..<count * count), values: values)
            let result = field(image, rows: count, columns: count, decay: decay, pinned: false)
            return largestDifference(result, expected)
        }
        #expect(errors[0] > 1e-6 && errors[0] < 1e-3)
        for (coarse, fine) in zip(errors, errors.dropFirst()) {
            #expect(abs(coarse / fine - 4) < 0.1, "\(errors)")
        }
    }
}
