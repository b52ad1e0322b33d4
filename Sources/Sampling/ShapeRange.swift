package import Fields

/// A form with ranges for its parameters, from which the shape of a source is drawn.
package enum ShapeRange: Hashable, Sendable {
    /// A form with a range for each of its parameters.
    case measured(any MeasuredForm.Type, [ParameterRange])
    /// A polygon around its centre: corner k of n has its own radius, and the direction (k +
    /// ⅜t)·360°/n plus a rotation of the whole, t uniform on [0, 1). Its corners are multiples of
    /// 2⁻⁶.
    ///
    /// Neighbouring corners are less than 165° apart, so with radii of 1 or more the centre lies
    /// inside.
    case polygon(corners: ClosedRange<Int>, radius: ParameterRange)

    /// Any angle: from 0 to the last multiple of 2⁻¹⁰ below 180 degrees.
    package static let anyAngle = ParameterRange(from: 0, to: 180 - 0x1p-10)

    /// A disk.
    package static func disk(radius: ParameterRange) -> ShapeRange {
        .measured(Disk.self, [radius])
    }

    /// The range of the radius where this is a disk.
    var diskRadius: ParameterRange? {
        guard case .measured(let form, let ranges) = self, form.code == Disk.code else {
            return nil
        }
        return ranges[0]
    }

    /// The ranges of real parameters.
    private var ranges: [ParameterRange] {
        switch self {
        case .measured(_, let ranges): ranges
        case .polygon(_, let radius): [radius]
        }
    }

    /// The shape where there is nothing to draw, or nil.
    package var fixed: Shape? {
        guard case .measured(let form, let ranges) = self, ranges.allSatisfy(\.isFixed) else {
            return nil
        }
        return Shape(form, ranges.map(\.from))
    }

    /// The largest distance of a site from the centre, in rows and in columns.
    var reach: (down: Int, across: Int) {
        if let box = fixed?.footprint.box {
            return (
                max(-box.rows.lowerBound, box.rows.upperBound),
                max(-box.columns.lowerBound, box.columns.upperBound)
            )
        }
        let lengths: (down: Double, across: Double) =
            switch self {
            case .measured(let form, let ranges):
                form.reach(
                    upTo: ranges.map(\.to),
                    isTurned: zip(form.angles, ranges).contains {
                        $0 && $1 != ParameterRange(0)
                    })
            case .polygon(_, let radius):
                (radius.to + 0x1p-7, radius.to + 0x1p-7)  // corners are rounded
            }
        // A site on the edge belongs to a shape.
        return (Int(lengths.down + ShapeLimits.edge), Int(lengths.across + ShapeLimits.edge))
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
        case .measured(let form, let ranges):
            return Shape(form, ranges.indices.map { ranges[$0].draw(words[$0 + 1]) })
        case .polygon(let range, let radius):
            let count = range.lowerBound + Int((UInt64(words.y) * UInt64(range.count)) >> 32)
            let step = 360 / Double(count)
            return Shape(
                Polygon(
                    (0..<count).map { k in
                        let pair = corner(k / 2)
                        let (length, turn) = k % 2 == 0 ? (pair.x, pair.y) : (pair.z, pair.w)
                        var angle =
                            (Double(k) + 0.375 * Double(turn) * 0x1p-32 + Double(words.z) * 0x1p-32)
                            * step
                        if angle >= 360 { angle -= 360 }
                        let (sine, cosine) = Elementary.sineAndCosine(degrees: angle)
                        let size = radius.draw(length) * 64
                        return Polygon.Corner(
                            down: (size * cosine).rounded() / 64,
                            across: (size * sine).rounded() / 64)
                    }))
        }
    }

    /// Checks ranges of parameters; whether the shape fits the lattice is checked by `Design`.
    func check() throws(SamplingError) {
        func fail(_ message: String) -> SamplingError { SamplingError(.design, message) }
        for range in ranges where range.count == 0 {
            throw fail(
                "a parameter from \(range.from) to \(range.to) is not possible: bounds must be "
                    + "ordered, from 0 to \(ShapeLimits.maximumExtent), and enclose a multiple of "
                    + "2^-10")
        }
        switch self {
        case .measured(let form, let ranges):
            precondition(ranges.count == form.parameterCount, "each parameter has its range")
            if let refusal = form.refusal(from: ranges.map(\.from), to: ranges.map(\.to)) {
                throw fail(refusal)
            }
            for (isAngle, range) in zip(form.angles, ranges) where isAngle && range.to >= 180 {
                throw fail("angles must be below 180 degrees, not \(range.to)")
            }
        case .polygon(let corners, let radius):
            let possible = Polygon.cornerCounts
            guard possible.contains(corners.lowerBound), possible.contains(corners.upperBound)
            else {
                throw fail(
                    "polygons of \(corners.lowerBound) to \(corners.upperBound) corners are not "
                        + "possible: from \(possible.lowerBound) to \(possible.upperBound) are")
            }
            guard radius.from >= 1 else {
                throw fail(
                    "the corners of a polygon must be 1 site or more from its centre, not "
                        + "\(radius.from)")
            }
        }
    }

    package static func == (one: ShapeRange, other: ShapeRange) -> Bool {
        switch (one, other) {
        case (.measured(let form, let ranges), .measured(let form2, let ranges2)):
            form == form2 && ranges == ranges2
        case (.polygon(let corners, let radius), .polygon(let corners2, let radius2)):
            corners == corners2 && radius == radius2
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(ranges) }
}
