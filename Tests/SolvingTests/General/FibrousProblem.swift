import Fields
import Solving

/// A fibrous medium: D is stronger in one direction by a factor of 3 to 1000, with 1 to 200 small
/// inclusions that conduct alike in both, and little that holds the field: a side, weak decay or
/// pinned sites.
struct FibrousProblem: CustomStringConvertible {
    let boundary: Boundary
    let medium: Medium
    let image: SourceImage
    let pinned: Bool
    private let words: String

    var description: String { words }

    /// Draws a problem with sides from 34 to `longest` sites that one field solves.
    init(_ random: inout TestRandom, longest: Int = 512) throws {
        let lattice = try Lattice(
            rows: random.next(in: 34...longest), columns: random.next(in: 34...longest))
        let ratio = FibrousProblem.power(of: 1000.0 / 3, random.next()) * 3
        let isDown = random.next() < 0.5
        pinned = random.next() < 0.3
        boundary = random.next(of: GeneralProblem.boundaries)
        // γ/D from 10⁻⁶ to 10⁻² of the weak direction, as far as the strong one allows.
        let isHeld = boundary.isAbsorbingSomewhere || pinned
        let weakest = ratio * 1e-6
        let rates = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]
        let chosen = random.next(of: isHeld ? [0, 0, 0] + rates : rates)
        let decay = chosen == 0 ? 0 : max(chosen, weakest)
        var down = [Double](repeating: isDown ? ratio : 1, count: lattice.count)
        var across = [Double](repeating: isDown ? 1 : ratio, count: lattice.count)
        let count = max(1, Int(FibrousProblem.power(of: 200, random.next())))
        let largest = random.next(in: 0...8)
        let values = random.next(of: [
            [ratio], [ratio], [ratio], [1], [1, ratio], [ratio.squareRoot()],
        ])
        for _ in 0..<count {
            let (row, column) = (
                random.next(in: 0...lattice.rows - 1), random.next(in: 0...lattice.columns - 1)
            )
            let (radius, value) = (random.next(in: 0...largest), random.next(of: values))
            for i in max(0, row - radius)...min(lattice.rows - 1, row + radius) {
                for j in max(0, column - radius)...min(lattice.columns - 1, column + radius)
                where (i - row) * (i - row) + (j - column) * (j - column) <= radius * radius {
                    down[i * lattice.columns + j] = value
                    across[i * lattice.columns + j] = value
                }
            }
        }
        medium = Medium(
            lattice: lattice, down: down, across: across,
            decay: [Double](repeating: decay, count: lattice.count))
        let sources = random.sources(random.next(in: 1...4), on: lattice, radii: [0, 1, 2, 5])
        let physics = try Physics(lattice: lattice, sources: pinned ? .pinned : .emitting)
        image = SourceImage(try Configuration(physics: physics, sources: sources))
        let sides = [boundary.top, boundary.bottom, boundary.left, boundary.right].map(
            \.rawValue.first)
        words =
            "fibrous \(lattice.rows)×\(lattice.columns) \(String(sides.compactMap { $0 })) "
            + "\(pinned ? "pinned" : "emitting"), \(isDown ? "down" : "across") \(ratio), γ "
            + "\(decay), \(count) inclusions up to \(largest) of \(values)"
    }

    /// base^x for x in [0, 1), to 2⁻¹⁰ in x.
    private static func power(of base: Double, _ x: Double) -> Double {
        var (result, root, rest) = (1.0, base, x)
        for _ in 0..<10 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 { (rest, result) = (rest - 1, result * root) }
        }
        return result
    }
}
