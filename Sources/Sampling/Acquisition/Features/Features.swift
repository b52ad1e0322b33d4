/// Rows of numbers that say how samples resemble each other, such as a network's last layer: (rows,
/// width).
///
/// They may lie in files, of which only the rows at hand are in memory.
public struct Features: Sendable {
    /// Numbers in a row.
    public let width: Int
    /// Number of rows.
    public var rows: Int { places.count }
    private var stores: [any FeatureStore]
    private var places: [Place]

    private struct Place {
        let store: UInt32
        let row: UInt32
    }

    /// Creates features from their rows, one after the other.
    ///
    /// - Throws: `SamplingError` with code `.scores` where a number is not finite.
    public init(width: Int, values: [Float]) throws(SamplingError) {
        precondition(width > 0 && values.count % width == 0, "rows are whole")
        guard values.allSatisfy(\.isFinite) else {
            throw SamplingError(.scores, "a feature is not a finite number")
        }
        self.init(
            FeatureMemory(width: width, values: values), rows: Array(0..<values.count / width))
    }

    /// Creates features from `rows` of a store, whose numbers are finite.
    package init(_ store: some FeatureStore, rows: [Int]) {
        width = store.width
        stores = [store]
        places = rows.map { Place(store: 0, row: UInt32($0)) }
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
        var both = self
        let first = UInt32(stores.count)
        both.stores += other.stores
        both.places += other.places.map { Place(store: first + $0.store, row: $0.row) }
        return both
    }

    /// Copies row `row` to `values[start ..< start + width]`.
    ///
    /// - Throws: `SamplingError` with code `.unreadable` where it cannot be read.
    func copy(_ row: Int, into values: inout [Float], at start: Int = 0) throws(SamplingError) {
        let place = places[row]
        try stores[Int(place.store)].copy(Int(place.row), into: &values, at: start)
    }
}
