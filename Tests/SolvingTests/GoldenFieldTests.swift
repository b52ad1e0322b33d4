import Fields
import Solving
import Testing

@Suite struct GoldenFieldTests {
    /// One problem of scripts/golden/fields.py.
    struct Golden: Sendable, CustomStringConvertible {
        let name: String
        let configuration: Configuration
        let stride: Int
        let values: [Double]

        var description: String { name }
    }

    static let all: [Golden] = goldenFields.split(separator: "\n\n").compactMap { try? golden($0) }

    private static func golden(_ block: Substring) throws -> Golden {
        let lines = block.split(separator: "\n")
        let header = lines[1].split(separator: " ")
        let words = lines[2...].flatMap { $0.split(separator: " ") }
        let middle = try #require(words.firstIndex(of: "values"))
        let lattice = try Lattice(
            rows: try #require(Int(header[0])), columns: try #require(Int(header[1])))
        let physics = try Physics(
            lattice: lattice, decayRate: try #require(Double(header[2])),
            sources: try #require(SourceModel(rawValue: String(header[3]))),
            overlap: OverlapPolicy(rawValue: String(header[4])))
        let sources = try words[..<middle].map { word in
            let parts = word.split(separator: ",").compactMap { Double($0) }
            try #require(parts.count == 4)
            return Source(
                row: Int(parts[0]), column: Int(parts[1]), radius: parts[2], value: parts[3])
        }
        return Golden(
            name: String(lines[0]),
            configuration: try Configuration(physics: physics, sources: sources),
            stride: try #require(Int(header[5])),
            values: words[(middle + 1)...].compactMap { Double($0) }.map { $0 / 1e11 })
    }

    @Test func allAreRead() { #expect(GoldenFieldTests.all.count == 11) }

    @Test(arguments: all) func labelsAreWithinTheirBound(_ golden: Golden) {
        let (label, solution) = solve(golden.configuration)
        #expect(solution.isCertified)
        #expect(solution.errorBound <= 1e-6)
        let sampled = stride(from: 0, to: label.count, by: golden.stride).map { Double(label[$0]) }
        #expect(sampled.count == golden.values.count)
        // The golden values are rounded to 5e-12 themselves.
        #expect(largestDifference(sampled, golden.values) <= solution.errorBound + 1e-11)
    }

    @Test(arguments: all) func theTestsOwnReferenceAgrees(_ golden: Golden) {
        let field = referenceField(SourceImage(golden.configuration), golden.configuration.physics)
        let sampled = stride(from: 0, to: field.count, by: golden.stride).map { field[$0] }
        #expect(largestDifference(sampled, golden.values) <= 2e-11)
    }
}
