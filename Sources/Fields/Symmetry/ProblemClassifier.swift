/// Finds the class of problems of one equation; see `ProblemClass`.
///
/// O(sites of the sources) time, and for each symmetry of the equation O(runs of sites of one
/// value), or O(sites + rows + columns) where shifts are among them; the equation's own symmetries
/// are found once.
public struct ProblemClassifier: Sendable {
    /// The equation, with or without open keys.
    public let physics: Physics
    private let group: SymmetryGroup
    private let imageSum: ImageSum

    /// Prepares for the configurations of `physics`, which may differ in the keys that it leaves
    /// open.
    public init(_ physics: Physics) {
        self.physics = physics
        group = SymmetryGroup(of: physics)
        imageSum = ImageSum(physics.lattice)
    }

    /// Returns the class of `configuration`, whose physics must be that of the classifier, but for
    /// keys.
    public func callAsFunction(_ configuration: Configuration) -> ProblemClass {
        let keys = physics.keys(of: configuration.physics)
        guard !slides, !configuration.overlaps else {
            return callAsFunction(SourceImage(configuration), keys: keys)
        }
        return leastClass(of: imageSum.runs(of: configuration.sources), keys: keys)
    }

    /// Returns the class of an image that is at hand; `keys` are those of the open coefficients.
    public func callAsFunction(_ image: SourceImage, keys: [UInt32] = []) -> ProblemClass {
        guard slides else { return leastClass(of: imageSum.runs(of: image), keys: keys) }
        let (places, values) = sites(of: image)
        return leastClass(keys) { sum(places, values, $0) }
    }

    /// Whether shifts are among the symmetries.
    private var slides: Bool { group.slidesRows || group.slidesColumns }

    private func leastClass(of runs: [ImageSum.Run], keys: [UInt32]) -> ProblemClass {
        leastClass(keys) { imageSum(runs, after: $0) }
    }

    /// The least of the sums after all symmetries, with the keys.
    private func leastClass(_ keys: [UInt32], _ sum: (SymmetryGroup.Element) -> UInt128)
        -> ProblemClass
    {
        var least = group.elements.reduce(UInt128.max) { min($0, sum($1)) }
        for (place, key) in keys.enumerated() {
            least &+= Mixing.mix(1 << 63 | UInt64(place) << 32 | UInt64(key))
        }
        return ProblemClass(bits: least)
    }

    /// Row and column of the sites of an image, and the bits of their values.
    private func sites(of image: SourceImage) -> ([SIMD2<Int32>], [UInt64]) {
        let columns = physics.lattice.columns
        let places = image.sites.map { site in
            let (row, column) = site.quotientAndRemainder(dividingBy: columns)
            return SIMD2(Int32(row), Int32(column))
        }
        let values = image.values.map { UInt64(SourceImage.drawn($0).bitPattern) }
        return (places, values)
    }

    /// The sum over an image after one of the symmetries, the same for all shifts along axes that
    /// slide.
    private func sum(_ places: [SIMD2<Int32>], _ values: [UInt64], _ element: SymmetryGroup.Element)
        -> UInt128
    {
        let sides = SIMD2(Int32(physics.lattice.rows), Int32(physics.lattice.columns))
        let symmetry = element.symmetry
        // A site (p, q) goes to origin + direction·(p, q), modulo the sides where there is a shift.
        let direction = SIMD2<Int32>(symmetry.flipsRows ? -1 : 1, symmetry.flipsColumns ? -1 : 1)
        let shift = SIMD2(Int32(element.down), Int32(element.across))
        let origin =
            SIMD2(symmetry.flipsRows ? sides.x - 1 : 0, symmetry.flipsColumns ? sides.y - 1 : 0)
            &+ shift
        let isShifted = shift != .zero
        func moved(_ place: SIMD2<Int32>) -> SIMD2<Int32> {
            let turned = symmetry.isTransposed ? SIMD2(place.y, place.x) : place
            let there = origin &+ direction &* turned
            return isShifted ? there.replacing(with: there &- sides, where: there .>= sides) : there
        }
        let image = SlidingImage(
            places: places.map(moved), values: values, rows: Int(sides.x), columns: Int(sides.y))
        return switch (group.slidesRows, group.slidesColumns) {
        case (true, true): image.sumForAllShifts
        case (true, false): image.sumForRowShifts
        default: image.sumForColumnShifts
        }
    }
}
