import Fields
import Sampling
import Testing

/// The paper's design at any size.
func paperDesign(
    strata: [Int] = Array(1...20), count: Int = 20_000, radius: Double = 5,
    values: SourceValues = .anchored(), overlap: OverlapPolicy? = nil, rows: Int = 512,
    columns: Int = 512, seed: UInt32 = 1
) throws -> Design {
    let physics = try Physics(lattice: try Lattice(rows: rows, columns: columns), overlap: overlap)
    return try Design(
        physics: physics, strata: strata, counts: strata.map { _ in count }, radius: radius,
        values: values, seed: seed)
}

/// Pearson's statistic of `counts` against equal chances, as standard deviations from its mean.
func uniformity(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    let statistic = counts.reduce(0) {
        $0 + (Double($1) - expected) * (Double($1) - expected) / expected
    }
    let freedom = Double(counts.count - 1)
    return (statistic - freedom) / (2 * freedom).squareRoot()
}

@Suite struct DrawTests {
    /// The designs of scripts/golden/draws.py, by name.
    static func golden(_ name: Substring) throws -> Design {
        switch name {
        case "paper": return try paperDesign(strata: Array(1...20), count: 10)
        case "released":
            return try Design(
                physics: try Physics(
                    lattice: try Lattice(rows: 512, columns: 512), sources: .emitting),
                strata: Array(1...20), counts: Array(repeating: 10, count: 20), values: .rescaled(),
                seed: .max)
        case "crowded":
            return try paperDesign(
                count: 10, radius: 4.5, values: .anchored(above: 0.25, upTo: 0.7), overlap: .forbid,
                rows: 96, columns: 64, seed: 20_260_701)
        default:
            return try Design(
                physics: try Physics(
                    lattice: try Lattice(rows: 33, columns: 40), diffusivity: 2.5, overlap: .last),
                strata: Array(1...20), counts: Array(repeating: 10, count: 20), radius: 7, seed: 77)
        }
    }

