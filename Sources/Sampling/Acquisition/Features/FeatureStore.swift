/// Where rows of features are: in memory, or in a file that is larger than it.
package protocol FeatureStore: Sendable {
    /// Numbers in a row.
    var width: Int { get }

    /// Copies row `row` to `values[start ..< start + width]`.
    ///
    /// - Throws: `SamplingError` with code `.unreadable` where it cannot be read.
    func copy(_ row: Int, into values: inout [Float], at start: Int) throws(SamplingError)
}

/// Rows of features in memory, one after the other.
struct FeatureMemory: FeatureStore {
    let width: Int
    let values: [Float]

    func copy(_ row: Int, into values: inout [Float], at start: Int) {
        let own = self.values[row * width..<(row + 1) * width]
        values.replaceSubrange(start..<start + width, with: own)
    }
}
