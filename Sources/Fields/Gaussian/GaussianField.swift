/// A Gaussian random field on the sites of a lattice with mean 0 and variance 1: what its draws
/// have in common, and the draws.
///
/// Of a kernel the field is a part of one on a torus, whose covariance is diagonal in waves
/// (circulant embedding: Dietrich and Newsam 1997, "Fast and exact simulation of stationary Gaussian
/// processes through circulant embedding of the covariance matrix"). A side of the torus is that of
/// the lattice where it is periodic, else the least convenient length (`FourierTransform`) of at
/// least side + reach or twice the side, whichever is less. The correlation of two sites of the
/// torus is the kernel at their shortest distance on it. Waves that would have a negative variance
/// get none, and then all are divided by their sum.
///
/// A spectral covariance is diagonal in products of cosines; the constant is left out, so the mean
/// over the lattice is 0, and the mean over the lattice of the variance is 1.
struct GaussianField {
    private let rows: Int
    private let columns: Int
    /// Transforms along the sides of the torus, or of the lattice.
    private let down: FourierTransform
    private let across: FourierTransform
    /// How cosines become waves, down and across; nil for a torus.
    private let folding: (down: CosineFolding, across: CosineFolding)?
    /// Number of waves across; on a torus those from 0 to half of them.
    private let waves: Int
    /// Standard deviation of each wave's coefficients, as the numbers of eight blocks need them.
    private let amplitudes: [Lanes]  // (eights of blocks, waves down, waves of a block)

    private typealias Lanes = SIMD8<Double>

    /// Finds the variances of waves. O(sites · log sites) time.
    init(_ covariance: GaussianCovariance, on lattice: Lattice, boundary: Boundary) {
        (rows, columns) = (lattice.rows, lattice.columns)
        let variances: [Double]  // (waves down, waves across)
        let block: Int
        switch covariance {
        case .kernel(let kernel, let length):
            func side(_ side: Int, isPeriodic: Bool) -> Int {
                let reach = Int((kernel.reach * length).rounded(.up))
                return isPeriodic
                    ? side
                    : FourierTransform.convenientLength(atLeast: min(side + reach, 2 * side))
            }
            down = FourierTransform(length: side(rows, isPeriodic: boundary.top == .periodic))
            across = FourierTransform(
                length: side(columns, isPeriodic: boundary.left == .periodic))
            (folding, waves, block) = (nil, across.length / 2 + 1, 2)
            variances = GaussianField.variances(kernel, length, down, across)
        case .spectral(let tau, let alpha):
            (down, across) = (FourierTransform(length: rows), FourierTransform(length: columns))
            folding = (CosineFolding(count: rows), CosineFolding(count: columns))
            (waves, block) = (columns, 4)
            variances = GaussianField.variances(tau: tau, alpha: alpha, rows, columns)
        }
        var amplitudes: [Lanes] = []
        for first in stride(from: 0, to: waves, by: 8 * block) {
            for k in 0..<down.length {
                for wave in first..<first + block {
                    var lanes = Lanes.zero
                    for lane in 0..<8 where wave + block * lane < waves {
                        lanes[lane] = variances[k * waves + wave + block * lane].squareRoot()
                    }
                    amplitudes.append(lanes)
                }
            }
        }
        self.amplitudes = amplitudes
    }

    /// The variances of cosines, (rows, columns); their mean over the lattice sums to 1.
    private static func variances(tau: Double, alpha: Double, _ rows: Int, _ columns: Int)
        -> [Double]
    {
        let longer = Double(max(rows, columns))
        let (down, across) = (longer / Double(rows), longer / Double(columns))
        let pi = 3.141592653589793
        var variances: [Double] = []
        variances.reserveCapacity(rows * columns)
        var sum = 0.0
        for k in 0..<rows {
            for l in 0..<columns {
                let (u, v) = (pi * down * Double(k), pi * across * Double(l))
                let norm = u * u + v * v + tau * tau
                // The mean of cos² over the lattice is ½, of the constant's 1.
                let variance =
                    k == 0 && l == 0 ? 0 : Elementary.exp(-alpha * Elementary.log(norm))
                sum += variance
                variances.append(variance * (k == 0 ? 1 : 2) * (l == 0 ? 1 : 2))
            }
        }
        return variances.map { $0 / sum }
    }

    /// The variances of a torus's waves, (length down, ⌊length across/2⌋ + 1); they sum to 1, or
    /// to ½ where a wave and the opposite one are one real wave.
    private static func variances(
        _ kernel: GaussianCovariance.Kernel, _ length: Double, _ down: FourierTransform,
        _ across: FourierTransform
    ) -> [Double] {
        let (high, wide) = (down.length / 2 + 1, across.length / 2 + 1)
        // An even sequence has a real transform: two are the parts of one complex sequence.
        let plane = RowLanes(rows: high, columns: wide)
        for i in 0..<high {
            for j in stride(from: 0, to: wide, by: 8) {
                var values = Lanes.zero
                for lane in 0..<8 {
                    let squared = Double(i * i + (j + lane) * (j + lane))
                    values[lane] = kernel.value(squared.squareRoot() / length)
                }
                plane.put(row: i, from: j, values)
            }
        }
        let turned = RowLanes(rows: wide, columns: high)
        transformed(plane, rows: high, across) { first, sequences in
            for j in 0..<wide {
                turned.put(row: j, from: first, sequences[j].re)
                turned.put(row: j, from: first + 8, sequences[j].im)
            }
        }
        var quarter = [Double](repeating: 0, count: wide * high)  // (wide, high)
        transformed(turned, rows: wide, down) { first, sequences in
            sequences.write(to: &quarter, from: first, places: Array(0..<high))
        }
        var sum = 0.0
        var variances: [Double] = []
        variances.reserveCapacity(down.length * wide)
        for k in 0..<down.length {
            for l in 0..<wide {
                let isOne = l == 0 || 2 * l == across.length
                let variance = max(quarter[l * high + min(k, down.length - k)], 0)
                sum += (isOne ? 1 : 2) * variance
                variances.append(isOne ? variance : 0.5 * variance)
            }
        }
        return variances.map { $0 / sum }
    }

