/// Rows of numbers that say how samples resemble each other, such as a network's last layer: (rows,
/// width).
///
/// Distances are Euclidean. Choosing k of n rows takes O(k n width) time and O(n) memory.
public struct Features: Sendable {
    /// Number of rows.
    public let rows: Int
    /// Numbers in a row.
    public let width: Int
    private let values: [Float]

    /// Creates features from their rows, one after the other.
    ///
    /// - Throws: `SamplingError` with code `.scores` where a number is not finite.
    public init(width: Int, values: [Float]) throws(SamplingError) {
        precondition(width > 0 && values.count % width == 0, "rows are whole")
        guard values.allSatisfy(\.isFinite) else {
            throw SamplingError(.scores, "a feature is not a finite number")
        }
        self.width = width
        self.values = values
        rows = values.count / width
    }

    /// These rows, and then those of `other`.
    ///
    /// - Throws: `SamplingError` with code `.scores` where their widths differ.
    public func appending(_ other: Features) throws(SamplingError) -> Features {
        guard width == other.width else {
            throw SamplingError(
                .scores,
                "features have \(width) and \(other.width) numbers a sample: they are of "
                    + "different models")
        }
        return try Features(width: width, values: values + other.values)
    }

    /// The square of the distance between two rows.
    private func square(_ a: Int, _ b: Int) -> Double {
        var sum = 0.0
        for k in 0..<width {
            let difference = Double(values[a * width + k]) - Double(values[b * width + k])
            sum += difference * difference
        }
        return sum
    }

    /// Of `members`, again and again the one that is farthest from `centres` and those taken
    /// before; where there are no centres, first the one nearest to the mean of all. Equally far
    /// ones come in their order.
    func farthest(_ count: Int, of members: [Int], from centres: [Int]) -> [Int] {
        var walk = Walk(self, members, centres)
        return (0..<count).map { _ in walk.take(walk.farthest(in: nil)) }
    }

    /// Of `members`, again and again the farthest from its centre in the cluster whose squared
    /// distances sum to most; every member belongs to the nearest of `centres` and those taken
    /// before.
    func ofLargestClusters(_ count: Int, of members: [Int], from centres: [Int]) -> [Int] {
        var walk = Walk(self, members, centres)
        return (0..<count).map { _ in
            var sums = [Int: Double]()
            for place in members.indices where !walk.isTaken[place] {
                sums[walk.nearest[place], default: 0] += walk.squares[place]
            }
            let cluster = sums.max { ($0.value, -$0.key) < ($1.value, -$1.key) }?.key
            return walk.take(walk.farthest(in: cluster))
        }
    }

    /// What is known while members are taken one by one.
    private struct Walk {
        let features: Features
        let members: [Int]
        /// Square of the distance to the nearest centre, and which that is.
        var squares: [Double]
        var nearest: [Int]
        var isTaken: [Bool]

        init(_ features: Features, _ members: [Int], _ centres: [Int]) {
            self.features = features
            self.members = members
            squares = [Double](repeating: .infinity, count: members.count)
            nearest = [Int](repeating: -1, count: members.count)
            isTaken = [Bool](repeating: false, count: members.count)
            for centre in centres { approach(centre) }
            if centres.isEmpty { startAtMean() }
        }

        /// Makes the member nearest to the mean the first to be taken: it alone stays infinitely
        /// far.
        private mutating func startAtMean() {
            let width = features.width
            var mean = [Double](repeating: 0, count: width)
            for member in members {
                for k in 0..<width { mean[k] += Double(features.values[member * width + k]) }
            }
            let distances = members.map { member in
                (0..<width).reduce(0.0) { sum, k in
                    let difference =
                        Double(features.values[member * width + k]) - mean[k]
                        / Double(members.count)
                    return sum + difference * difference
                }
            }
            let first = members.indices.min { (distances[$0], $0) < (distances[$1], $1) }
            for place in members.indices where place != first { squares[place] = 0 }
        }

        /// The place of the farthest member that is not taken yet, the first of equals: of one
        /// cluster, or of all.
        func farthest(in cluster: Int?) -> Int {
            var best = -1
            for place in members.indices
            where !isTaken[place] && (cluster == nil || nearest[place] == cluster) {
                if best < 0 || squares[place] > squares[best] { best = place }
            }
            return best
        }

        /// Takes a member, which becomes a centre; returns its row.
        mutating func take(_ place: Int) -> Int {
            let isFirst = squares[place] == .infinity
            isTaken[place] = true
            if isFirst { squares = squares.map { _ in .infinity } }
            approach(members[place])
            return members[place]
        }

        private mutating func approach(_ centre: Int) {
            for place in members.indices where !isTaken[place] {
                let square = features.square(members[place], centre)
                if square < squares[place] { (squares[place], nearest[place]) = (square, centre) }
            }
        }
    }
}
