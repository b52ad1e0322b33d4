internal import Shards

/// Sums from which `stats.yaml` of The Well's format is made. Their order is that of the samples,
/// so the text is the same for any number of threads.
struct WellStatistics {
    private struct Sums {
        var count = 0.0
        var sum = 0.0
        var squares = 0.0

        mutating func add(_ value: Double) {
            sum += value
            squares += value * value
        }

        mutating func add(_ other: Sums) {
            count += other.count
            sum += other.sum
            squares += other.squares
        }

        var mean: Double { sum / count }
        var rms: Double { (squares / count).squareRoot() }
        /// Of the population.
        var deviation: Double { max(0, squares / count - mean * mean).squareRoot() }
    }

    private var fields: [String: Sums] = [:]
    /// From step 0 to step 1.
    private var deltas: [String: Sums] = [:]

    /// Adds the two steps of a field that varies in time, little-endian binary32.
    mutating func add(x: [UInt8], y: [UInt8], as name: String) {
        let (before, after) = (FieldBytes.floats(of: x), FieldBytes.floats(of: y))
        var (values, delta) = (Sums(), Sums())
        for value in before { values.add(Double(value)) }
        for value in after { values.add(Double(value)) }
        for (old, new) in zip(before, after) { delta.add(Double(new) - Double(old)) }
        values.count = Double(before.count + after.count)
        delta.count = Double(before.count)
        fields[name, default: Sums()].add(values)
        deltas[name, default: Sums()].add(delta)
    }

    /// Adds a field that does not vary in time.
    mutating func add(_ bytes: [UInt8], as name: String) {
        var values = Sums()
        for value in FieldBytes.floats(of: bytes) { values.add(Double(value)) }
        values.count = Double(bytes.count / 4)
        fields[name, default: Sums()].add(values)
    }

    /// Adds what another collected.
    mutating func add(_ other: WellStatistics) {
        for (name, sums) in other.fields { fields[name, default: Sums()].add(sums) }
        for (name, sums) in other.deltas { deltas[name, default: Sums()].add(sums) }
    }

    /// The file: six mappings of a number to each field's name.
    var yaml: String {
        func block(_ title: String, _ sums: [String: Sums], _ value: (Sums) -> Double) -> String {
            let lines = sums.sorted { $0.key < $1.key }.map {
                "  \($0.key): \(WellStatistics.text(value($0.value)))\n"
            }
            return "\(title):\n" + lines.joined()
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
