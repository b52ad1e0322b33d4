public import Fields

/// What a dataset is made of: how many configurations of which kind, drawn from which seed.
///
/// A design is a recipe. Every sample of it is a pure function of the seed, its stratum's number of
/// sources and its index (`configuration(stratum:index:)`), whatever else is drawn, so raising
/// `counts`, or adding strata, never changes a sample that exists.
///
/// **Samples do not repeat.** With one source, whose value is 1, there are only as many
/// configurations as centres (252,004 on 512² with radius 5), and an eighth of that up to
/// reflections and turns: 20,000 independent draws would hold thousands of pairs that are one
/// problem, test samples among the training samples. Single sources are therefore drawn without
/// replacement from the places that differ by more than a symmetry of the equation (`CentreOrbits`,
/// `CentrePermutation`). From two sources on, and where shapes or coefficients are drawn too, draws
/// are independent; see `expectedRepeats`. Nothing rests on that chance: whoever builds a dataset
/// compares all images, and leaves out those that come again.
public struct Design: Hashable, Sendable {
    /// The equation, its lattice, and what overlapping sources mean. Its open keys are drawn for
    /// each sample.
    public let physics: Physics
    /// Numbers of sources, one a stratum, strictly increasing, each from 1 to
    /// `Configuration.maximumSources`.
    public let strata: [Int]
    /// Samples per stratum, each from 1 to `SampleSequence.maximumCount`; as many as `strata`.
    public let counts: [Int]
    /// What the shape of each source is drawn from, one of them with equal chances; 1 to
    /// `maximumShapes`.
    package let shapes: [ShapeRange]
    /// How values are drawn.
    public let values: SourceValues
    /// The seed of all draws.
    public let seed: UInt32
    /// The samples in the order in which they are numbered.
    public let sequence: SampleSequence
    /// How single sources get their places where nothing else is drawn.
    public let places: SinglePlaces
    /// The places of single sources, or nil where shapes or coefficients are drawn as well.
    let orbits: CentreOrbits?

    /// How single sources get their places, without replacement.
    public enum SinglePlaces: Hashable, Sendable {
        /// One place of each orbit under the symmetries of the equation, so that no two images are
        /// reflections, turns or shifts of one another.
        case orbits
        /// All places, as earlier builds did: for reading what they made.
        case all
    }

    /// More alternatives for the shape of a source are refused.
    public static let maximumShapes = 16

    /// Creates a design in which all sources are disks of one radius.
    ///
    /// - Throws: as the general initialiser.
    public init(
        physics: Physics, strata: [Int], counts: [Int], radius: Double = 5,
        values: SourceValues = .anchored(), seed: UInt32
    ) throws(SamplingError) {
        try self.init(
            physics: physics, strata: strata, counts: counts,
            shapes: [.disk(radius: ParameterRange(radius))], values: values, seed: seed)
    }

