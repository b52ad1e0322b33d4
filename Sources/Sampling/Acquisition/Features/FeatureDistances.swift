internal import Parallel

/// Squares of the Euclidean distances between rows of features, in two ways: exactly as
/// `square(_:_:)` defines them, a pair at a time, and within bounds, by products of matrices.
///
/// Distances within bounds are those of rows from which a mean was taken, times a power of two, so
/// that they are near 1: |p − c|² = |p|² + |c|² − 2 p·c then loses little.
struct FeatureDistances {
    let features: Features
    /// How many threads multiply.
    let threads: Int
    private let mean: [Float]
    /// The power of two that rows are multiplied by.
    private let scale: Float
    /// Bound of the error of |p − c|², relative to (|p| + |c|)², and beside it.
    private let relativeError: Double
    private let absoluteError: Double

    private var width: Int { features.width }

    /// Rows as the products take them, with their lengths.
    ///
    /// Their memory is used again: what it had before may be behind the rows.
    struct Panel {
        fileprivate(set) var rows: [Float] = []
        fileprivate(set) var lengths: [Double] = []
    }

    /// Rows that were multiplied with those of a panel.
    struct Block {
        /// The rows' lengths.
        let lengths: [Double]
        private let columns: Int
        private let products: [Float]

        fileprivate init(lengths: [Double], columns: Int, products: [Float]) {
            (self.lengths, self.columns, self.products) = (lengths, columns, products)
        }

        /// The product of row `p` and row `c` of the panel.
        subscript(p: Int, c: Int) -> Float { products[p * columns + c] }
    }

    /// Rows of a block.
    private static let height = 512

    /// Prepares distances among rows that `rows` are some of: up to 4096 of them, evenly spaced,
    /// say where the mean is.
    init(_ features: Features, near rows: [Int], threads: Int) throws(SamplingError) {
        self.features = features
        self.threads = threads
        let width = features.width
        let chosen = stride(from: 0, to: rows.count, by: max(1, rows.count / 4096)).map { rows[$0] }
        var row = [Float](repeating: 0, count: width)
        var sums = [Double](repeating: 0, count: width)
        var squares = 0.0
        for number in chosen {
            try features.copy(number, into: &row)
            for k in 0..<width { sums[k] += Double(row[k]) }
        }
        let mean = sums.map { Float($0 / Double(max(1, chosen.count))) }
        for number in chosen {
            try features.copy(number, into: &row)
            for k in 0..<width {
                let difference = Double(row[k]) - Double(mean[k])
                squares += difference * difference
            }
        }
        let length = (squares / Double(max(1, chosen.count))).squareRoot()
        self.mean = mean
        let exponent = length > 0 && length.isFinite ? Int(length.exponent) : 0
        scale = Float(sign: .plus, exponent: min(max(-exponent, -126), 126), significand: 1)
        // The product's error counts twice, and |p| |c| ≤ (|p| + |c|)²/4. Taking the mean rounds
        // each number by at most u, which moves both rows: 2.1 u (|p| + |c|)². The last term is for
        // sums in double precision, here and in `square`.
        relativeError =
            RowProducts.relativeError(width: width) / 2 + 2.1 * 0x1p-24
            + Double(width) * 0x1p-48
        // What is lost below the smallest normal number.
        absoluteError = Double(width) * 0x1p-100
    }

    /// The square of the distance between two rows: the sum of squared differences, in double
    /// precision, in the order of the numbers. Every choice is as if all were found so.
    func square(_ a: Int, _ b: Int) throws(SamplingError) -> Double {
        var (one, other) = (
            [Float](repeating: 0, count: width), [Float](repeating: 0, count: width)
        )
        try features.copy(a, into: &one)
        try features.copy(b, into: &other)
        let (left, right) = (one.span, other.span)
        var sum = 0.0
        for k in 0..<width {
            let difference = Double(left[k]) - Double(right[k])
            sum += difference * difference
        }
        // As panels have it; exact, as it is a power of two.
        return sum * Double(scale) * Double(scale)
    }

    /// Fills a panel with rows.
    func fill(_ panel: inout Panel, _ rows: [Int]) throws(SamplingError) {
        panel.rows.grow(to: rows.count * width)
        panel.lengths.removeAll(keepingCapacity: true)
        for (place, row) in rows.enumerated() {
            try features.copy(row, into: &panel.rows, at: place * width)
            panel.lengths.append(
                Self.centre(&panel.rows, at: place * width, on: mean, scale: scale))
        }
    }

    /// Multiplies `rows` with those of a panel.
    ///
    /// - Returns: Blocks of the rows, in their order.
    func multiply(_ rows: [Int], _ panel: Panel) throws(SamplingError) -> [Block] {
        func work() -> (Int) throws(SamplingError) -> Block {
            var own = Panel()
            return { (number) throws(SamplingError) -> Block in
                let start = number * Self.height
                try fill(&own, Array(rows[start..<min(start + Self.height, rows.count)]))
                return multiply(own, panel)
            }
        }
        let count = (rows.count + Self.height - 1) / Self.height
        // To start threads takes longer than the least work.
        if count == 1 || threads == 1 {
            let work = work()
            var blocks: [Block] = []
            for number in 0..<count { blocks.append(try work(number)) }
            return blocks
        }
        var blocks: [Block] = []
        do {
            try OrderedWork.run(count: count, threads: threads, makeWorker: { work() }) {
                blocks.append($1)
            }
        } catch let error as SamplingError { throw error } catch {
            throw SamplingError(.unreadable, "features cannot be compared: \(error)")
        }
        return blocks
    }

    private func multiply(_ own: Panel, _ panel: Panel) -> Block {
        let (rows, columns) = (own.lengths.count, panel.lengths.count)
        var products = [Float](repeating: 0, count: rows * columns)
        RowProducts.fill(
            &products, own.rows, rows: rows, panel.rows, columns: columns, width: width)
        return Block(lengths: own.lengths, columns: columns, products: products)
    }

    /// Bounds of `square(_:_:)` for rows of panels, from their product and their lengths; they need
    /// not be numbers where rows are too long for single precision.
    func square(_ product: Float, _ p: Double, _ c: Double) -> Bounds {
        let square = p * p + c * c - 2 * Double(product)
        let error = relativeError * (p + c) * (p + c) + absoluteError
        return Bounds(lower: square - error, upper: square + error)
    }

    /// What the square of a distance is between.
    struct Bounds {
        let lower: Double
        let upper: Double
    }
}

extension [Float] {
    /// Makes the array at least `count` long.
    fileprivate mutating func grow(to count: Int) {
        if self.count < count { self = [Float](repeating: 0, count: count) }
    }
}
