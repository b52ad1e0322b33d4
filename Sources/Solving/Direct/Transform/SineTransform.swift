/// Sums of sines, uⱼ = Σₖ vₖ sin(π j k / M) for j, k = 1 ..< M with M odd: what turns a row's
/// amplitudes into a row of sites between two absorbing sides, M = columns + 1.
///
/// 1. As sin(π j (M − k) / M) = (−1)ʲ⁺¹ sin(π j k / M) for odd M, the even k and the odd ones,
///    which stand at M − k for an even k, give two sums over full turns, E and O, of H = (M − 1)/2
///    terms each: uⱼ = Eⱼ + (−1)ʲ⁺¹ Oⱼ with Eⱼ = Σₘ v₂ₘ sin(2π j m / M) and Oⱼ = Σₘ v_{M − 2m}
///    sin(2π j m / M).
/// 2. With M = M₁ M₂, coprime, m ≡ M₂ m₁ + M₁ m₂ and j ≡ (j₁, j₂) modulo (M₁, M₂), the angle splits
///    into 2π j₁ m₁ / M₁ + 2π j₂ m₂ / M₂ (Good 1958, The interaction algorithm and practical
///    Fourier analysis, J. R. Stat. Soc. B 20), and the sine of the sum into sin cos + cos sin: of
///    the amplitudes for (m₁, ±m₂), the sums go with cosines of m₂ and sines of m₁, the differences
///    with sines of m₂ and cosines of m₁ (`FourierSums`).
///
/// Four rows are done at a time, E and O of each in one vector of eight: every number of a matrix
/// is read once for all.
///
/// Amplitudes are kept in *slots*, E and O of each *wave* in turn. A wave is a pair (m₁, m₂), one
/// of each ±(m₁, m₂), which stand for the sines of m and of −m: first those with m₁ = 0 and those
/// with m₂ = 0, then all (m₁, m₂), then all (m₁, −m₂). Each of the three has an even number of
/// waves, of which the last may be idle.
package final class SineTransform {
    /// M.
    package let intervals: Int
    /// M₁, M₂.
    package let factors: (first: Int, second: Int)
    /// Waves, idle ones included.
    package let waveCount: Int
    /// Where the waves (m₁, m₂) begin, and where the waves (m₁, −m₂) do.
    let pairs: (plus: Int, minus: Int)
    /// Where the sum of the amplitudes for (m₁, ±m₂) stands in the workspace; their difference
    /// stands after that of the pair before.
    let evenPlaces: Offsets
    /// Rows that are done together.
    package static let batch = 4

    /// Half of M₁ and of M₂.
    let halves: (first: Int, second: Int)
    let firstSines: FourierSums
    let firstCosines: FourierSums
    let secondSines: FourierSums
    let secondCosines: FourierSums
    /// m₁ and m₂ of waves.
    private let orders: (first: [Int], second: [Int])
    /// What `combine` does: its items, in records of `Combination.width`.
    let combinations: Offsets
    let combinationCount: Int
    let workspace: Workspace

    /// Slots of a row: E and O of each wave.
    package var slotCount: Int { 2 * waveCount }

    /// Creates the transform of M = `intervals`, odd, at least 3.
    package init(intervals: Int) {
        precondition(intervals & 1 == 1 && intervals >= 3)
        let factors = ComposedSums.factors(of: intervals) ?? (1, intervals)
        let (h1, h2) = (factors.first / 2, factors.second / 2)
        self.intervals = intervals
        self.factors = factors
        halves = (h1, h2)
        let (single, pair) = ((h1 + h2 + 1) / 2 * 2, (h1 * h2 + 1) / 2 * 2)
        waveCount = single + 2 * pair
        pairs = (single, single + pair)
        evenPlaces = Offsets(count: pair)
        // An idle pair's sum goes beyond everything else.
        for index in 0..<pair {
            evenPlaces.line[index] =
                index < h1 * h2 ? 8 * (index + index / h2) : 8 * (h1 * (h2 + 1) + (h1 + 1) * h2)
        }
        firstSines = FourierSums(.sine, length: factors.first, columns: h2 + 1)
        firstCosines = FourierSums(.cosine, length: factors.first, columns: h2 + 1)
        secondSines = FourierSums(.sine, length: factors.second, columns: h1 + 1)
        secondCosines = FourierSums(.cosine, length: factors.second, columns: h1 + 1)
        orders = (FourierSums.terms(of: factors.first), FourierSums.terms(of: factors.second))
        workspace = Workspace(h1, h2)
        combinationCount = h1 + h2 + h1 * h2
        combinations = Offsets(count: Combination.width * combinationCount)
        placeSites()
    }

    /// m = M₂ m₁ + M₁ m₂ modulo M of a wave, or nil where it is idle.
    package func order(wave: Int) -> Int? {
        let (h1, h2) = halves
        var (m1, m2) = (0, 0)
        if wave < pairs.plus {
            guard wave < h1 + h2 else { return nil }
            if wave < h2 { m2 = orders.second[wave] } else { m1 = orders.first[wave - h2] }
        } else {
            let isPlus = wave < pairs.minus
            let pair = wave - (isPlus ? pairs.plus : pairs.minus)
            guard pair < h1 * h2 else { return nil }
            m1 = orders.first[pair / h2]
            m2 = orders.second[pair % h2] * (isPlus ? 1 : -1)
        }
        let m = factors.second * m1 + factors.first * m2
        return (m % intervals + intervals) % intervals
    }

    /// What a row of M − 1 sites takes, in multiplications: those of the transform, and 16 a site,
    /// as measured, for what `FourierSolver` does with it besides.
    package static func cost(intervals: Int) -> Int {
        let factors = ComposedSums.factors(of: intervals) ?? (1, intervals)
        return 2 * ComposedSums.operations(.sine, factors.first, factors.second) + 16 * intervals
    }

    /// One item of `combine`: where the sums of two sites ±(j₁, j₂) and ±(j₁, −j₂) stand, and where
    /// the sites do.
    enum Combination {
        static let sines = 0  // of m₁; −1 where there are none
        static let cosines = 1  // of m₁; −1 where there are none
        static let upper = 2  // site of (j₁, j₂)
        static let lower = 3  // site of (j₁, −j₂)
        static let width = 4
    }

    /// Fills `combinations` by the Chinese remainder theorem.
    private func placeSites() {
        let (h1, h2) = halves
        let (first, second) = factors
        // j ≡ j₁ modulo M₁ and j₂ modulo M₂.
        var sites = [Int](repeating: 0, count: intervals)
        for j in 0..<intervals { sites[j % first * second + j % second] = j }
        func site(_ j1: Int, _ j2: Int) -> Int {
            sites[j1 % first * second + (j2 + second) % second]
        }
        let line = combinations.line
        var item = 0
        func append(_ sines: Int, _ cosines: Int, _ upper: Int, _ lower: Int) {
            for (index, value) in [sines, cosines, upper, lower].enumerated() {
                line[Combination.width * item + index] = value
            }
            item += 1
        }
        for (p1, j1) in FourierSums.sums(of: first).enumerated() {
            for (p2, j2) in FourierSums.sums(of: second).enumerated() {
                append(8 * (p2 * h1 + p1), 8 * (p2 * (h1 + 1) + p1), site(j1, j2), site(j1, -j2))
            }
            append(8 * (h2 * h1 + p1), -1, site(j1, 0), site(j1, 0))
        }
        for (p2, j2) in FourierSums.sums(of: second).enumerated() {
            append(-1, 8 * (p2 * (h1 + 1) + h1), site(0, j2), site(0, j2))
        }
    }

    /// Memory for a batch of rows, in vectors of eight: E of four rows, O of four rows. Two pieces
    /// of memory take turns, so that all stays in the cache next to the core.
    final class Workspace {
        private let memory: Plane<Double>
        private let odd: Int
        /// Eight lines of `chunk` slots.
        private let square: Plane<Double>
        /// Slots that `setAmplitudes` works on at once.
        static let chunk = 64

        init(_ h1: Int, _ h2: Int) {
            odd = 8 * h1 * (h2 + 1)
            // Idle waves spill beyond the end, and so do whole vectors of sites.
            memory = Plane(rows: 2, columns: odd + 8 * (h1 + 1) * h2 + 32)
            square = Plane(rows: 8, columns: Workspace.chunk)
        }

        /// Four lines of `chunk` slots, from `first` on.
        func rows(_ first: Int) -> FourLines {
            (square[first], square[first + 1], square[first + 2], square[first + 3])
        }

        /// (m₁, m₂ and then 0): sums of the amplitudes for ±m₂. Later (j₂ and then 0, j₁): sums
        /// with sines of m₁.
        var even: Line<Double> { memory[0] }
        /// (m₁ and then 0, m₂): differences of the amplitudes. Later (j₂, j₁ and then 0): sums with
        /// cosines of m₁.
        var difference: Line<Double> { memory[0].advanced(by: odd) }
        /// (j₂ and then 0, m₁): sums with cosines of m₂.
        var evenSums: Line<Double> { memory[1] }
        /// (j₂, m₁ and then 0): sums with sines of m₂.
        var oddSums: Line<Double> { memory[1].advanced(by: odd) }
        /// (sites, 4 rows), in the end.
        var sites: Line<Double> { memory[1] }
    }
}
