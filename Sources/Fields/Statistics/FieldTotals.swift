/// What is known of the values of a field over many samples, from which its statistics follow.
///
/// Totals add up without rounding: those of a set of samples are the same however it is divided,
/// and in whatever order they come.
package struct FieldTotals: Hashable, Sendable {
    /// Number of values.
    package var count: Int
    /// Over the samples, each sample's own sum as a double; see `FieldMeter`.
    package var sum: ExactSum
    /// The same of the values' squares.
    package var squares: ExactSum
    package var minimum: Float
    package var maximum: Float
    /// The class (`ValueBins`) of the first of `counts`.
    package var firstBin: Int
    /// Values of each class in turn, among those that the histogram counts; neither end is 0.
    package var counts: [Int]

    package init(
        count: Int, sum: ExactSum, squares: ExactSum, minimum: Float, maximum: Float,
        firstBin: Int, counts: [Int]
    ) {
        (self.count, self.sum, self.squares) = (count, sum, squares)
        (self.minimum, self.maximum) = (minimum, maximum)
        (self.firstBin, self.counts) = (firstBin, counts)
    }

    /// Adds the totals of other samples. O(classes).
    package mutating func add(_ other: FieldTotals) {
        count += other.count
        sum.add(other.sum)
        squares.add(other.squares)
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
        guard !other.counts.isEmpty else { return }
        guard !counts.isEmpty else {
            (firstBin, counts) = (other.firstBin, other.counts)
            return
        }
        let first = min(firstBin, other.firstBin)
        let end = max(firstBin + counts.count, other.firstBin + other.counts.count)
        var all = [Int](repeating: 0, count: end - first)
        for (place, own) in counts.enumerated() { all[firstBin - first + place] += own }
        for (place, own) in other.counts.enumerated() { all[other.firstBin - first + place] += own }
        (firstBin, counts) = (first, all)
    }

    package var mean: Double { sum.value / Double(count) }

    /// That of the population, √((Σv² − (Σv)²/n)/n): its error is about 10⁻¹⁶ of the root mean
    /// square over the deviation, times the root mean square.
    package var standardDeviation: Double {
        let (total, number) = (sum.value, Double(count))
        return max(0, (squares.value - total * total / number) / number).squareRoot()
    }

    package var rootMeanSquare: Double { (squares.value / Double(count)).squareRoot() }

    /// A quantile of the histogram's values: in the class that has the value of rank ⌈share · n⌉,
    /// at the place that the rank has among those of the class, as if they lay evenly. It is off by
    /// less than 1/32 of itself.
    ///
    /// - Parameter share: In (0, 1].
    package func quantile(_ share: Double) -> Double {
        let all = counts.reduce(0, +)
        let rank = min(max(1, Int((share * Double(all)).rounded(.up))), max(1, all))
        var before = 0
        for (place, own) in counts.enumerated() {
            if before + own >= rank {
                let bin = firstBin + place
                let edges = ValueBins.edges(of: bin)
                let (low, high) = bin < 0 ? (edges.far, edges.near) : (edges.near, edges.far)
                let part = (Double(rank - before) - 0.5) / Double(own)
                return min(max(low + (high - low) * part, Double(minimum)), Double(maximum))
            }
            before += own
        }
        return 0
    }
}
