/// The sites that a configuration's sources cover, with the value at each: the image x, stored sparsely.
public struct SourceImage: Sendable {
    /// Site indices, ascending, each once.
    public let sites: [Int]
    /// Value at each of `sites`, after the overlap policy.
    public let values: [Double]

    /// Rasterises a configuration row by row. O(rows · sources + sites of all disks) time; memory for one row and the
    /// covered sites, however often they are covered.
    ///
    /// Sums are taken in the canonical order of the sources, so that equal ids mean equal bits.
    public init(_ configuration: Configuration) {
        let lattice = configuration.physics.lattice
        let policy = configuration.physics.overlap
        let order = policy == .last ? configuration.sources : configuration.sources.sorted(by: Configuration.precede)
        var sites: [Int] = []
        var values: [Double] = []
        var line = [Double](repeating: 0, count: lattice.columns)  // (columns)
        var covered = [Bool](repeating: false, count: lattice.columns)  // (columns)
        for row in 0..<lattice.rows {
            var first = lattice.columns
            var last = -1
            for source in order where abs(row - source.row) <= source.reach {
                let half = source.halfWidth(atRow: row - source.row)
                for column in source.column - half...source.column + half {
                    line[column] = covered[column] ? policy.combine(line[column], source.value) : source.value
                    covered[column] = true
                }
                first = min(first, source.column - half)
                last = max(last, source.column + half)
            }
            guard first <= last else { continue }
            for column in first...last where covered[column] {
                sites.append(row * lattice.columns + column)
                values.append(line[column])
                covered[column] = false
            }
        }
        self.sites = sites
        self.values = values
    }

    /// Creates an image that no configuration need have, for tests and for right-hand sides; `sites` must ascend.
    package init(sites: [Int], values: [Double]) {
        precondition(sites.count == values.count)
        self.sites = sites
        self.values = values
    }

    /// The image as a dense array, zero outside the sources.
    public func dense(on lattice: Lattice) -> [Float] {  // (rows, columns)
        var image = [Float](repeating: 0, count: lattice.count)
        for (site, value) in zip(sites, values) { image[site] = Float(value) }
        return image
    }
}

extension OverlapPolicy {
    /// The value of a site that had `value` and is covered again.
    fileprivate func combine(_ value: Double, _ next: Double) -> Double {
        switch self {
        case .max: Swift.max(value, next)
        case .sum: value + next
        case .last, .forbid: next
        }
    }
}
