internal import Parallel

/// What a linear model on features does not know of a pool of rows: Bayesian linear regression with
/// noise of variance 1 and weights of variance 1/`ridge`.
///
/// The covariance of the weights is A = (ridge·I + Σ φφᵀ)⁻¹, the sum over what is known, φ its
/// features as `FeatureSketch` makes them short. A prediction has the variance φᵀAφ; its mean over
/// the pool is tr AB, B the mean of φφᵀ. To learn a row takes φᵀABAφ/(1 + φᵀAφ) from it, to forget
/// one adds φᵀABAφ/(1 − φᵀAφ): both numerators and denominators are kept for every row, and
/// changed with A in one pass over the rows.
///
/// All sums are in double precision and in an order that depends neither on the processor nor on
/// threads. That is why LAPACK is not used: the matrices have at most 256 rows, and the work is in
/// the passes.
struct PosteriorVariance {
    /// The smallest eigenvalue of the precision, where squared lengths have the mean 1.
    private static let ridge = 0x1p-20
    /// Changes of the covariance until it is computed anew from the precision, so that rounding
    /// errors do not add up.
    private static let changes = 64
    /// Rows that are worked on at a time.
    private static let height = 4096
    /// Rows from which on a pass is shared among threads: to start them takes as long as fewer.
    private static let shared = 1 << 15

    private let width: Int
    private let threads: Int
    private let rows: [Float]
    private let information: SquareMatrix
    private var precision: SquareMatrix
    private var covariance: SquareMatrix
    private var sinceRenewal = 0

    /// Whether each row was learnt.
    private var isLearnt: [Bool]
    /// Rows whose `variances` and `effects` are kept, by their places.
    private var watched: [Int]
    /// φᵀAφ of each row.
    private var variances: [Double]
    /// φᵀABAφ of each row.
    private var effects: [Double]

    /// The variance of a pool's rows, where others are known.
    ///
    /// - Throws: `SamplingError` with code `.unreadable` where features cannot be read.
    init(_ features: Features, of members: [Int], knowing known: [Int], threads: Int)
        throws(SamplingError)
    {
        let sketch = try FeatureSketch(features, scaledBy: members + known)
        width = sketch.width
        self.threads = threads
        rows = try sketch(members)
        isLearnt = [Bool](repeating: false, count: members.count)
        watched = Array(members.indices)
        variances = [Double](repeating: 0, count: members.count)
        effects = variances

        var sum = SquareMatrix(width)
        for start in stride(from: 0, to: members.count, by: Self.height) {
            let end = min(start + Self.height, members.count)
            sum.addProducts(of: rows[start * width..<end * width])
        }
        sum.scale(by: 1 / Double(members.count))
        information = sum
        precision = SquareMatrix(width)
        for start in stride(from: 0, to: known.count, by: Self.height) {
            let some = try sketch(known[start..<min(start + Self.height, known.count)])
            precision.addProducts(of: some[...])
        }
        precision.addToDiagonal(Self.ridge)
        covariance = precision
        try renew()
    }

    /// The place that takes most of the mean variance, of those that were not learnt; of equals,
    /// the first.
    func mostTelling() -> Int {
        var (best, most) = (-1, -Double.infinity)
        for place in watched where !isLearnt[place] {
            let gain = effects[place] / (1 + variances[place])
            if gain > most { (best, most) = (place, gain) }
        }
        return best
    }

    /// Which of the places that were learnt adds least when it is forgotten; of equals, the last.
    func leastTelling(of taken: [Int]) -> Int {
        let losses = taken.map { effects[$0] / (1 - variances[$0]) }
        return losses.indices.min { (losses[$0], -$0) < (losses[$1], -$1) } ?? 0
    }

    /// From now on only these places are asked for.
    mutating func restrict(to places: [Int]) { watched = places }

    /// Adds a row to what is known.
    mutating func learn(_ place: Int) throws(SamplingError) { try change(place, by: 1) }

    /// Takes a row that was learnt from what is known.
    mutating func forget(_ place: Int) throws(SamplingError) { try change(place, by: -1) }

    /// With u = Aφ, c = 1/(1 + φᵀAφ): A − c uuᵀ is the covariance with the row (Sherman and
    /// Morrison 1950). Without it, both signs turn.
    private mutating func change(_ place: Int, by sign: Double) throws(SamplingError) {
        isLearnt[place] = sign > 0
        let row = rows[place * width..<(place + 1) * width].map(Double.init)
        precision.addSquare(of: row, times: sign)
        sinceRenewal += 1
        if sinceRenewal == Self.changes { return try renew() }
        let u = covariance.times(row)
        let share = sign / (1 + sign * zip(u, row).reduce(0) { $0 + $1.0 * $1.1 })
        let informed = information.times(u)
        let effect = zip(u, informed).reduce(0) { $0 + $1.0 * $1.1 }
        let w = covariance.times(informed)
        try visit { [self] places in
            places.map { place in
                let p = u.product(with: rows, at: place * width)
                let q = w.product(with: rows, at: place * width)
                return Row(
                    variance: variances[place] - share * p * p,
                    effect: effects[place] - 2 * share * p * q + share * share * p * p * effect)
            }
        }
        covariance.addSquare(of: u, times: -share)
    }

    /// Computes the covariance, and what is kept of the rows, anew.
    private mutating func renew() throws(SamplingError) {
        sinceRenewal = 0
        covariance = precision.inverse()
        let inner = covariance.times(information).times(covariance)
        try visit { [self] places in
            let some = places.flatMap { rows[$0 * width..<($0 + 1) * width] }
            let variances = covariance.squares(of: some)
            return zip(variances, inner.squares(of: some)).map(Row.init)
        }
    }

    private struct Row {
        let variance: Double
        let effect: Double
    }

    /// Replaces what is kept of the watched rows, some rows at a time.
    private mutating func visit(_ work: @escaping ([Int]) -> [Row]) throws(SamplingError) {
        let blocks = stride(from: 0, to: watched.count, by: Self.height).map {
            Array(watched[$0..<min($0 + Self.height, watched.count)])
        }
        var found: [[Row]] = []
        if threads == 1 || watched.count < Self.shared {
            found = blocks.map(work)
        } else {
            do {
                try OrderedWork.run(
                    count: blocks.count, threads: threads, makeWorker: { { work(blocks[$0]) } }
                ) { found.append($1) }
            } catch { throw SamplingError(.unreadable, "features cannot be compared: \(error)") }
        }
        for (place, row) in zip(watched, found.joined()) {
            (variances[place], effects[place]) = (row.variance, row.effect)
        }
    }
}
