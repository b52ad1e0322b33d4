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
struct GaussianField: Sendable {
    private let rows: Int
    private let columns: Int
    /// Lengths of the transforms: sides of the torus, or twice those of the lattice.
    private let size: (down: Int, across: Int)
    /// Number of waves; across a torus those from 0 to half of them.
    private let waves: (down: Int, across: Int)
    /// Standard deviation of each wave's coefficients.
    private let amplitudes: [Double]  // (waves down, waves across)
    private let isTorus: Bool

    private typealias Lanes = FourierTransform.Lanes

    /// Finds the variances of waves. O(sites · log sites) time.
    init(_ covariance: GaussianCovariance, on lattice: Lattice, boundary: Boundary) {
        (rows, columns) = (lattice.rows, lattice.columns)
        switch covariance {
        case .kernel(let kernel, let length):
            func side(_ side: Int, isPeriodic: Bool) -> Int {
                let reach = Int((kernel.reach * length).rounded(.up))
                return isPeriodic
                    ? side
                    : FourierTransform.convenientLength(atLeast: min(side + reach, 2 * side))
            }
            size = (
                side(rows, isPeriodic: boundary.top == .periodic),
                side(columns, isPeriodic: boundary.left == .periodic)
            )
            waves = (size.down, size.across / 2 + 1)
            isTorus = true
            let quarter = GaussianField.variances(kernel, length, size)
            var sum = 0.0
            var variances: [Double] = []  // (waves down, waves across)
            variances.reserveCapacity(waves.down * waves.across)
            for k in 0..<waves.down {
                let line = min(k, size.down - k) * waves.across
                for l in 0..<waves.across {
                    let isOne = l == 0 || 2 * l == size.across
                    let variance = quarter[line + l]
                    sum += (isOne ? 1 : 2) * max(variance, 0)
                    // A wave and the opposite one are one real wave; see `draw`.
                    variances.append(isOne ? max(variance, 0) : 0.5 * max(variance, 0))
                }
            }
            amplitudes = variances.map { ($0 / sum).squareRoot() }
        case .spectral(let tau, let alpha):
            size = (2 * rows, 2 * columns)
            waves = (rows, columns)
            isTorus = false
            let longer = Double(max(rows, columns))
            let (down, across) = (longer / Double(rows), longer / Double(columns))
            let pi = 3.141592653589793
            var variances: [Double] = []  // (waves down, waves across)
            variances.reserveCapacity(rows * columns)
            var sum = 0.0
            for k in 0..<rows {
                for l in 0..<columns {
                    let (u, v) = (pi * down * Double(k), pi * across * Double(l))
                    let norm = u * u + v * v + tau * tau
                    // The mean of cos² over the lattice is ½, of the constant's 1.
                    let variance =
                        k == 0 && l == 0
                        ? 0 : Elementary.exp(-alpha * Elementary.log(norm))
                    sum += variance
                    variances.append(variance * (k == 0 ? 1 : 2) * (l == 0 ? 1 : 2))
                }
            }
            amplitudes = variances.map { ($0 / sum).squareRoot() }
        }
    }