    /// Creates a design.
    ///
    /// The first sample of the largest stratum is drawn as a trial where overlap is forbidden,
    /// which can take 10,000 attempts.
    ///
    /// - Throws: `SamplingError` with code `.design` where a parameter is out of range,
    ///   `.exhausted` where a count exceeds the different configurations, `.doesNotFit` where
    ///   sources may be too large for the lattice or are too many to lie on it without overlap.
    package init(
        physics: Physics, strata: [Int], counts: [Int], shapes: [ShapeRange],
        values: SourceValues = .anchored(), seed: UInt32, places: SinglePlaces = .orbits
    ) throws(SamplingError) {
        try Design.check(strata: strata)
        guard counts.count == strata.count, counts.allSatisfy({ $0 >= 1 }) else {
            throw SamplingError(
                .design,
                "a design needs one count of at least 1 per stratum: there are \(strata.count) "
                    + "strata, and counts \(counts)")
        }
        guard (1...Design.maximumShapes).contains(shapes.count) else {
            throw SamplingError(
                .design,
                "\(shapes.count) alternatives for the shape are not possible: 1 to "
                    + "\(Design.maximumShapes) are")
        }
        for shape in shapes { try shape.check() }
        guard !values.grid.isEmpty else {
            throw SamplingError(
                .design,
                "values \(values.words) are not possible: bounds must be ordered, within 0 to 1, "
                    + "and enclose a multiple of 2^-24")
        }
        self.physics = physics
        self.strata = strata
        self.counts = counts
        self.shapes = shapes
        self.values = values
        self.seed = seed
        self.sequence = try SampleSequence(counts: counts)
        let fixed =
            shapes.count == 1 && physics.isRealised && strata[0] == 1 ? shapes[0].fixed : nil
        let centres = Design.centres(of: shapes, on: physics.lattice)
        func orbits(isJoining: Bool) -> CentreOrbits? {
            fixed.map { shape in
                CentreOrbits(
                    of: physics, shape: shape, rows: centres.rows, columns: centres.columns,
                    isJoining: isJoining)
            }
        }
        let joined = orbits(isJoining: true)
        // Where every place is an orbit of its own there is one way, and one form of the design.
        self.places = joined?.areSingle ?? true ? .orbits : places
        self.orbits = self.places == .all ? orbits(isJoining: false) : joined
        try checkRoom()
        try checkRepeats()
    }

    /// Number of samples.
    public var sampleCount: Int { sequence.count }

    /// The shape of all sources where there is nothing to draw, or nil.
    public var fixedShape: Shape? { shapes.count == 1 ? shapes[0].fixed : nil }

    /// Rows and columns that a centre may have whatever its shape: those from which every shape
    /// stays on the lattice.
    public var centres: (rows: Range<Int>, columns: Range<Int>) {
        Design.centres(of: shapes, on: physics.lattice)
    }

    private static func centres(of shapes: [ShapeRange], on lattice: Lattice) -> (
        rows: Range<Int>, columns: Range<Int>
    ) {
        let reaches = shapes.map(\.reach)
        let down = reaches.reduce(0) { max($0, $1.down) }
        let across = reaches.reduce(0) { max($0, $1.across) }
        return (
            down..<max(down, lattice.rows - down), across..<max(across, lattice.columns - across)
        )
    }

    /// Number of positions that a centre may have whatever its shape.
    public var centreCount: Int { centres.rows.count * centres.columns.count }

    /// The number of samples that the stratum with ordinal `stratum` may have: of single sources
    /// that are drawn without replacement, the number of their places; nil where there is no such
    /// limit.
    public func limit(stratum: Int) -> Int? { strata[stratum] == 1 ? orbits?.count : nil }

    /// An estimate of the number of pairs with equal parameters among independently drawn samples
    /// of the stratum with ordinal `stratum`; 0 for single sources that are drawn without
    /// replacement.
    ///
    /// Two draws of n sources are equal where one's sources are a permutation of the other's. Each
    /// permutation matches with probability c⁻ⁿ·v⁻⁽ⁿ⁻¹⁾ for c centres and v values, and there are
    /// (n−1)! that send the source of value 1 to its like (n! where any source may be the largest),
    /// so count²/2 pairs hold about (count²/2)·(n−1)!/(cⁿ·vⁿ⁻¹) repeats. For the paper's design, c
    /// = 502², v = 2²⁴ and count = 20,000, that is 2·10⁸/(502⁴·2²⁴) = 1.9·10⁻¹⁰ for two sources and
    /// less than 10⁻²¹ for all further strata together. Forbidding overlap makes c smaller by at
    /// most the share of centres that are taken. Where shapes are drawn each match also needs equal
    /// shapes, at most `shapeRepeats`; each key that is drawn needs an equal one, 2⁻³².
    public func expectedRepeats(stratum: Int) -> Double {
        let sources = strata[stratum]
        guard sources > 1 || orbits == nil else { return 0 }
        let centres = Double(centreCount) / shapeRepeats
        var repeats = Double(counts[stratum]) * (Double(counts[stratum]) - 1) / 2 / centres
        for ordinal in 1..<sources {
            let matches: Double =
                switch values {
                case .anchored: Double(ordinal)
                case .rescaled: Double(ordinal + 1)
                }
            repeats *= matches / centres / Double(values.grid.count)
        }
        for _ in 0..<physics.openKeys { repeats *= 0x1p-32 }
        return repeats
    }

