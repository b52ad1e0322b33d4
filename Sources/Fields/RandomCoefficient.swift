/// A smooth random field between two values, uniform in its logarithm's shape: from·(to/from)ᵗ with
/// t a random cubic B-spline surface that is stretched to run from exactly 0 to exactly 1 over the
/// lattice.
///
/// The nodes of the spline lie on a square grid of spacing `length`, and one ring of them outside
/// the lattice; each has an independent value, uniform on [0, 1). At a site the surface is the sum
/// of the nearest 4 × 4 node values, weighted with the product of two uniform cubic B-splines
/// (Schoenberg 1946; de Boor 1978, "A practical guide to splines", ch. IX). It has two continuous
/// derivatives, and sites further apart than 4·length are independent before the stretching. Across
/// a pair of periodic sides the spacing is side/n with n = max(4, side/length rounded), and the
/// nodes repeat.
public struct RandomCoefficient: Hashable, Sendable {
    /// The smallest value, above 0; some site has it.
    public let from: Double
    /// The largest value, above `from`; some site has it.
    public let to: Double
    /// The spacing of nodes in sites, in `lengths`.
    public let length: Double
    /// What the node values are drawn from, or nil where each sample draws a key of its own.
    public let key: UInt32?

    /// Spacings of nodes that are supported.
    public static let lengths = 2.0...Double(Lattice.sides.upperBound)
    /// The stream of Philox that node values come from; the key takes the place of a seed.
    package static let stream: UInt32 = 5

    /// Creates the field; `Physics` checks it.
    public init(from: Double, to: Double, length: Double, key: UInt32?) {
        self.from = from
        self.to = to
        self.length = length
        self.key = key
    }

    func check(name: String) throws(ConfigurationError) {
        guard from.isFinite, to.isFinite, from > 0, from < to else {
            throw ConfigurationError(
                .physics,
                "\(name): a random field from \(from) to \(to) is not possible: 0 < from < to "
                    + "must hold")
        }
        guard to / from <= Medium.maximumContrast else {
            throw ConfigurationError(
                .physics,
                "\(name): the contrast of a random field from \(from) to \(to) is \(to / from), "
                    + "at most \(Medium.maximumContrast) is supported")
        }
        guard RandomCoefficient.lengths.contains(length) else {
            throw ConfigurationError(
                .physics,
                "\(name): the length \(length) must be from "
                    + "\(RandomCoefficient.lengths.lowerBound) to "
                    + "\(RandomCoefficient.lengths.upperBound) sites")
        }
    }

    /// One direction of the spline: for each site its first node and its four weights.
    private struct Direction {
        /// Number of nodes.
        let nodes: Int
        /// Nodes of each site, four apiece.
        var indices: [Int] = []  // (sites, 4)
        /// Their weights.
        var weights: [Double] = []  // (sites, 4)

        init(side: Int, length: Double, periodic: Bool) {
            let count = periodic ? max(4, Int((Double(side) / length).rounded())) : 0
            nodes = periodic ? count : Int(Double(side - 1) / length) + 4
            for site in 0..<side {
                let place = periodic ? Double(site * count) / Double(side) : Double(site) / length
                let cell = Int(place)
                let u = place - Double(cell)
                let v = 1 - u
                for offset in 0..<4 {
                    indices.append(periodic ? (cell + offset) % count : cell + offset)
                }
                // The four pieces of the uniform cubic B-spline; they add up to 1.
                weights += [
                    v * v * v / 6, (4 - 6 * u * u + 3 * u * u * u) / 6,
                    (4 - 6 * v * v + 3 * v * v * v) / 6, u * u * u / 6,
                ]
            }
        }
    }

    /// Returns the field on every site, (rows, columns). It must have a key. O(sites) time.
    ///
    /// Node (a, b) has the value w/2³², w word 0 of Philox4x32-10 with the key words (key,
    /// `stream`) at the counter (a, b, 0, 0); a and b count from 0, one node before the first row
    /// and column.
    func field(on lattice: Lattice, boundary: Boundary) -> [Double] {
        precondition(key != nil, "a random coefficient is drawn before it is evaluated")
        let philox = Philox(seed: key ?? 0, stream: RandomCoefficient.stream)
        let down = Direction(
            side: lattice.rows, length: length, periodic: boundary.top == .periodic)
        let across = Direction(
            side: lattice.columns, length: length, periodic: boundary.left == .periodic)
        // (nodes down, nodes across)
        var nodes = [Double](repeating: 0, count: down.nodes * across.nodes)
        for a in 0..<down.nodes {
            for b in 0..<across.nodes {
                let word = philox(SIMD4(UInt32(a), UInt32(b), 0, 0)).x
                nodes[a * across.nodes + b] = Double(word) * 0x1p-32
            }
        }
        var field: [Double] = []  // (rows, columns)
        field.reserveCapacity(lattice.count)
        var line = [Double](repeating: 0, count: across.nodes)
        for row in 0..<lattice.rows {
            for b in 0..<across.nodes {
                var sum = 0.0
                for k in 4 * row..<4 * row + 4 {
                    sum += down.weights[k] * nodes[down.indices[k] * across.nodes + b]
                }
                line[b] = sum
            }
            for column in 0..<lattice.columns {
                var sum = 0.0
                for k in 4 * column..<4 * column + 4 {
                    sum += across.weights[k] * line[across.indices[k]]
                }
                field.append(sum)
            }
        }
        return stretched(field)
    }

    /// Maps the smallest value to `from`, the largest to `to`, and what is between by its share of
    /// the logarithm.
    private func stretched(_ field: [Double]) -> [Double] {
        let least = field.reduce(.infinity) { min($0, $1) }
        let span = field.reduce(-.infinity) { max($0, $1) } - least
        let steps = Elementary.log2(to / from)
        var field = field
        for start in stride(from: 0, to: field.count, by: 8) {
            let lanes = min(8, field.count - start)
            var shares = SIMD8<Double>.zero
            // Where all nodes agree, which no key that was ever tried does, the field is constant.
            for lane in 0..<lanes where span > 0 {
                shares[lane] = (field[start + lane] - least) / span
            }
            let values = Elementary.exp2(shares * steps)
            for lane in 0..<lanes {
                field[start + lane] =
                    shares[lane] == 1 ? to : min(max(from * values[lane], from), to)
            }
        }
        return field
    }
}
