import Fields
import Solving
import Testing

/// The general solver against the independent program scripts/golden/media.py.
@Suite struct GeneralGoldenTests {
    struct Golden: Sendable, CustomStringConvertible {
        let name: String
        let boundary: Boundary
        let medium: Medium
        let image: SourceImage
        let pinned: Bool
        let largest: Double
        let values: [Double]

        var description: String { name }
    }

    static let all: [Golden] = goldenMedia.split(separator: "\n\n").compactMap { try? golden($0) }

    private static func golden(_ block: Substring) throws -> Golden {
        let lines = block.split(separator: "\n")
        let header = lines[0].split(separator: " ")
        let lattice = try Lattice(
            rows: try #require(Int(header[1])), columns: try #require(Int(header[2])))
        let sides = header[3].compactMap { letter in
            SideCondition.allCases.first { $0.rawValue.first == letter }
        }
        let contrast = try #require(Double(header[4]))
        let gamma = try #require(Double(header[5]))
        let pinned = header[6] == "pinned"
        let seed = try #require(UInt64(header[7]))
        let sources = try lines[1].split(separator: " ").map { word in
            let parts = word.split(separator: ",").compactMap { Double($0) }
            try #require(parts.count == 4)
            return Source(
                row: Int(parts[0]), column: Int(parts[1]), radius: parts[2], value: parts[3])
        }
        let physics = try Physics(lattice: lattice, sources: pinned ? .pinned : .emitting)
        let numbers = lines[2...].flatMap { $0.split(separator: " ") }.compactMap { Double($0) }.map
        { $0 / 1e11 }
        return Golden(
            name: lines[0].trimmingPrefix("    ").description,
            boundary: try Boundary(
                top: sides[0], bottom: sides[1], left: sides[2], right: sides[3]),
            medium: medium(String(header[0]), lattice, contrast, gamma, seed),
            image: SourceImage(try Configuration(physics: physics, sources: sources)),
            pinned: pinned, largest: numbers[0], values: Array(numbers.dropFirst()))
    }

    /// The generator's `Hashed`: a number k/1024 from a seed and a position.
    private static func hashed(_ seed: UInt64, _ position: Int...) -> Double {
        var state = seed
        for part in position {
            state = state &* 6_364_136_223_846_793_005 &+ UInt64(part) &* 2_862_933_555_777_941_757
            state = state &+ 1_442_695_040_888_963_407
            state ^= state >> 29
        }
        return Double((state >> 40) % 1024) / 1024
    }

    private static func medium(
        _ kind: String, _ lattice: Lattice, _ contrast: Double, _ gamma: Double, _ seed: UInt64
    ) -> Medium {
        func diffusivity(_ x: Double) -> Double { 1 + (contrast - 1) * ((x * x) * (x * x)) }
        var down = [Double](repeating: 1, count: lattice.count)
        var across = down
        var decay = [Double](repeating: gamma, count: lattice.count)
        for site in 0..<lattice.count {
            let (i, j) = site.quotientAndRemainder(dividingBy: lattice.columns)
            switch kind {
            case "layers": down[site] = diffusivity(hashed(seed, i / 7))
            case "regions":
                down[site] = diffusivity(hashed(seed, i / 11, j / 13))
                if hashed(seed, i / 11, j / 13, 1) >= 0.5 { decay[site] = 0 }
            case "smooth":
                let (a, b) = (i / 16, j / 16)
                let (s, t) = (Double(i % 16) / 16, Double(j % 16) / 16)
                let above = hashed(seed, a, b) * (1 - t) + hashed(seed, a, b + 1) * t
                let below = hashed(seed, a + 1, b) * (1 - t) + hashed(seed, a + 1, b + 1) * t
                down[site] = diffusivity(above * (1 - s) + below * s)
            case "rough": down[site] = diffusivity(hashed(seed, i, j))
            case "tensor":
                down[site] = diffusivity(hashed(seed, i / 9, j / 9, 0))
                across[site] = diffusivity(hashed(seed, i / 9, j / 9, 1))
                continue
            case "anisotropic":
                across[site] = contrast
                continue
            default: break
            }
            across[site] = down[site]
        }
        return Medium(lattice: lattice, down: down, across: across, decay: decay)
    }

    @Test func allAreRead() { #expect(GeneralGoldenTests.all.count == 42) }

    @Test(arguments: all) func labelsAreWithinTheirBound(_ golden: Golden) {
        let lattice = golden.medium.lattice
        let solver = MediumSolver(lattice: lattice, boundary: golden.boundary)
        solver.prepare(golden.medium)
        var label = [Float](repeating: .nan, count: lattice.count)
        let solution = solver.solve(
            golden.image, pinned: golden.pinned, accuracy: Accuracy(), into: &label)
        #expect(solution.isCertified)
        let sampled = golden.values.indices.map { k in
            Double(label[k * (lattice.count - 1) / (golden.values.count - 1)])
        }
        #expect(golden.values.count == 200)
        // The golden values are rounded to 5e-12 themselves, and come from elimination in Double.
        #expect(largestDifference(sampled, golden.values) <= solution.errorBound + 1e-10)
        #expect(abs(Double(label.max() ?? 0) - golden.largest) <= solution.errorBound + 1e-10)
    }
}