    /// The variances of the waves of a torus, times their number: (⌊down/2⌋ + 1, ⌊across/2⌋ + 1).
    private static func variances(
        _ kernel: GaussianCovariance.Kernel, _ length: Double, _ size: (down: Int, across: Int)
    ) -> [Double] {
        let (high, wide) = (size.down / 2 + 1, size.across / 2 + 1)
        var values: [Double] = []  // (high, wide)
        values.reserveCapacity(high * wide)
        for i in 0..<high {
            for j in 0..<wide {
                let squared = Double(i * i + j * j)
                values.append(kernel.value(squared.squareRoot() / length))
            }
        }
        // An even sequence has a real transform: two are the parts of one complex sequence.
        let across = FourierTransform(length: size.across)
        var sequences = FourierTransform.Sequences(count: size.across)
        for first in stride(from: 0, to: high, by: 16) {
            for place in 0..<size.across {
                let j = min(place, size.across - place)
                var (re, im) = (Lanes.zero, Lanes.zero)
                for lane in 0..<8 {
                    if first + lane < high { re[lane] = values[(first + lane) * wide + j] }
                    if first + lane + 8 < high { im[lane] = values[(first + lane + 8) * wide + j] }
                }
                sequences.put(place, re, im)
            }
            across(&sequences)
            for j in 0..<wide {
                for lane in 0..<8 {
                    if first + lane < high {
                        values[(first + lane) * wide + j] = sequences.re[j][lane]
                    }
                    if first + lane + 8 < high {
                        values[(first + lane + 8) * wide + j] = sequences.im[j][lane]
                    }
                }
            }
        }
        let down = FourierTransform(length: size.down)
        sequences = FourierTransform.Sequences(count: size.down)
        for first in stride(from: 0, to: wide, by: 16) {
            for place in 0..<size.down {
                let line = min(place, size.down - place) * wide
                var (re, im) = (Lanes.zero, Lanes.zero)
                for lane in 0..<8 {
                    if first + lane < wide { re[lane] = values[line + first + lane] }
                    if first + lane + 8 < wide { im[lane] = values[line + first + lane + 8] }
                }
                sequences.put(place, re, im)
            }
            down(&sequences)
            for i in 0..<high {
                for lane in 0..<8 {
                    if first + lane < wide {
                        values[i * wide + first + lane] = sequences.re[i][lane]
                    }
                    if first + lane + 8 < wide {
                        values[i * wide + first + lane + 8] = sequences.im[i][lane]
                    }
                }
            }
        }
        return values
    }

    /// Returns the field of `key` and `attempt`, (rows, columns). O(sites · log sites) time.
    ///
    /// Normal numbers are those of `NormalNumbers` at the counters (k, block, attempt, 0), k
    /// counting waves down. On a torus block b holds the real and the imaginary part of wave 2b,
    /// then of wave 2b + 1; of a spectral covariance it holds the numbers of waves 4b to 4b + 3.
    func draw(key: UInt32, attempt: UInt32) -> [Double] {
        let philox = Philox(seed: key, stream: NormalNumbers.stream)
        return isTorus ? torus(philox, attempt) : cosines(philox, attempt)
    }

    private func numbers(_ philox: Philox, _ k: Int, _ block: Int, _ attempt: UInt32)
        -> SIMD4<Double>
    {
        NormalNumbers.four(philox(SIMD4(UInt32(k), UInt32(block), attempt, 0)))
    }

    /// The field is the real part of Σ a(k, l)·(g + ih)·e^(2πi(ki/P + lj/Q)), in which a wave l
    /// between 0 and Q/2 counts twice.
    private func torus(_ philox: Philox, _ attempt: UInt32) -> [Double] {
        let down = FourierTransform(length: size.down)
        // After the sum over k, (rows, waves across in eights).
        let eights = (waves.across + 7) / 8
        var re = [Lanes](repeating: .zero, count: rows * eights)
        var im = re
        var sequences = FourierTransform.Sequences(count: size.down)
        for eight in 0..<eights {
            for k in 0..<size.down {
                var (x, y) = (Lanes.zero, Lanes.zero)
                for part in 0..<4 {
                    let l = 8 * eight + 2 * part
                    guard l < waves.across else { break }
                    let four = numbers(philox, k, l / 2, attempt)
                    let first = amplitudes[k * waves.across + l]
                    (x[2 * part], y[2 * part]) = (first * four.x, first * four.y)
                    guard l + 1 < waves.across else { break }
                    let second = amplitudes[k * waves.across + l + 1]
                    (x[2 * part + 1], y[2 * part + 1]) = (second * four.z, second * four.w)
                }
                sequences.put(k, x, y)
            }
            down(&sequences)
            for row in 0..<rows {
                re[row * eights + eight] = sequences.re[row]
                im[row * eights + eight] = sequences.im[row]
            }
        }
        // Rows are real: each is made the transform of a Hermitian sequence, and two rows r and s
        // of them that of r + is.
        let across = FourierTransform(length: size.across)
        var field = [Double](repeating: 0, count: rows * columns)
        sequences = FourierTransform.Sequences(count: size.across)
        for first in stride(from: 0, to: rows, by: 16) {
            for l in 0..<waves.across {
                let isOne = l == 0 || 2 * l == size.across
                var (a, b, c, d) = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
                for lane in 0..<8 {
                    let (r, s) = (first + lane, first + lane + 8)
                    if r < rows {
                        a[lane] = re[r * eights + l / 8][l % 8]
                        b[lane] = im[r * eights + l / 8][l % 8]
                    }
                    if s < rows {
                        c[lane] = re[s * eights + l / 8][l % 8]
                        d[lane] = im[s * eights + l / 8][l % 8]
                    }
                }
                if isOne {
                    sequences.put(l, a, c)
                } else {
                    sequences.put(l, a - d, b + c)
                    sequences.put(size.across - l, a + d, c - b)
                }
            }
            across(&sequences)
            write(sequences, from: first, to: &field)
        }
        return field
    }

