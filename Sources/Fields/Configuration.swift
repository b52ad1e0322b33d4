/// One problem: the physics, and the sources that drive it.
public struct Configuration: Hashable, Sendable {
    /// More sources than this are refused; it bounds what a file can make a reader allocate.
    public static let maximumSources = 1024

    /// The equation and its lattice.
    public let physics: Physics
    /// The sources, in the order in which they were drawn or given; 1 to `maximumSources` of them.
    public let sources: [Source]

    /// Creates a configuration from checked parts.
    ///
    /// - Throws: `ConfigurationError` where there is no source, where a source is out of range or leaves the lattice,
    ///   or where disks overlap although `physics.overlap` forbids it.
    public init(physics: Physics, sources: [Source]) throws(ConfigurationError) {
        guard !sources.isEmpty, sources.count <= Configuration.maximumSources else {
            throw ConfigurationError(
                .sourceCount,
                "a configuration needs from 1 to \(Configuration.maximumSources) sources, this one has \(sources.count)"
            )
        }
        for source in sources { try source.check(on: physics.lattice) }
        self.physics = physics
        self.sources = sources
        if physics.overlap == .forbid, overlaps {
            throw ConfigurationError(
                .overlap,
                "two disks share a site, and the overlap policy is 'forbid': choose 'max', 'sum' or 'last', or move a disk"
            )
        }
    }

    /// Whether two of the disks share a site. Quadratic in the number of sources, linear in a disk's rows.
    public var overlaps: Bool {
        for (index, first) in sources.enumerated() {
            for second in sources[(index + 1)...] where Configuration.meet(first, second) { return true }
        }
        return false
    }

    /// Whether two disks have a site in common.
    package static func meet(_ first: Source, _ second: Source) -> Bool {
        let distance = abs(first.column - second.column)
        guard distance <= first.reach + second.reach else { return false }
        let top = max(first.row - first.reach, second.row - second.reach)
        let bottom = min(first.row + first.reach, second.row + second.reach)
        guard top <= bottom else { return false }
        for row in top...bottom {
            // Both rows of sites are centred: they share one where they are no further apart than their half widths.
            let halves = first.halfWidth(atRow: row - first.row) + second.halfWidth(atRow: row - second.row)
            if halves >= distance { return true }
        }
        return false
    }
}
