package import Fields

/// What a configuration is like, as far as it can be told without its field: the kinds by which
/// draws are curated.
///
/// Each trait sorts configurations into a few kinds, numbered from 0. Distances and areas go by
/// factors of √2, from whole numbers, so that kinds are the same on every machine.
package enum SampleTrait: String, Hashable, Sendable, CaseIterable {
    /// The number of sources: its place among the design's strata.
    case sources
    /// The smallest distance d of two centres: 0 for a single source, 1 for d = 0, 2 + ⌊log₂ d²⌋.
    /// Periodic axes count the shorter way.
    case nearest
    /// The smallest distance d of a centre to the first site behind a side that is not periodic:
    /// 1 + ⌊log₂ d²⌋, 0 where all are periodic.
    case edge
    /// The number a of sites that sources cover, shared ones counted for each: ⌊log₂ a²⌋.
    case area
    /// The mean of the sources' values, in eighths.
    case value
    /// Which forms the sources have: the sum of 2^code over the forms that appear.
    case forms

    /// The number of kinds, where `strata` numbers of sources are drawn.
    package func count(strata: Int) -> Int {
        switch self {
        case .sources: strata
        case .nearest, .edge: 32
        case .area: 64
        case .value: 9
        case .forms: 1 << Shape.forms.count
        }
    }

    /// The kinds of `configuration`, a sample of the stratum with ordinal `stratum`, one a trait.
    package static func kinds(of configuration: Configuration, stratum: Int) -> [Int] {
        allCases.map { $0.kind(of: configuration, stratum: stratum) }
    }

    private func kind(of configuration: Configuration, stratum: Int) -> Int {
        switch self {
        case .sources: stratum
        case .nearest: SampleTrait.nearest(configuration)
        case .edge: SampleTrait.edge(configuration)
        case .area:
            SampleTrait.halfOctave(SampleTrait.area(configuration.sources).squared)
        case .value: SampleTrait.value(configuration.sources)
        case .forms: configuration.sources.reduce(0) { $0 | 1 << $1.shape.code }
        }
    }

    private static func nearest(_ configuration: Configuration) -> Int {
        let (sources, physics) = (configuration.sources, configuration.physics)
        guard sources.count > 1 else { return 0 }
        func apart(_ first: Int, _ second: Int, of count: Int, _ side: SideCondition) -> Int {
            let straight = abs(first - second)
            return side == .periodic ? min(straight, count - straight) : straight
        }
        var least = Int.max
        for (index, first) in sources.enumerated() {
            for second in sources[(index + 1)...] {
                let down = apart(
                    first.row, second.row, of: physics.lattice.rows, physics.boundary.top)
                let across = apart(
                    first.column, second.column, of: physics.lattice.columns, physics.boundary.left)
                least = min(least, down.squared + across.squared)
            }
        }
        return least == 0 ? 1 : 2 + halfOctave(least)
    }

    private static func edge(_ configuration: Configuration) -> Int {
        let (lattice, boundary) = (configuration.physics.lattice, configuration.physics.boundary)
        var least = Int.max
        for source in configuration.sources {
            if boundary.top != .periodic {
                least = min(least, source.row + 1, lattice.rows - source.row)
            }
            if boundary.left != .periodic {
                least = min(least, source.column + 1, lattice.columns - source.column)
            }
        }
        return least == .max ? 0 : 1 + halfOctave(least.squared)
    }

    private static func area(_ sources: [Source]) -> Int {
        // Its square fits.
        min(Int(Int32.max), sources.reduce(0) { $0 + $1.shape.footprint.count })
    }

    private static func value(_ sources: [Source]) -> Int {
        let mean = sources.reduce(0) { $0 + Double($1.value) } / Double(sources.count)
        return min(8, max(0, Int((mean * 8).rounded(.down))))
    }

    /// ⌊log₂ number⌋ of a positive number.
    private static func halfOctave(_ number: Int) -> Int {
        Int.bitWidth - 1 - max(1, number).leadingZeroBitCount
    }
}

extension Int {
    fileprivate var squared: Int { self * self }
}
