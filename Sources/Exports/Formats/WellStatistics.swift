internal import Datasets
internal import Fields

/// `stats.yaml` of The Well's format, from the statistics of samples: x and y are two steps of one
/// field, whose difference has statistics of its own.
struct WellStatistics {
    private struct Sums {
        var count: Int
        var sum: ExactSum
        var squares: ExactSum

        var mean: Double { sum.value / Double(count) }
        var rms: Double { (max(0, squares.value) / Double(count)).squareRoot() }
        /// Of the population.
        var deviation: Double {
            let (total, number) = (sum.value, Double(count))
            return max(0, (squares.value - total * total / number) / number).squareRoot()
        }
    }

    private var fields: [(name: String, sums: Sums)] = []
    /// From step 0 to step 1.
    private var deltas: [(name: String, sums: Sums)] = []

    /// Those of the field `name`, whose steps are x and y, and of coefficients.
    init(_ statistics: SampleStatistics, steps name: String) {
        for field in statistics.fields where !["x", "y"].contains(field.name) {
            let totals = field.totals
            fields.append(
                (field.name, Sums(count: totals.count, sum: totals.sum, squares: totals.squares)))
        }
        guard let x = statistics["x"], let y = statistics["y"] else { return }
        var (both, squares) = (x.sum, x.squares)
        both.add(y.sum)
        squares.add(y.squares)
        fields.append((name, Sums(count: 2 * x.count, sum: both, squares: squares)))
        // Σ(y − x)² = Σx² + Σy² − 2Σxy, without rounding.
        var delta = y.sum
        delta.subtract(x.sum)
        squares.subtract(statistics.products)
        squares.subtract(statistics.products)
        deltas.append((name, Sums(count: x.count, sum: delta, squares: squares)))
        fields.sort { $0.name < $1.name }
    }

    /// The file: six mappings of a number to each field's name.
    var yaml: String {
        func block(
            _ title: String, _ fields: [(name: String, sums: Sums)], _ value: (Sums) -> Double
        ) -> String {
            "\(title):\n"
                + fields.map { "  \($0.name): \(WellStatistics.text(value($0.sums)))\n" }.joined()
        }
        return block("mean", fields) { $0.mean } + block("std", fields) { $0.deviation }
            + block("rms", fields) { $0.rms } + block("mean_delta", deltas) { $0.mean }
            + block("std_delta", deltas) { $0.deviation } + block("rms_delta", deltas) { $0.rms }
    }

    /// A number that YAML 1.1 takes for one: it needs the point in 1.0e-05.
    private static func text(_ value: Double) -> String {
        let text = "\(value)"
        guard let mark = text.firstIndex(of: "e"), !text[..<mark].contains(".") else { return text }
        return "\(text[..<mark]).0\(text[mark...])"
    }
}