    /// Chance that two sources have the same shape.
    private var shapeRepeats: Double {
        shapes.reduce(0) { $0 + $1.repeatChance } / Double(shapes.count * shapes.count)
    }

    private static func check(strata: [Int]) throws(SamplingError) {
        let allowed = 1...Configuration.maximumSources
        guard !strata.isEmpty, strata.allSatisfy(allowed.contains),
            zip(strata, strata.dropFirst()).allSatisfy(<)
        else {
            throw SamplingError(
                .design,
                "strata \(strata) are not possible: they are numbers of sources from 1 to "
                    + "\(allowed.upperBound), at least one, each larger than the one before")
        }
    }

    /// Checks that the sources fit the lattice: one by one always, all together where overlap is
    /// forbidden.
    private func checkRoom() throws(SamplingError) {
        let lattice = physics.lattice
        guard centreCount > 0 else {
            let limit = (min(lattice.rows, lattice.columns) + 1) / 2
            let what: String
            if let disk = fixedShape?.disk {
                what = "disks of radius \(disk.radius)"
            } else {
                what = "the largest sources"
            }
            throw SamplingError(
                .doesNotFit,
                "\(what) do not fit the lattice of \(lattice.rows)×\(lattice.columns) sites: "
                    + "choose a radius below \(limit)")
        }
        guard physics.overlap == .forbid, let most = strata.last, most > 1 else { return }
        if let sites = fixedShape?.footprint.count, most > lattice.count / sites {
            throw SamplingError(
                .doesNotFit,
                "\(most) sources of \(sites) sites do not fit the \(lattice.count) sites of the "
                    + "lattice without overlap: choose fewer sources, a smaller radius, or allow "
                    + "overlap")
        }
        // Random placing jams long before the sites run out, at about 55% of them (Feder 1980), so
        // one sample is tried.
        _ = try configuration(stratum: strata.count - 1, index: 0)
    }

    /// Checks that the medium of the first sample is in its range of contrasts: where it is not,
    /// few samples would be. Draws it, up to 1024 times; to be asked before samples are made.
    ///
    /// - Throws: `SamplingError` with code `.design`.
    package func checkContrast() throws(SamplingError) {
        guard physics.isLognormal else { return }
        let first = try configuration(stratum: 0, index: 0)
        guard !first.physics.medium().isInRange else { return }
        throw SamplingError(
            .design,
            "none of \(GaussianCoefficient.maximumAttempts) draws of the first sample's medium "
                + "has such a contrast: widen 'contrast', or choose another variance")
    }

    /// Checks that there are as many different samples as the counts ask for. Of those that are
    /// drawn independently some may repeat others, and are left out later.
    private func checkRepeats() throws(SamplingError) {
        for (stratum, sources) in strata.enumerated() {
            let count = counts[stratum]
            if let limit = limit(stratum: stratum), count > limit {
                let what =
                    places == .orbits
                    ? " up to reflections, turns and shifts that keep the problem" : ""
                throw SamplingError(
                    .exhausted,
                    "\(count) samples of 1 source are asked for, but there are only \(limit) "
                        + "different ones\(what): lower that stratum's count, or draw the radius "
                        + "from a range")
            }
            // As many pairs as half the samples: no more different ones than samples.
            let repeats = expectedRepeats(stratum: stratum)
            if repeats > max(0.5, Double(count) / 2) {
                throw SamplingError(
                    .exhausted,
                    "\(count) samples of \(sources) sources would hold about \(repeats.rounded()) "
                        + "equal pairs: lower that stratum's count, or widen the ranges that are "
                        + "drawn from")
            }
        }
    }
}
