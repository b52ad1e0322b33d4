/// The sites that a configuration's sources cover, with the value at each: the image x, stored sparsely.
public struct SourceImage: Sendable {
    /// Site indices, ascending, each once.
    public let sites: [Int]
    /// Value at each of `sites`, after the overlap policy.
    public let values: [Double]

    /// Rasterises a configuration row by row. O(rows · sources + sites of all sources) time; memory for one row, the rows
    /// of all sources, and the covered sites, however often they are covered.
    ///
    /// Sums are taken in the canonical order of the sources, so that equal ids mean equal bits.
    public init(_ configuration: Configuration) {
        let lattice = configuration.physics.lattice
        let policy = configuration.physics.overlap
        let order = policy == .last ? configuration.sources : configuration.sources.sorted(by: Configuration.precede)
        let footprints = order.map(\.shape.footprint)
        var next = [Int](repeating: 0, count: order.count)  // the first run of each source that is not drawn yet
        var sites: [Int] = []
        var values: [Double] = []
        var line = [Double](repeating: 0, count: lattice.columns)  // (columns)
        var covered = [Bool](repeating: false, count: lattice.columns)  // (columns)
        for row in 0..<lattice.rows {
            var first = lattice.columns
            var last = -1
            for (number, source) in order.enumerated() {
                let runs = footprints[number].runs
                while next[number] < runs.count, source.row + Int(runs[next[number]].row) == row {
                    let run = runs[next[number]]
                    next[number] += 1
                    let columns = source.column + Int(run.first)...source.column + Int(run.last)
                    for column in columns {
                        line[column] = covered[column] ? policy.combine(line[column], source.value) : source.value
                        covered[column] = true
                    }
                    first = min(first, columns.lowerBound)
                    last = max(last, columns.upperBound)
                }
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