    /// What an independent program draws, with the ids that it computes.
    @Test func drawsEqualTheGoldenOnes() throws {
        let lines = goldenSamples.split(separator: "\n")
        #expect(lines.count > 30)
        for line in lines {
            let words = line.split(separator: " ")
            let design = try Self.golden(words[0])
            let sources = try words[4...].map { word -> Source in
                let numbers = try word.split(separator: ",").map { try #require(Double($0)) }
                return Source(
                    row: Int(numbers[0]), column: Int(numbers[1]), radius: numbers[2],
                    value: numbers[3])
            }
            let stratum = try #require(Int(words[1])) - 1
            let sample = try design.configuration(
                stratum: stratum, index: try #require(Int(words[2])))
            #expect(sample.sources == sources, "\(line)")
            #expect(sample.id.description == words[3], "\(line)")
        }
    }

    /// A sample depends on seed, number of sources and index alone: not on strata, counts or other
    /// draws.
    @Test func samplesDoNotDependOnTheRestOfTheDesign() throws {
        let small = try paperDesign(strata: [1, 7], count: 3)
        let large = try paperDesign(count: 500)
        for index in 0..<3 {
            #expect(
                try small.configuration(stratum: 0, index: index)
                    == large.configuration(stratum: 0, index: index))
            #expect(
                try small.configuration(stratum: 1, index: index)
                    == large.configuration(stratum: 6, index: index))
        }
        let other = try paperDesign(strata: [1, 7], count: 3, seed: 2)
        #expect(
            try small.configuration(stratum: 0, index: 0)
                != other.configuration(stratum: 0, index: 0))
        #expect(
            try small.configuration(stratum: 1, index: 0)
                != other.configuration(stratum: 1, index: 0))
        #expect(try small.configuration(at: 3) == small.configuration(stratum: 1, index: 1))
    }

    @Test func rowsColumnsAndValuesAreUniform() throws {
        let design = try paperDesign(strata: [1, 5, 20], count: 20_000, seed: 99)
        for stratum in design.strata.indices {
            var rows = [Int](repeating: 0, count: 502)
            var columns = rows
            var joint = [Int](repeating: 0, count: 64)
            var values = [Int](repeating: 0, count: 100)
            for index in 0..<8000 {
                for (place, source) in try design.configuration(stratum: stratum, index: index)
                    .sources.enumerated()
                {
                    rows[source.row - 5] += 1
                    columns[source.column - 5] += 1
                    joint[(source.row - 5) * 8 / 502 * 8 + (source.column - 5) * 8 / 502] += 1
                    if place == 0 {
                        #expect(source.value == 1)
                    } else {
                        values[Int((source.value * 100).rounded(.up)) - 1] += 1
                    }
                    #expect(Double(Float(source.value)) == source.value)
                }
            }
            #expect(abs(uniformity(rows)) < 4, "seed 99, stratum \(stratum)")
            #expect(abs(uniformity(columns)) < 4, "seed 99, stratum \(stratum)")
            #expect(abs(uniformity(joint)) < 4.5, "seed 99, stratum \(stratum)")
            if stratum > 0 { #expect(abs(uniformity(values)) < 4, "seed 99, stratum \(stratum)") }
        }
    }

    @Test func rescaledValuesAreThoseOfTheReleasedGenerator() throws {
        let design = try paperDesign(strata: [2, 8], count: 4000, values: .rescaled(), seed: 5)
        var largest = [Int](repeating: 0, count: 8)  // which source has value 1
        for index in 0..<4000 {
            let values = try design.configuration(stratum: 1, index: index).sources.map(\.value)
            #expect(values.max() == 1)
            #expect(
                values.allSatisfy { $0 >= 0.01 && $0 <= 1 && Double(Float($0)) == $0 },
                "seed 5, index \(index)")
            largest[values.firstIndex(of: 1) ?? 0] += 1
        }
        #expect(abs(uniformity(largest)) < 4, "seed 5")
    }

    @Test func valuesStayInTheirRange() throws {
        let top = UInt32.max
        for (rule, least, most) in [
            (.anchored(), 0x1p-24, 1), (.anchored(above: 0.25, upTo: 0.5), 0.25 + 0x1p-24, 0.5),
            (.rescaled(from: 0x1p-24, upTo: 1), 0x1p-24, 1), (.rescaled(from: 1, upTo: 1), 1, 1),
        ] as [(SourceValues, Double, Double)] {
            #expect(Double(rule.grid.lowerBound) / SourceValues.steps == least)
            #expect(Double(rule.grid.upperBound - 1) / SourceValues.steps == most)
            #expect(rule.step(0) == rule.grid.lowerBound)
            #expect(rule.step(top) == rule.grid.upperBound - 1)
        }
        // The smallest quotient that can occur, and the one nearest to 1.
        #expect(SourceValues.rescaled().values(ofSteps: [1, 1 << 24]) == [0x1p-24, 1])
        #expect(SourceValues.rescaled().values(ofSteps: [(1 << 24) - 1, 1 << 24])[0] < 1)
        #expect(SourceValues.anchored().values(ofSteps: [5, 1 << 23]) == [1, 0.5])
    }

    @Test func forbiddenOverlapNeverOccurs() throws {
        let design = try paperDesign(
            strata: [2, 20, 30], count: 60, radius: 4.5, overlap: .forbid, rows: 96, columns: 80,
            seed: 6)
        let free = try paperDesign(
            strata: [30], count: 60, radius: 4.5, rows: 96, columns: 80, seed: 6)
        var overlapping = 0
        for index in 0..<60 {
            for stratum in 0..<3 {
                let sample = try design.configuration(stratum: stratum, index: index)
                #expect(
                    !sample.overlaps && sample.sources.count == design.strata[stratum],
                    "seed 6, index \(index)")
            }
            overlapping += try free.configuration(stratum: 0, index: index).overlaps ? 1 : 0
        }
        #expect(overlapping == 60)  // the test can fail: free draws of this density always overlap
    }

    @Test func idsAreDistinct() throws {
        let design = try paperDesign(strata: [1, 2, 3], count: 20_000, seed: 3)
        var ids: Set<SampleID> = []
        for address in design.sequence.addresses(in: 0..<design.sampleCount) {
            ids.insert(try design.configuration(stratum: address.stratum, index: address.index).id)
        }
        #expect(ids.count == 60_000)
    }
}
