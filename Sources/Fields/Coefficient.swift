/// A coefficient of the equation, D or γ, as a function of the site.
public enum Coefficient: Hashable, Sendable {
    /// The same everywhere.
    case constant(Double)
    /// Layers of whole rows or columns.
    case layered(Layers)
    /// Shapes on a background.
    case regions(Regions)
    /// A smooth random field.
    case random(RandomCoefficient)
    /// What a Gaussian random field decides.
    case gaussian(GaussianCoefficient)

    /// Layers of whole rows or columns.
    public struct Layers: Hashable, Sendable {
        /// What the layers are made of.
        public enum Axis: String, Hashable, Sendable, CaseIterable { case rows, columns }

        /// Whether edges count rows or columns.
        public let axis: Axis
        /// The first row or column of each layer but the first, strictly increasing, inside the
        /// lattice.
        public let edges: [Int]
        /// The value of each layer; one more than `edges`.
        public let values: [Double]

        /// Creates layers; `Physics` checks them.
        public init(axis: Axis, edges: [Int], values: [Double]) {
            self.axis = axis
            self.edges = edges
            self.values = values
        }
    }

    /// Shapes on a background; where shapes share a site, the later one counts. What lies outside
    /// the lattice is cut off.
    public struct Regions: Hashable, Sendable {
        /// A shape with a value.
        public struct Region: Hashable, Sendable {
            /// Row of the centre; it may be outside the lattice.
            public let row: Int
            /// Column of the centre; it may be outside the lattice.
            public let column: Int
            /// Which sites around the centre belong to the region.
            public let shape: Shape
            /// The coefficient on these sites.
            public let value: Double

            /// Creates a region; `Physics` checks it.
            public init(row: Int, column: Int, shape: Shape, value: Double) {
                self.row = row
                self.column = column
                self.shape = shape
                self.value = value
            }
        }

        /// The value outside all regions.
        public let background: Double
        /// 1 to `maximumRegions` regions.
        public let regions: [Region]

        /// Creates regions; `Physics` checks them.
        public init(background: Double, regions: [Region]) {
            self.background = background
            self.regions = regions
        }
    }

    /// More layers or regions than this are refused.
    public static let maximumRegions = 256

    /// All values that the coefficient may take; of a random field the smallest and the largest
    /// that are possible.
    var values: [Double] {
        switch self {
        case .constant(let value): [value]
        case .layered(let layers): layers.values
        case .regions(let regions): [regions.background] + regions.regions.map(\.value)
        case .random(let field): [field.from, field.to]
        case .gaussian(let field): field.extremes
        }
    }

    /// Whether it is a random field without a key.
    public var isOpen: Bool {
        switch self {
        case .random(let field): field.key == nil
        case .gaussian(let field): field.key == nil
        case .constant, .layered, .regions: false
        }
    }

    /// The key of a random field.
    var key: UInt32? {
        switch self {
        case .random(let field): field.key
        case .gaussian(let field): field.key
        case .constant, .layered, .regions: nil
        }
    }

    /// Whether the coefficient differs from site to site.
    var isConstant: Bool { if case .constant = self { true } else { false } }

    /// Checks form and lengths; values are checked by `Physics`, which knows what they are for.
    func check(on lattice: Lattice, name: String) throws(ConfigurationError) {
        func fail(_ message: String) -> ConfigurationError {
            ConfigurationError(.physics, "\(name): \(message)")
        }
        switch self {
        case .constant: break
        case .layered(let layers):
            let side = layers.axis == .rows ? lattice.rows : lattice.columns
            guard layers.values.count == layers.edges.count + 1,
                layers.edges.count < Coefficient.maximumRegions
            else {
                throw fail(
                    "\(layers.edges.count) edges separate \(layers.edges.count + 1) layers, there "
                        + "are \(layers.values.count) values (at most "
                        + "\(Coefficient.maximumRegions))")
            }
            guard layers.edges.allSatisfy({ (1..<side).contains($0) }),
                zip(layers.edges, layers.edges.dropFirst()).allSatisfy(<)
            else {
                throw fail(
                    "the edges \(layers.edges) must increase and lie inside the \(side) "
                        + "\(layers.axis.rawValue), from 1 to \(side - 1): each is the first of "
                        + "its layer")
            }
        case .regions(let regions):
            guard (1...Coefficient.maximumRegions).contains(regions.regions.count) else {
                throw fail(
                    "\(regions.regions.count) regions are not possible: 1 to "
                        + "\(Coefficient.maximumRegions) are")
            }
            for (number, region) in regions.regions.enumerated() {
                do { try region.shape.check() } catch {
                    throw fail("region \(number): \(error.message)")
                }
                let far = 2 * Lattice.sides.upperBound
                guard abs(region.row) <= far, abs(region.column) <= far, region.touches(lattice)
                else {
                    throw fail(
                        "region \(number), the \(region.shape.name) at row \(region.row), column "
                            + "\(region.column), covers no site of the lattice of "
                            + "\(lattice.rows)×\(lattice.columns)")
                }
            }
        case .random(let field): try field.check(name: name)
        case .gaussian(let field): try field.check(on: lattice, name: name)
        }
    }
}

extension Coefficient.Regions.Region {
    /// Calls `body` with each run of sites of the region that lies on `lattice`, as a range of site
    /// indices.
    func forEachRun(on lattice: Lattice, _ body: (Range<Int>) -> Void) {
        for run in shape.footprint.runs {
            let line = row + Int(run.row)
            guard (0..<lattice.rows).contains(line) else { continue }
            let first = max(0, column + Int(run.first))
            let last = min(lattice.columns - 1, column + Int(run.last))
            if first <= last {
                body(line * lattice.columns + first..<line * lattice.columns + last + 1)
            }
        }
    }

    /// Whether the region has a site on `lattice`.
    func touches(_ lattice: Lattice) -> Bool {
        var found = false
        forEachRun(on: lattice) { _ in found = true }
        return found
    }
}
