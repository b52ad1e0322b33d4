/// One problem: the physics, and the sources that drive it.
public struct Configuration: Hashable, Sendable {
    /// More sources than this are refused; it bounds what a file can make a reader allocate.
    public static let maximumSources = 1024

    /// The equation and its lattice, with all keys.
    public let physics: Physics
    /// The sources, in the order in which they were drawn or given; 1 to `maximumSources` of them.
    public let sources: [Source]

    /// Creates a configuration from checked parts.
    ///
    /// - Throws: `ConfigurationError` where the physics has open keys, where there is no source,
    ///   where a source is out of range or leaves the lattice, or where sources overlap although
    ///   `physics.overlap` forbids it.
    public init(physics: Physics, sources: [Source]) throws(ConfigurationError) {
        guard physics.isRealised else {
            throw ConfigurationError(
                .keys,
                "the physics has random coefficients without a key: \(physics.openKeys) keys are "
                    + "missing")
        }
        guard !sources.isEmpty, sources.count <= Configuration.maximumSources else {
            throw ConfigurationError(
                .sourceCount,
                "a configuration needs from 1 to \(Configuration.maximumSources) sources, this "
                    + "one has \(sources.count)")
        }
        for source in sources { try source.check(on: physics.lattice) }
        self.physics = physics
        self.sources = sources
        if physics.overlap == .forbid, overlaps {
            throw ConfigurationError(
                .overlap,
                "two sources share a site, and the overlap policy is 'forbid': choose 'max', "
                    + "'sum' or 'last', or move one")
        }
    }

    /// Whether two of the sources share a site. Quadratic in the number of sources, linear in their
    /// rows.
    public var overlaps: Bool {
        let footprints = sources.map { source -> Footprint? in
            source.shape.disk == nil ? source.shape.footprint : nil
        }
        for (index, first) in sources.enumerated() {
            for other in index + 1..<sources.count {
                let met =
                    if let one = footprints[index], let two = footprints[other] {
                        one.meets(
                            two, down: first.row - sources[other].row,
                            across: first.column - sources[other].column)
                    } else { Configuration.meet(first, sources[other]) }
                if met { return true }
            }
        }
        return false
    }

    /// Whether two sources have a site in common.
    package static func meet(_ first: Source, _ second: Source) -> Bool {
        guard let one = first.shape.disk?.radius, let two = second.shape.disk?.radius else {
            return first.shape.footprint.meets(
                second.shape.footprint, down: first.row - second.row,
                across: first.column - second.column)
        }
        let distance = abs(first.column - second.column)
        let (reach, other) = (Int(one), Int(two))
        guard distance <= reach + other else { return false }
        let top = max(first.row - reach, second.row - other)
        let bottom = min(first.row + reach, second.row + other)
        guard top <= bottom else { return false }
        for row in top...bottom {
            // Both rows of sites are centred: they share one where they are no further apart than
            // their half widths.
            let halves =
                Disk.halfWidth(ofRadius: one, atRow: row - first.row)
                + Disk.halfWidth(ofRadius: two, atRow: row - second.row)
            if halves >= distance { return true }
        }
        return false
    }
}
