/// The sites that a configuration's sources cover, with the value at each: the image x, stored sparsely.
public struct SourceImage: Sendable {
    /// Site indices, ascending, each once.
    public let sites: [Int]
    /// Value at each of `sites`, after the overlap policy.
    public let values: [Double]

    /// Rasterises a configuration. O(covered sites · log) time.
    ///
    /// Sums are taken in the canonical order of the sources, so that equal ids mean equal bits.
    public init(_ configuration: Configuration) {
        let lattice = configuration.physics.lattice
        let policy = configuration.physics.overlap
        let order =
            policy == .last
            ? configuration.sources
            : configuration.sources.sorted {
                ($0.row, $0.column, $0.radius, $0.value) < ($1.row, $1.column, $1.radius, $1.value)
            }
        var entries: [(site: Int, order: Int, value: Double)] = []
        for (position, source) in order.enumerated() {
            source.forEachSite(on: lattice) { entries.append(($0, position, source.value)) }
        }
        entries.sort { ($0.site, $0.order) < ($1.site, $1.order) }
        var sites: [Int] = []
        var values: [Double] = []
        sites.reserveCapacity(entries.count)
        values.reserveCapacity(entries.count)
        for entry in entries {
            if let last = sites.last, last == entry.site {
                let index = values.count - 1
                switch policy {
                case .max: values[index] = Swift.max(values[index], entry.value)
                case .sum: values[index] += entry.value
                case .last, .forbid: values[index] = entry.value
                }
            } else {
                sites.append(entry.site)
                values.append(entry.value)
            }
        }
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
