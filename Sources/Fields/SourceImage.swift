/// The sites that a configuration's sources cover, with the value at each: the image x, stored
/// sparsely.
public struct SourceImage: Sendable {
    /// Site indices, ascending, each once.
    public let sites: [Int]
    /// Value at each of `sites`, after the overlap policy.
    public let values: [Double]

    /// Rasterises a configuration row by row. O(rows + sites of all sources) time; memory for one
    /// row, the runs of all sources, and the covered sites, however often they are covered.
    ///
    /// Sums are taken in the canonical order of the sources, so that equal ids mean equal bits.
    public init(_ configuration: Configuration) {
        let lattice = configuration.physics.lattice
        let policy = configuration.physics.overlap
        let order =
            policy == .last
            ? configuration.sources : configuration.sources.sorted(by: Configuration.precede)
        let runs = ImageRun.byRow(order, on: lattice)
        var sites: [Int] = []
        var values: [Double] = []
        sites.reserveCapacity(runs.reduce(0) { $0 + $1.columns.count })
        values.reserveCapacity(sites.capacity)
        var line: [Double] = []  // (columns), made where runs meet
        var covered: [Bool] = []  // (columns)
        var start = 0
        while start < runs.count {
            let row = runs[start].row
            var end = start + 1
            while end < runs.count, runs[end].row == row { end += 1 }
            defer { start = end }
            let base = row * lattice.columns
            if end - start == 1 {
                for column in runs[start].columns {
                    sites.append(base + column)
                    values.append(runs[start].value)
                }
                continue
            }
            if line.isEmpty {
                line = [Double](repeating: 0, count: lattice.columns)
                covered = [Bool](repeating: false, count: lattice.columns)
            }
            var extent = runs[start].columns
            for run in runs[start..<end] {
                for column in run.columns {
                    line[column] =
                        covered[column] ? policy.combine(line[column], run.value) : run.value
                    covered[column] = true
                }
                extent =
                    min(
                        extent.lowerBound, run.columns.lowerBound)..<max(
                        extent.upperBound, run.columns.upperBound)
            }
            for column in extent where covered[column] {
                sites.append(base + column)
                values.append(line[column])
                covered[column] = false
            }
        }
        self.sites = sites
        self.values = values
    }

    /// Creates an image that no configuration need have, for tests and for right-hand sides;
    /// `sites` must ascend.
    package init(sites: [Int], values: [Double]) {
        precondition(sites.count == values.count)
        self.sites = sites
        self.values = values
    }

    /// A value as it stands in the image, in binary32: one too small for that is 0 there, at a site
    /// that is a source all the same.
    @inline(__always) static func drawn(_ value: Double) -> Float { Float(value) + 0 }

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

/// Neighbouring sites of one row that one source covers.
private struct ImageRun {
    var row: Int
    var columns: Range<Int>
    var value: Double

    /// The runs of all sources by row, and in the order of the sources within a row.
    static func byRow(_ sources: [Source], on lattice: Lattice) -> [ImageRun] {
        var runs: [ImageRun] = []
        for source in sources {
            for run in source.shape.footprint.runs {
                let first = source.column + Int(run.first)
                runs.append(
                    ImageRun(
                        row: source.row + Int(run.row),
                        columns: first..<source.column + Int(run.last) + 1, value: source.value))
            }
        }
        // A counting sort, which keeps the order within a row.
        var places = [Int](repeating: 0, count: lattice.rows + 1)
        for run in runs { places[run.row + 1] += 1 }
        for row in 0..<lattice.rows { places[row + 1] += places[row] }
        guard var sorted = runs.first.map({ [ImageRun](repeating: $0, count: runs.count) }) else {
            return []
        }
        for run in runs {
            sorted[places[run.row]] = run
            places[run.row] += 1
        }
        return sorted
    }
}
