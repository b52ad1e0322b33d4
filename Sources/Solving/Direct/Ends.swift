package import Fields

/// What holds at the ends of either axis.
package struct Sides: Hashable, Sendable {
    package var rows: Ends
    package var columns: Ends

    package init(_ boundary: Boundary) {
        rows = Ends(boundary.top, boundary.bottom)
        columns = Ends(boundary.left, boundary.right)
    }
}

/// What holds at the two ends of one axis of n sites, and the images and waves that follow from it.
///
/// A field between two ends is one of endless sites. It is odd about an absorbing end's ghost site,
/// a spacing outside; even about a reflecting end's face, half a spacing outside, as nothing
/// flows where a ghost site has the value of the last one; and repeats where the ends are joined.
/// Hence it repeats after `period` sites but for a factor of `turnSign` (method of images; for the
/// waves of each pair of ends see Strang 1999, The discrete cosine transform, SIAM Review 41).
package struct Ends: Hashable, Sendable {
    let first: SideCondition
    let last: SideCondition

    package init(_ first: SideCondition, _ last: SideCondition) {
        self.first = first
        self.last = last
    }

    package static let absorbing = Ends(.absorbing, .absorbing)

    package var isPeriodic: Bool { first == .periodic }
    /// Whether an end holds the field down.
    package var holds: Bool { first == .absorbing || last == .absorbing }

    /// Sites after which a field repeats but for `turnSign`.
    func period(_ sites: Int) -> Int {
        guard !isPeriodic else { return sites }
        return 2 * sites + (first == .absorbing ? 1 : 0) + (last == .absorbing ? 1 : 0)
    }

    /// −1 where one end is absorbing and the other reflecting.
    var turnSign: Double { isPeriodic || first == last ? 1 : -1 }

    /// The image in the first end: a charge at site s has one at −s − `offset`, of `sign`; nil
    /// where the ends are joined.
    var mirror: (offset: Int, sign: Double)? {
        switch first {
        case .absorbing: (2, -1)
        case .reflecting: (1, 1)
        case .periodic: nil
        }
    }

    /// The field on the ghost site of an end, from that on the last site before it and that on the
    /// last one before the other end.
    @inline(__always) func outside(_ near: Double, _ far: Double, _ end: SideCondition) -> Double {
        switch end {
        case .absorbing: 0
        case .reflecting: near
        case .periodic: far
        }
    }

    /// The largest value of a w ≥ 0 with −D w″ ≥ 1: a parabola that vanishes on the ghost sites of
    /// absorbing ends, (i + 1)(n − i)/(2D) or, with the other end reflecting, (i + 1)(2n − i)/(2D).
    /// Infinite where nothing holds the field.
    func barrier(_ sites: Int, _ diffusivity: Double) -> Double {
        guard holds else { return .infinity }
        let period = Double(period(sites))
        return first == last
            ? period * period / (32 * diffusivity) : (period * period - 1) / (8 * diffusivity)
    }
}
