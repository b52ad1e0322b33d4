/// Sums of sines, uⱼ = Σₖ vₖ sin(π j k / M) for j, k = 1 ..< M with M odd: what turns a row's amplitudes into a row of sites
/// between two absorbing sides, M = columns + 1.
///
/// 1. As sin(π j (M − k) / M) = (−1)ʲ⁺¹ sin(π j k / M) for odd M, the even k and the odd ones, which stand at M − k for
///    an even k, give two sums over full turns, E and O, of H = (M − 1)/2 terms each: uⱼ = Eⱼ + (−1)ʲ⁺¹ Oⱼ with
///    Eⱼ = Σₘ v₂ₘ sin(2π j m / M) and Oⱼ = Σₘ v_{M − 2m} sin(2π j m / M).
/// 2. With M = M₁ M₂, coprime, m ≡ M₂ m₁ + M₁ m₂ and j ≡ (j₁, j₂) modulo (M₁, M₂), the angle splits into
///    2π j₁ m₁ / M₁ + 2π j₂ m₂ / M₂ (Good 1958, The interaction algorithm and practical Fourier analysis, J. R. Stat. Soc. B 20),
///    and the sine of the sum into sin cos + cos sin: two products with small dense matrices for each. On today's machines
///    these beat the transforms with fewer operations: 23 fused multiplications and additions a site for M = 513 = 27 · 19,
///    all of them on whole vectors.
///
/// Amplitudes are kept in *slots*: (m₂ from −h₂ to h₂) × (E, O) × (m₁ from 0 to h₁, padded to `lanes`) with hᵢ = (Mᵢ − 1)/2,
/// which stand for the sines of m = M₂ m₁ + M₁ m₂ whatever its sign; slots that repeat others, or pad, are idle.
package final class SineTransform {
    /// M.
    package let intervals: Int
    /// M₁, M₂.
    package let factors: (first: Int, second: Int)
    /// Slots for m₁ in a row of them, a multiple of 8.
    package let lanes: Int
    /// Number of slots, idle ones included.
    package let slotCount: Int
    /// Rows that are best done together, so that matrices are read for several.
    package let batch: Int
    /// cos(2π j₂ m₂ / M₂), rows j₂ = 0…h₂ padded to 5, columns m₂ = 0…h₂.
    let secondCosines: Plane<Double>
    /// sin(2π j₂ m₂ / M₂), rows j₂ = 1…h₂ padded to 5, columns m₂ = 1…h₂.
    let secondSines: Plane<Double>
    /// sin(2π j₁ m₁ / M₁), rows m₁ = 1…h₁, columns j₁ = 0…h₁ padded to `lanes`.
    let firstSines: Plane<Double>
    /// cos(2π j₁ m₁ / M₁), rows m₁ = 0…h₁, columns j₁ = 0…h₁ padded to `lanes`.
    let firstCosines: Plane<Double>
    /// Signs (−1)ʲ⁺¹ of the sums for (j₁, j₂) and (j₁, −j₂), rows j₂.
    let plusSigns: Plane<Double>
    let minusSigns: Plane<Double>
    /// Where each site stands among `Workspace.results`.
    let places: Offsets
    let workspace: Workspace

    /// Half of M₁ and of M₂.
    var halves: (first: Int, second: Int) { (factors.first / 2, factors.second / 2) }

    /// Creates the transform of M = `intervals`, odd, at least 3.
    package init(intervals: Int) {
        precondition(intervals & 1 == 1 && intervals >= 3)
        let factors = SineTransform.factors(of: intervals)
        let (h1, h2) = (factors.first / 2, factors.second / 2)
        let lanes = SineTransform.padded(h1 + 1, to: 8)
        self.intervals = intervals
        self.factors = factors
        self.lanes = lanes
        slotCount = (2 * h2 + 1) * 2 * lanes
        batch = SineTransform.batch(h2)
        secondCosines = Plane(rows: SineTransform.padded(h2 + 1, to: 5), columns: h2 + 1)
        secondSines = Plane(rows: SineTransform.padded(h2, to: 5), columns: max(1, h2))
        firstSines = Plane(rows: h1, columns: lanes)
        firstCosines = Plane(rows: h1 + 1, columns: lanes)
        plusSigns = Plane(rows: h2 + 1, columns: lanes)
        minusSigns = Plane(rows: h2 + 1, columns: lanes)
        places = Offsets(count: intervals - 1)
        workspace = Workspace(h2: h2, lanes: lanes, batch: batch)
        for j in 0...h2 {
            for m in 0...h2 { secondCosines[j][m] = Turn.cosine(j * m, of: factors.second) }
            if j > 0 { for m in 1...h2 { secondSines[j - 1][m - 1] = Turn.sine(j * m, of: factors.second) } }
        }
        for m in 0...h1 {
            for j in 0...h1 {
                firstCosines[m][j] = Turn.cosine(j * m, of: factors.first)
                if m > 0 { firstSines[m - 1][j] = Turn.sine(j * m, of: factors.first) }
            }
        }
        placeOutputs()
    }

    /// m = M₂ m₁ + M₁ m₂ modulo M of a slot among those of E (those of O are the same), or nil where it is idle.
    package func order(second m2: Int, lane m1: Int) -> Int? {
        guard m1 <= halves.first, m1 > 0 || m2 > 0 else { return nil }
        let m = factors.second * m1 + factors.first * m2
        return (m % intervals + intervals) % intervals
    }

    /// What a row of M − 1 sites takes, in multiplications: those of the transform, and 24 a slot, as measured, for what
    /// `FourierSolver` does with it besides.
    package static func cost(intervals: Int) -> Int {
        let factors = factors(of: intervals)
        let (h1, h2) = (factors.first / 2, factors.second / 2)
        return operations(factors.first, factors.second) + 24 * (2 * h2 + 1) * 2 * padded(h1 + 1, to: 8)
    }

    /// Multiplications of a row.
    private static func operations(_ first: Int, _ second: Int) -> Int {
        let (h1, h2) = (first / 2, second / 2)
        let lanes = padded(h1 + 1, to: 8)
        let across = (padded(h2 + 1, to: 5) * (h2 + 1) + padded(h2, to: 5) * h2) * 2 * lanes
        let batch = batch(h2)
        let along = padded(2 * (h2 + 1) * batch, to: 5) * h1 + padded(2 * h2 * batch, to: 5) * (h1 + 1)
        return (h2 > 0 ? across : 0) + along * lanes / batch
    }

    private static func batch(_ h2: Int) -> Int { h2 < 4 ? 5 : 1 }

    /// The pair of coprime factors with the fewest operations.
    private static func factors(of intervals: Int) -> (first: Int, second: Int) {
        var best = (first: intervals, second: 1)
        for second in stride(from: 3, through: intervals / 3, by: 2) where intervals % second == 0 {
            let first = intervals / second
            guard greatestCommonDivisor(first, second) == 1 else { continue }
            if operations(first, second) < operations(best.first, best.second) { best = (first, second) }
        }
        return best
    }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
        b == 0 ? a : greatestCommonDivisor(b, a % b)
    }

    static func padded(_ count: Int, to multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }

    /// Fills `places` and the signs by the Chinese remainder theorem.
    private func placeOutputs() {
        let (first, second) = factors
        for j in 1..<intervals {
            let (j1, j2) = (j % first, j % second)
            guard j1 <= first / 2 else { continue }
            let isPlus = j2 <= second / 2
            let row = isPlus ? j2 : second - j2
            let place = 4 * row * lanes + j1 + (isPlus ? 0 : 2 * lanes)
            places.line[j - 1] = place
            places.line[intervals - j - 1] = place + lanes
            let sign = j & 1 == 1 ? 1.0 : -1.0
            if isPlus { plusSigns[row][j1] = sign } else { minusSigns[row][j1] = sign }
        }
    }

    /// Memory for one row at a time.
    final class Workspace {
        let even: Plane<Double>  // P: (m₂ = 0…h₂) × 2 lanes
        let odd: Plane<Double>  // Q: (m₂ = 1…h₂) × 2 lanes
        let evenSums: Plane<Double>  // (batch, j₂) × 2 lanes
        let oddSums: Plane<Double>
        let sines: Plane<Double>  // A: (batch, j₂, E or O) × lanes
        let cosines: Plane<Double>  // B
        let results: Plane<Double>  // (j₂, ±j₂ at j and at M − j) × lanes

        init(h2: Int, lanes: Int, batch: Int) {
            func plane(_ rows: Int, _ width: Int) -> Plane<Double> { Plane(rows: 1, columns: rows * width + 8) }
            even = plane(h2 + 1, 2 * lanes)
            odd = plane(max(1, h2), 2 * lanes)
            evenSums = plane((h2 + 1) * batch + 5, 2 * lanes)
            oddSums = plane(h2 * batch + 5, 2 * lanes)
            sines = plane(SineTransform.padded(2 * (h2 + 1) * batch, to: 5), lanes)
            cosines = plane(SineTransform.padded(2 * h2 * batch, to: 5) + 1, lanes)
            results = plane(4 * (h2 + 1), lanes)
        }
    }
}
