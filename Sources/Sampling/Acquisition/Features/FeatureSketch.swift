internal import Fields

/// Short rows in the place of long ones: every number is added, with a sign of its own, to one of
/// the places (count sketch; Charikar, Chen and Farach-Colton 2002; for regression Clarkson and
/// Woodruff 2013, arXiv:1207.6365).
///
/// Scalar products of rows are kept in the mean over hashes, with a standard deviation of about
/// √(2/256) of the product of the lengths. Rows of at most `longest` numbers stay as they are.
struct FeatureSketch {
    /// Numbers in a short row, a multiple of 32; those behind the features are 0.
    let width: Int

    /// The most numbers in a short row.
    static let longest = 256
    private static let stream: UInt32 = 25

    private let features: Features
    private let places: [Int]
    private let signs: [Double]
    private let scale: Double

    /// Creates the sketch of features, scaled so that the squared lengths of `rows` have the mean 1
    /// before they are made short.
    ///
    /// - Throws: `SamplingError` with code `.unreadable` where features cannot be read.
    init(_ features: Features, scaledBy rows: [Int]) throws(SamplingError) {
        self.features = features
        width = min(Self.longest, (features.width + 31) / 32 * 32)
        if features.width <= Self.longest {
            places = Array(0..<features.width)
            signs = [Double](repeating: 1, count: features.width)
        } else {
            let hash = Philox(seed: 0, stream: Self.stream)
            let words = (0..<features.width).map { hash(SIMD4(UInt32($0), 0, 0, 0)) }
            places = words.map { Int($0.x) % Self.longest }
            signs = words.map { $0.y % 2 == 0 ? 1 : -1 }
        }
        var row = [Float](repeating: 0, count: features.width)
        var squares = 0.0
        for place in rows {
            try features.copy(place, into: &row)
            for value in row { squares += Double(value) * Double(value) }
        }
        scale = squares > 0 ? (Double(rows.count) / squares).squareRoot() : 1
    }

    /// The short forms of some rows, one after the other.
    ///
    /// - Throws: `SamplingError` with code `.unreadable` where they cannot be read.
    func callAsFunction(_ rows: some Collection<Int>) throws(SamplingError) -> [Float] {
        var row = [Float](repeating: 0, count: features.width)
        var short = [Float]()
        short.reserveCapacity(rows.count * width)
        var sums = [Double](repeating: 0, count: width)
        for place in rows {
            try features.copy(place, into: &row)
            for k in sums.indices { sums[k] = 0 }
            for k in row.indices { sums[places[k]] += signs[k] * Double(row[k]) }
            for sum in sums { short.append(Float(sum * scale)) }
        }
        return short
    }
}
