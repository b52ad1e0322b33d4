import Fields
import Solving

/// A member of the family: a boundary, a medium and sources on one lattice.
struct GeneralProblem: CustomStringConvertible {
    /// How coefficients vary.
    enum Kind: String, CaseIterable {
        case constant, vacuum, layeredDown, layeredAcross, layeredTensor, regions, regionsTensor,
            smooth, rough, roughTensor
        case anisotropicDown, anisotropicAcross
    }

    let kind: Kind
    let boundary: Boundary
    let medium: Medium
    let image: SourceImage
    let pinned: Bool

    var description: String {
        let sides = [boundary.top, boundary.bottom, boundary.left, boundary.right].map(
            \.rawValue.first)
        return "\(kind.rawValue) \(medium.lattice.rows)×\(medium.lattice.columns) "
            + "\(String(sides.compactMap { $0 })) \(pinned ? "pinned" : "emitting")"
    }

    /// All 25 pairs of sides, above and below with left and right.
    static let boundaries: [Boundary] = {
        let sides: [(SideCondition, SideCondition)] = [
            (.absorbing, .absorbing), (.reflecting, .reflecting), (.periodic, .periodic),
            (.absorbing, .reflecting), (.reflecting, .absorbing),
        ]
        return sides.flatMap { rows in
            sides.compactMap { columns in
                try? Boundary(top: rows.0, bottom: rows.1, left: columns.0, right: columns.1)
            }
        }
    }()

    /// Draws a problem; nothing is promised about whether it is well posed.
    init(
        _ random: inout TestRandom, _ kind: Kind, rows: Int, columns: Int,
        boundary: Boundary? = nil, pinned: Bool? = nil, decay: Double? = nil,
        contrast: Double = 1000
    ) throws {
        let lattice = try Lattice(rows: rows, columns: columns)
        self.kind = kind
        self.boundary = boundary ?? random.next(of: GeneralProblem.boundaries)
        self.pinned = pinned ?? (random.next() < 0.6)
        // Where decay alone holds the field, the longest diffusion length that is supported is a
        // thousand sites.
        let isHeld = self.boundary.isAbsorbingSomewhere || self.pinned
        let decay: Double =
            decay
            ?? random.next(
                of: isHeld ? [0.0, 0, 1e-6, 1e-4, 1.0 / 400, 0.05, 1] : [0.0, 1e-3, 0.05, 1])
        var coefficients = Coefficients(
            lattice: lattice, decay: kind == .vacuum ? 0 : decay, contrast: contrast)
        coefficients.draw(&random, kind)
        medium = Medium(
            lattice: lattice, down: coefficients.down, across: coefficients.across,
            decay: coefficients.decay)
        let sources = random.sources(
            random.next(in: 1...max(1, lattice.count / 600)), on: lattice,
            radii: [0, 0.5, 1, 2, 3.5, 5, 9])
        let physics = try Physics(lattice: lattice, sources: self.pinned ? .pinned : .emitting)
        image = SourceImage(try Configuration(physics: physics, sources: sources))
    }

    /// Whether something holds the field.
    var isWellPosed: Bool {
        boundary.isAbsorbingSomewhere || pinned || medium.decay.contains { $0 > 0 }
    }

    /// The coefficients while they are drawn.
    private struct Coefficients {
        let lattice: Lattice
        let contrast: Double
        var down: [Double]
        var across: [Double]
        var decay: [Double]

        init(lattice: Lattice, decay: Double, contrast: Double) {
            self.lattice = lattice
            self.contrast = contrast
            down = [Double](repeating: 1, count: lattice.count)
            across = down
            self.decay = [Double](repeating: decay, count: lattice.count)
        }

        /// contrast^x for x in [0, 1], up to a constant error: its arithmetic alone matters here.
        func power(_ x: Double) -> Double {
            // contrast^(k/64), k the nearest, by squaring.
            var result = 1.0
            var root = contrast
            var rest = min(max(x, 0), 1)
            for _ in 0..<10 {
                root = root.squareRoot()
                rest *= 2
                if rest >= 1 {
                    rest -= 1
                    result *= root
                }
            }
            return result
        }

        mutating func draw(_ random: inout TestRandom, _ kind: Kind) {
            let (rows, columns) = (lattice.rows, lattice.columns)
            switch kind {
            case .constant, .vacuum: break
            case .anisotropicDown: for site in down.indices { down[site] = contrast }
            case .anisotropicAcross: for site in across.indices { across[site] = contrast }
            case .layeredDown, .layeredAcross, .layeredTensor:
                let thickness = random.next(in: 1...12)
                let values = (0..<max(rows, columns)).map { _ in
                    (power(random.next()), power(random.next()))
                }
                for site in down.indices {
                    let index =
                        (kind == .layeredAcross ? site % columns : site / columns) / thickness
                    down[site] = values[index].0
                    across[site] = kind == .layeredTensor ? values[index].1 : values[index].0
                }
            case .regions, .regionsTensor:
                for _ in 0..<random.next(in: 1...12) {
                    let (row, column) = (
                        random.next(in: 0...rows - 1), random.next(in: 0...columns - 1)
                    )
                    let radius = 1 + random.next() * Double(min(rows, columns)) / 3
                    let values = (power(random.next()), power(random.next()), random.next() < 0.3)
                    for site in down.indices {
                        let (i, j) = (site / columns - row, site % columns - column)
                        guard Double(i * i + j * j) <= radius * radius else { continue }
                        down[site] = values.0
                        across[site] = kind == .regions ? values.0 : values.1
                        if values.2 { decay[site] = 0 }
                    }
                }
            case .rough, .roughTensor:
                for site in down.indices {
                    down[site] = power(random.next())
                    across[site] = kind == .rough ? down[site] : power(random.next())
                }
            case .smooth:
                let side = 9
                let knots = (0..<side * side).map { _ in random.next() }
                for site in down.indices {
                    let x = Double(site / columns) / Double(rows) * Double(side - 1)
                    let y = Double(site % columns) / Double(columns) * Double(side - 1)
                    let (i, j) = (Int(x), Int(y))
                    let (s, t) = (smooth(x - Double(i)), smooth(y - Double(j)))
                    let above = knots[i * side + j] * (1 - t) + knots[i * side + j + 1] * t
                    let below =
                        knots[(i + 1) * side + j] * (1 - t) + knots[(i + 1) * side + j + 1] * t
                    down[site] = power(above * (1 - s) + below * s)
                    across[site] = down[site]
                }
            }
        }

        private func smooth(_ x: Double) -> Double { x * x * (3 - 2 * x) }
    }
}