    /// The field is Σ a(k, l)·g·cos(πk(i + ½)/rows)·cos(πl(j + ½)/columns).
    private func cosines(_ philox: Philox, _ attempt: UInt32) -> [Double] {
        let down = FourierTransform(length: size.down)
        var half = [Double](repeating: 0, count: rows * columns)  // (rows, waves across)
        var sequences = FourierTransform.Sequences(count: size.down)
        for first in stride(from: 0, to: columns, by: 16) {
            for k in 0..<rows {
                var numbers = SIMD16<Double>.zero
                for part in 0..<4 where first + 4 * part < columns {
                    let four = self.numbers(philox, k, first / 4 + part, attempt)
                    for lane in 0..<4 where first + 4 * part + lane < columns {
                        numbers[4 * part + lane] =
                            amplitudes[k * columns + first + 4 * part + lane] * four[lane]
                    }
                }
                GaussianField.fold(&sequences, k, numbers.lowHalf, numbers.highHalf)
            }
            down(&sequences)
            for row in 0..<rows {
                for lane in 0..<min(16, columns - first) {
                    half[row * columns + first + lane] =
                        lane < 8 ? sequences.re[row][lane] : sequences.im[row][lane - 8]
                }
            }
        }
        let across = FourierTransform(length: size.across)
        var field = [Double](repeating: 0, count: rows * columns)
        sequences = FourierTransform.Sequences(count: size.across)
        for first in stride(from: 0, to: rows, by: 16) {
            for l in 0..<columns {
                var (re, im) = (Lanes.zero, Lanes.zero)
                for lane in 0..<8 {
                    if first + lane < rows { re[lane] = half[(first + lane) * columns + l] }
                    if first + lane + 8 < rows { im[lane] = half[(first + lane + 8) * columns + l] }
                }
                GaussianField.fold(&sequences, l, re, im)
            }
            across(&sequences)
            write(sequences, from: first, to: &field)
        }
        return field
    }

    /// Puts the coefficient of cos(πk(i + ½)/n) into sequences of 2n elements: half of it each for
    /// e^(πik(i + ½)/n) and for its conjugate.
    private static func fold(
        _ sequences: inout FourierTransform.Sequences, _ k: Int, _ re: Lanes, _ im: Lanes
    ) {
        if k == 0 {
            sequences.put(0, re, im)
            sequences.put(sequences.count / 2, .zero, .zero)
            return
        }
        let root = FourierTransform.root(k, of: 2 * sequences.count)
        sequences.put(k, 0.5 * re, 0.5 * im, times: root)
        sequences.put(
            sequences.count - k, 0.5 * re, 0.5 * im, times: SIMD2(root.x, -root.y))
    }

    /// Writes sixteen rows of the field: real parts, then imaginary parts.
    private func write(
        _ sequences: FourierTransform.Sequences, from first: Int, to field: inout [Double]
    ) {
        for lane in 0..<min(16, rows - first) {
            let start = (first + lane) * columns
            for column in 0..<columns {
                field[start + column] =
                    lane < 8 ? sequences.re[column][lane] : sequences.im[column][lane - 8]
            }
        }
    }
}
