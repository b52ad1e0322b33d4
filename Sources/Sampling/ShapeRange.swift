public import Fields

/// A kind of shape with ranges for its parameters, from which the shape of a source is drawn.
public enum ShapeRange: Hashable, Sendable {
    /// A disk.
    case disk(radius: ParameterRange)
    /// An ellipse with two radii and an angle in degrees.
    case ellipse(down: ParameterRange, across: ParameterRange, angle: ParameterRange)
    /// A rectangle with half its height, half its width and an angle in degrees.
    case rectangle(down: ParameterRange, across: ParameterRange, angle: ParameterRange)
    /// A ring; the outer radius is always larger than the inner one by 1 or more, so that it covers
    /// a site.
    case ring(outer: ParameterRange, inner: ParameterRange)
    /// A polygon around its centre: corner k of n has its own radius, and the direction (k +
    /// ⅜t)·360°/n plus a rotation of the whole, t uniform on [0, 1). Its corners are multiples of
    /// 2⁻⁶.
    ///
    /// Neighbouring corners are less than 165° apart, so with radii of 1 or more the centre lies
    /// inside.
    case polygon(corners: ClosedRange<Int>, radius: ParameterRange)

    /// Any angle: from 0 to the last multiple of 2⁻¹⁰ below 180 degrees.
    public static let anyAngle = ParameterRange(from: 0, to: 180 - 0x1p-10)

    /// The ranges of real parameters.
    private var ranges: [ParameterRange] {
        switch self {
        case .disk(let radius), .polygon(_, let radius): [radius]
        case .ellipse(let down, let across, let angle), .rectangle(let down, let across, let angle):
            [down, across, angle]
        case .ring(let outer, let inner): [outer, inner]
        }
    }

    /// The shape where there is nothing to draw, or nil.
    public var fixed: Shape? {
        if case .polygon = self { return nil }
        return ranges.allSatisfy(\.isFixed)
            ? draw(SIMD4(repeating: 0)) { _ in SIMD4(repeating: 0) } : nil
    }

    /// The largest distance of a site from the centre, in rows and in columns.
    var reach: (down: Int, across: Int) {
        if let box = fixed?.footprint.box {
            return (
                max(-box.rows.lowerBound, box.rows.upperBound),
                max(-box.columns.lowerBound, box.columns.upperBound)
            )
        }
        // A site on the edge belongs to a shape.
        func whole(_ length: Double) -> Int { Int(length + Shape.edge) }
        func both(_ length: Double) -> (Int, Int) { (whole(length), whole(length)) }
        switch self {
        case .disk(let radius): return both(radius.to)
        case .polygon(_, let radius): return both(radius.to + 0x1p-7)  // corners are rounded
        case .ring(let outer, _): return both(outer.to)
        case .ellipse(let down, let across, let angle):
            return angle == ParameterRange(0)
                ? (whole(down.to), whole(across.to)) : both(max(down.to, across.to))
        case .rectangle(let down, let across, let angle):
            return angle == ParameterRange(0)
                ? (whole(down.to), whole(across.to))
                : both((down.to * down.to + across.to * across.to).squareRoot())
        }
    }

    /// Chance that two draws are equal.
    var repeatChance: Double {
        var chance = ranges.reduce(1.0) { $0 / Double(max(1, $1.count)) }
        if case .polygon(let corners, let radius) = self {
            // Each corner has its own radius and its own direction on a grid of 2³² steps: the
            // radius alone is enough here.
            for _ in 1..<corners.lowerBound { chance /= Double(max(1, radius.count)) }
            chance /= 0x1p16
        }
        return chance
    }

    /// The shape that random words choose: `words` y, z and w, and those that `corner` gives for
    /// each pair of corners.
    func draw(_ words: SIMD4<UInt32>, _ corner: (Int) -> SIMD4<UInt32>) -> Shape {
        switch self {
        case .disk(let radius): return .disk(radius: radius.draw(words.y))
        case .ellipse(let down, let across, let angle):
            return .ellipse(
                down: down.draw(words.y), across: across.draw(words.z), angle: angle.draw(words.w))
        case .rectangle(let down, let across, let angle):
            return .rectangle(
                down: down.draw(words.y), across: across.draw(words.z), angle: angle.draw(words.w))
        case .ring(let outer, let inner):
            return .ring(outer: outer.draw(words.y), inner: inner.draw(words.z))
        case .polygon(let range, let radius):
            let count = range.lowerBound + Int((UInt64(words.y) * UInt64(range.count)) >> 32)
            let step = 360 / Double(count)
            return .polygon(
                (0..<count).map { k in
                    let pair = corner(k / 2)
                    let (length, turn) = k % 2 == 0 ? (pair.x, pair.y) : (pair.z, pair.w)
                    var angle =
                        (Double(k) + 0.375 * Double(turn) * 0x1p-32 + Double(words.z) * 0x1p-32)
                        * step
                    if angle >= 360 { angle -= 360 }
                    let (sine, cosine) = Elementary.sineAndCosine(degrees: angle)
                    let size = radius.draw(length) * 64
                    return Shape.Corner(
                        down: (size * cosine).rounded() / 64, across: (size * sine).rounded() / 64)
                })
        }
    }

    /// Checks ranges of parameters; whether the shape fits the lattice is checked by `Design`.
    func check() throws(SamplingError) {
        func fail(_ message: String) -> SamplingError { SamplingError(.design, message) }
        for range in ranges where range.count == 0 {
            throw fail(
                "a parameter from \(range.from) to \(range.to) is not possible: bounds must be "
                    + "ordered, from 0 to \(Shape.maximumExtent), and enclose a multiple of 2^-10")
        }
        switch self {
        case .disk: break
        case .ellipse(let down, let across, let angle), .rectangle(let down, let across, let angle):
            if case .ellipse = self, down.from < 0x1p-10 || across.from < 0x1p-10 {
                throw fail("the radii of an ellipse must be above 0")
            }
            guard angle.to < 180 else {
                throw fail("angles must be below 180 degrees, not " + "\(angle.to)")
            }
        case .ring(let outer, let inner):
            guard outer.from >= inner.to + 1 else {
                throw fail(
                    "a ring with an outer radius from \(outer.from) and an inner one up to "
                        + "\(inner.to) may cover no site: they must differ by 1 or more")
            }
        case .polygon(let corners, let radius):
            guard Shape.corners.contains(corners.lowerBound),
                Shape.corners.contains(corners.upperBound)
            else {
                throw fail(
                    "polygons of \(corners.lowerBound) to \(corners.upperBound) corners are not "
                        + "possible: from \(Shape.corners.lowerBound) to "
                        + "\(Shape.corners.upperBound) are")
            }
            guard radius.from >= 1 else {
                throw fail(
                    "the corners of a polygon must be 1 site or more from its centre, not "
                        + "\(radius.from)")
            }
        }
    }
}
