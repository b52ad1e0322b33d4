/// The form of a source or of a region: which sites around its centre belong to it.
///
/// Sites have whole offsets (i, j) from the centre, i down the rows and j across the columns. Every
/// rule is evaluated in binary64 with +, −, × and ÷ as written, so that it means the same sites
/// everywhere. Sites on an edge belong to ellipses and rectangles whatever the angle: their rules
/// allow for `edge`, which is far more than the rounding of sines and products, and far less than
/// what distances differ by.
///
/// Angles are in degrees, from 0 to below 180. They turn the down axis of the shape towards the
/// columns: with p = i·cos + j·sin and q = j·cos − i·sin the first radius lies along p, the second
/// along q.
public enum Shape: Hashable, Sendable {
    /// i² + j² ≤ radius².
    case disk(radius: Double)
    /// (p/(down + e))² + (q/(across + e))² ≤ 1 with e = `edge`; both radii above 0.
    case ellipse(down: Double, across: Double, angle: Double)
    /// |p| ≤ down + e and |q| ≤ across + e with e = `edge`; half the height and half the width are at
    /// least 0.
    case rectangle(down: Double, across: Double, angle: Double)
    /// A disk without the sites of a smaller disk: inner² < i² + j² ≤ outer², exactly for the
    /// squares in binary64, as for a disk.
    case ring(outer: Double, inner: Double)
    /// A polygon through corners in order, closed, by the even-odd rule.
    ///
    /// A site belongs to it where an odd number of edges cross its row at a column that is not to
    /// the right of it. An edge from an upper corner (r, c) to a lower one (r′, c′) crosses row i
    /// where r ≤ i < r′, at c + (i − r)/(r′ − r)·(c′ − c). Rows of corners and crossings within
    /// `edge` of a whole number count as that. So of a square with whole corners the upper and left
    /// edges belong to it and the lower and right ones do not, and polygons that share an edge
    /// share no site.
    case polygon([Corner])

    /// A corner of a polygon, as an offset from the centre in sites.
    public struct Corner: Hashable, Sendable {
        /// Rows below the centre.
        public let down: Double
        /// Columns to the right of the centre.
        public let across: Double

        /// Creates a corner.
        public init(down: Double, across: Double) {
            self.down = down
            self.across = across
        }
    }

    /// How far from an edge a site counts as on it, in sites. Coordinates up to 6000 are rounded by
    /// less than 10⁻¹¹.
    public static let edge = 0x1p-34
    /// The numbers of corners that a polygon may have.
    public static let corners = 3...16
    /// No radius, half side or corner's offset may be larger.
    public static let maximumExtent = Double(Lattice.sides.upperBound)

    /// What the shape is called in files and messages.
    public var name: String {
        switch self {
        case .disk: "disk"
        case .ellipse: "ellipse"
        case .rectangle: "rectangle"
        case .ring: "ring"
        case .polygon: "polygon"
        }
    }

    /// Checks that the parameters are finite and in range; where the shape lies is not its
    /// business.
    ///
    /// - Throws: `ConfigurationError` with code `.source`.
    func check() throws(ConfigurationError) {
        func fail(_ message: String) -> ConfigurationError {
            ConfigurationError(.source, "\(name): \(message)")
        }
        let lengths = 0...Shape.maximumExtent
        switch self {
        case .disk(let radius):
            guard lengths.contains(radius) else {
                throw fail("the radius \(radius) must be from 0 to \(Shape.maximumExtent)")
            }
        case .ellipse(let down, let across, let angle), .rectangle(let down, let across, let angle):
            guard lengths.contains(down), lengths.contains(across) else {
                throw fail("\(down) and \(across) must be from 0 to \(Shape.maximumExtent) sites")
            }
            if case .ellipse = self, down < 0x1p-20 || across < 0x1p-20 {
                throw fail("the radii \(down) and \(across) must be above 0")
            }
            guard angle >= 0, angle < 180 else {
                throw fail("the angle \(angle) must be from 0 to " + "below 180 degrees")
            }
        case .ring(let outer, let inner):
            guard lengths.contains(outer), inner >= 0, inner < outer else {
                throw fail(
                    "the inner radius \(inner) must be at least 0 and below the outer one, "
                        + "\(outer), which is at most \(Shape.maximumExtent)")
            }
        case .polygon(let corners):
            guard Shape.corners.contains(corners.count) else {
                throw fail(
                    "\(corners.count) corners are not possible: from \(Shape.corners.lowerBound) "
                        + "to \(Shape.corners.upperBound) are")
            }
            let offsets = -Shape.maximumExtent...Shape.maximumExtent
            for corner in corners
            where !offsets.contains(corner.down) || !offsets.contains(corner.across) {
                throw fail(
                    "the corner at \(corner.down), \(corner.across) is further than "
                        + "\(Shape.maximumExtent) sites away")
            }
        }
    }
}

extension Shape {
    /// The number that stands for the shape in a shard's `/sources`.
    public var code: Int {
        switch self {
        case .disk: 0
        case .ellipse: 1
        case .rectangle: 2
        case .ring: 3
        case .polygon: 4
        }
    }

    /// The parameters in the order of the cases; of a polygon down and across of each corner.
    public var parameters: [Double] {
        switch self {
        case .disk(let radius): [radius]
        case .ellipse(let down, let across, let angle), .rectangle(let down, let across, let angle):
            [down, across, angle]
        case .ring(let outer, let inner): [outer, inner]
        case .polygon(let corners): corners.flatMap { [$0.down, $0.across] }
        }
    }

    /// The shape with these `code` and `parameters`, or nil where there is none; ranges are checked
    /// by `Configuration`.
    public init?(code: Int, parameters: [Double]) {
        switch (code, parameters.count) {
        case (0, 1): self = .disk(radius: parameters[0])
        case (1, 3):
            self = .ellipse(down: parameters[0], across: parameters[1], angle: parameters[2])
        case (2, 3):
            self = .rectangle(down: parameters[0], across: parameters[1], angle: parameters[2])
        case (3, 2): self = .ring(outer: parameters[0], inner: parameters[1])
        case (4, let count) where count % 2 == 0 && Shape.corners.contains(count / 2):
            self = .polygon(
                stride(from: 0, to: count, by: 2).map {
                    Corner(down: parameters[$0], across: parameters[$0 + 1])
                })
        default: return nil
        }
    }
}