    /// Calls `body` with the transforms of the even sequences whose first halves are the rows of
    /// `plane`, sixteen at a time, and the number of the first.
    private static func transformed(
        _ plane: RowLanes, rows: Int, _ transform: FourierTransform,
        _ body: (Int, Sequences) -> Void
    ) {
        let sequences = Sequences(count: transform.length)
        for first in stride(from: 0, to: rows, by: 16) {
            for place in 0..<transform.length {
                let half = min(place, transform.length - place)
                sequences.put(place, plane[first / 8, half], plane[first / 8 + 1, half])
            }
            transform(sequences)
            body(first, sequences)
        }
    }

    /// Returns the field of `key` and `attempt`, (rows, columns). O(sites · log sites) time.
    ///
    /// Normal numbers are those of `NormalNumbers` at the counters (k, block, attempt, 0), k
    /// counting waves down. On a torus block b holds the real and the imaginary part of wave 2b,
    /// then of wave 2b + 1; of a spectral covariance it holds the numbers of waves 4b to 4b + 3.
    func draw(key: UInt32, attempt: UInt32) -> [Double] {
        let philox = Philox(seed: key, stream: NormalNumbers.stream)
        return folding.map { cosines(philox, attempt, $0.down, $0.across) }
            ?? torus(philox, attempt)
    }

    /// The field is the real part of Σ a(k, l)·(g + ih)·e^(2πi(ki/P + lj/Q)), in which a wave l
    /// between 0 and Q/2 counts twice.
    private func torus(_ philox: Philox, _ attempt: UInt32) -> [Double] {
        // After the sum over k, (rows, waves across).
        let (re, im) = (
            RowLanes(rows: rows, columns: waves), RowLanes(rows: rows, columns: waves)
        )
        let (even, odd) = (Sequences(count: down.length), Sequences(count: down.length))
        var place = 0
        for first in stride(from: 0, to: waves, by: 16) {
            for k in 0..<down.length {
                let numbers = NormalNumbers.eight(philox, k, first / 2, attempt)
                let (a, b) = (amplitudes[place], amplitudes[place + 1])
                even.put(k, a * numbers.0, a * numbers.1)
                odd.put(k, b * numbers.2, b * numbers.3)
                place += 2
            }
            down(even)
            down(odd)
            for row in 0..<rows {
                re.put(row: row, from: first, step: 2, even[row].re)
                im.put(row: row, from: first, step: 2, even[row].im)
                re.put(row: row, from: first + 1, step: 2, odd[row].re)
                im.put(row: row, from: first + 1, step: 2, odd[row].im)
            }
        }
        // Rows are real: each is made the transform of a Hermitian sequence, and two rows r and s
        // of them that of r + is.
        return rowsOfField(places: Array(0..<columns)) { eight, sequences in
            for l in 0..<waves {
                let (a, b) = (re[eight, l], im[eight, l])
                let (c, d) = (re[eight + 1, l], im[eight + 1, l])
                if l == 0 || 2 * l == across.length {
                    sequences.put(l, a, c)
                } else {
                    sequences.put(l, a - d, b + c)
                    sequences.put(across.length - l, a + d, c - b)
                }
            }
        }
    }

    /// The field is Σ a(k, l)·g·cos(πk(i + ½)/rows)·cos(πl(j + ½)/columns).
    private func cosines(
        _ philox: Philox, _ attempt: UInt32, _ foldDown: CosineFolding, _ foldAcross: CosineFolding
    ) -> [Double] {
        let half = RowLanes(rows: rows, columns: waves)  // after the sum over k
        let (one, two) = (Sequences(count: rows), Sequences(count: rows))
        var place = 0
        for first in stride(from: 0, to: waves, by: 32) {
            for k in 0..<rows {
                let numbers = NormalNumbers.eight(philox, k, first / 4, attempt)
                let (a, b) = (amplitudes[place], amplitudes[place + 1])
                let (c, d) = (amplitudes[place + 2], amplitudes[place + 3])
                one.put(k, a * numbers.0, b * numbers.1)
                two.put(k, c * numbers.2, d * numbers.3)
                place += 4
            }
            for (wave, sequences) in [(first, one), (first + 2, two)] {
                foldDown(sequences)
                down(sequences)
                for (row, place) in foldDown.places.enumerated() {
                    half.put(row: row, from: wave, step: 4, sequences[place].re)
                    half.put(row: row, from: wave + 1, step: 4, sequences[place].im)
                }
            }
        }
        return rowsOfField(places: foldAcross.places) { eight, sequences in
            for l in 0..<columns { sequences.put(l, half[eight, l], half[eight + 1, l]) }
            foldAcross(sequences)
        }
    }

    /// The field whose rows are transforms of sequences, sixteen at a time, that `body` fills: the
    /// eights of rows from `body`'s first argument on are real and imaginary parts.
    private func rowsOfField(places: [Int], _ body: (Int, Sequences) -> Void) -> [Double] {
        var field = [Double](repeating: 0, count: rows * columns)
        let sequences = Sequences(count: across.length)
        for first in stride(from: 0, to: rows, by: 16) {
            body(first / 8, sequences)
            across(sequences)
            sequences.write(to: &field, from: first, places: places)
        }
        return field
    }
}
