import Datasets
import Documents
import Fields
import Foundation
import Pipeline
import Testing
import Verification

/// No problem stands on two sides of a dataset, whatever its samples are called: what is planted is
/// found, and what is made has none.
@Suite struct LeakTests {
    /// A source as a line of JSON has it.
    struct Disk {
        var row: Int
        var column: Int
        var radius = 2.0
        var value = 1.0
    }

    /// Ten samples of two sources, index 4 and 9 of them test; the last one of validation where
    /// there is that part.
    static let base: [[Disk]] = (0..<10).map { number in
        [
            Disk(row: 6 + number, column: 9 + 2 * number),
            Disk(row: 30 - number, column: 20 - number, value: 0.5 + Double(number) / 64),
        ]
    }

    static func lines(_ samples: [[Disk]]) -> String {
        samples.map { sources in
            let listed = sources.map {
                "{\"row\":\($0.row),\"column\":\($0.column),\"radius\":\($0.radius),\"value\":\($0.value)}"
            }
            return "{\"sources\":[\(listed.joined(separator: ","))]}\n"
        }.joined()
    }

    static func pipeline(
        _ boundary: String = "absorbing", overlap: String = "max", split: String = ""
    ) -> String {
        """
        format: 1
        name: leaks
        physics: { lattice: [40, 40], decay_rate: 0.02, boundary: \(boundary), overlap: \(overlap) }
        solver: { samples_per_part: 7 }
        split: { test_every: 5\(split), subsets: [100] }
        pack: { samples_per_shard: 6 }
        """
    }

    static func findings(_ path: String) throws -> [String] {
        try Verifier(path: path).verify(resolve: 0, seed: 0).findings
    }

    /// One sample of `base` again under another id, at an index of training: what of it is changed.
    static let plants: [(name: String, boundary: String, change: @Sendable (Disk) -> [Disk])] = [
        (
            "another radius", "absorbing",
            { [Disk(row: $0.row, column: $0.column, radius: 2.1, value: $0.value)] }
        ),
        ("mirrored", "absorbing", { [Disk(row: 39 - $0.row, column: $0.column, value: $0.value)] }),
        (
            "turned by 180°", "absorbing",
            { [Disk(row: 39 - $0.row, column: 39 - $0.column, value: $0.value)] }
        ),
        (
            "turned by 90°", "absorbing",
            { [Disk(row: $0.column, column: 39 - $0.row, value: $0.value)] }
        ), ("transposed", "absorbing", { [Disk(row: $0.column, column: $0.row, value: $0.value)] }),
        (
            "shifted on a torus", "periodic",
            { [Disk(row: $0.row + 2, column: $0.column + 5, value: $0.value)] }
        ),
        (
            "shifted and mirrored on a torus", "periodic",
            { [Disk(row: 37 - $0.row, column: $0.column + 3, radius: 2.2, value: $0.value)] }
        ),
    ]

    /// Data as an earlier build made it, with a test sample in training: one finding, which names
    /// both.
    @Test(arguments: plants.indices) func aPlantedCopyIsFound(_ number: Int) throws {
        let plant = Self.plants[number]
        let scratch = try Scratch()
        let copy = Self.base[4].flatMap(plant.change)
        let text = Self.pipeline(plant.boundary)
        let file = try scratch.file("given.jsonl", Self.lines(Self.base + [copy]))
        try run(text, in: scratch, from: file, findsCopies: false)
        let findings = try Self.findings("\(scratch.path)/data/pack")
        #expect(findings.count == 1, "\(plant.name): \(findings)")
        #expect(
            findings.first?.contains("is a symmetric copy of") == true,
            "\(plant.name): \(findings)")
        // The whole dataset lacks the list of the copy, too.
        let all = try Self.findings("\(scratch.path)/data")
        #expect(
            all.count == 2 && all.contains { $0.contains("0 samples that are the same problem") },
            "\(all)")
        // As it is made, the copy is listed, not solved, and nothing is found.
        let events = try run(text, in: scratch, output: "sound", from: file)
        #expect(
            events.warnings.count {
                $0.hasPrefix("1 of 11 samples are left out (1 of 2 sources)")
            } == 1)
        #expect(events.samples[.pack] == 10)
        #expect(try Self.findings("\(scratch.path)/sound") == [])
    }

    /// Copies under another number of sources, under overlap in another order, and within one part.
    @Test(arguments: ["doubled", "hidden", "order", "validation", "same part", "by itself"])
    func otherCopiesAreFound(_ kind: String) throws {
        let scratch = try Scratch()
        var samples = Self.base
        var text = Self.pipeline()
        var words = "is a symmetric copy of"
        let test = Self.base[4]
        switch kind {
        case "doubled": samples.append(test + [test[1]])
        case "hidden":
            samples.append(
                test + [Disk(row: test[0].row, column: test[0].column, radius: 1, value: 0.25)])
        case "order":
            text = Self.pipeline(overlap: "sum")
            samples[4] = [
                Disk(row: 20, column: 20), Disk(row: 21, column: 22, radius: 3, value: 0.5),
            ]
            samples.append([
                Disk(row: 21, column: 22, radius: 3.1, value: 0.5),
                Disk(row: 20, column: 20, radius: 2.1),
            ])
        case "validation":
            // Of what is not test every fourth is validation: index 3 is.
            text = Self.pipeline(split: ", validation_every: 4")
            samples.append(
                Self.base[3].map { Disk(row: $0.row, column: 39 - $0.column, value: $0.value) })
        case "same part":
            samples.append(
                Self.base[2].map { Disk(row: $0.row, column: 39 - $0.column, value: $0.value) })
            words = "of the same part, as it is or seen from another side"
        default:
            samples[9] = Self.base[4].map {
                Disk(row: $0.row, column: 39 - $0.column, value: $0.value)
            }
            words = "of the same part, as it is or seen from another side"
        }
        let file = try scratch.file("given.jsonl", Self.lines(samples))
        try run(text, in: scratch, from: file, findsCopies: false)
        let findings = try Self.findings("\(scratch.path)/data/pack")
        #expect(findings.count == 1 && findings[0].contains(words), "\(kind): \(findings)")
        try run(text, in: scratch, output: "sound", from: file)
        #expect(try Self.findings("\(scratch.path)/sound") == [])
    }

    /// A version's new samples: a copy of test, of training, and of one another are refused;
    /// written all the same they are found.
    @Test(arguments: ["test", "train", "one another"]) func copiesInAVersion(_ kind: String) throws
    {
        let scratch = try Scratch()
        try run(
            Self.pipeline(), in: scratch,
            from: try scratch.file("given.jsonl", Self.lines(Self.base)))
        func turned(_ sample: [Disk]) -> [Disk] {
            sample.map { Disk(row: $0.column, column: 39 - $0.row, radius: 2.2, value: $0.value) }
        }
        let fresh = [Disk(row: 9, column: 8), Disk(row: 33, column: 11, value: 0.125)]
        let added =
            switch kind {
            case "test": [fresh, turned(Self.base[9])]
            case "train": [fresh, turned(Self.base[6])]
            default: [fresh, turned(fresh)]
            }
        try run(
            Self.pipeline(), in: scratch, output: "new",
            from: try scratch.file("new.jsonl", Self.lines(added)), findsCopies: false,
            until: .solve)
        let lines = try String(
            decoding: scratch.bytes("new/sample/configurations-00000.jsonl"), as: UTF8.self)
        let choices = try lines.split(separator: "\n").map { line in
            let start = try #require(line.range(of: "\"id\":\""))
            return ChosenSample(
                id: try #require(SampleID(line[start.upperBound...].prefix(16))), sources: 2,
                action: .added, round: 1, origin: .given, acquisition: "top", score: 1)
        }
        #expect(choices.count == 2)
        func write(refusing: Bool) throws {
            let writer = VersionWriter(
                parent: try Dataset(reference: "\(scratch.path)/data"),
                solved: Dataset(root: "\(scratch.path)/new"), threads: 2, reporter: Events(),
                refusesCopies: refusing)
            try writer.write(
                VersionWriter.Round(
                    name: "round-1", from: "S100%", choices: choices, number: 1, acquisition: "top")
            )
        }
        let error = failure { try write(refusing: true) }
        #expect(
            error?.kind == .data && error?.message.contains("\(choices[1].id)") == true,
            "\(error?.message ?? "")")
        try write(refusing: false)
        for reference in ["data", "data@round-1"] {
            let findings = try Self.findings("\(scratch.path)/\(reference)")
            #expect(
                findings.count == 1 && findings[0].contains("\(choices[1].id)"),
                "\(kind): \(findings)")
        }
    }

    /// A design on a small lattice repeats images; what is left has none twice, and growing it
    /// changes nothing of it.
    @Test func aDesignThatRepeatsItself() throws {
        let scratch = try Scratch()
        func text(_ count: Int) -> String {
            pipelineText(lattice: "[32, 32]", samples: "\(count)").replacing(
                "radius: 2", with: "radius: {from: 2, to: 2.2}")
        }
        let first = try run(text(60), in: scratch)
        #expect(first.warnings.contains { $0.contains("of 120 samples are left out") })
        let few = try #require(first.samples[.pack])
        #expect(few < 120 && few > 60)
        #expect(try Self.findings("\(scratch.path)/data") == [])
        let part = try scratch.bytes("data/solve/part-00000.h5")
        let grown = try run(text(80), in: scratch)
        #expect(try scratch.bytes("data/solve/part-00000.h5") == part)
        let fresh = try run(text(80), in: scratch, output: "fresh")
        #expect(grown.ids == fresh.ids)
        #expect(try Self.findings("\(scratch.path)/data") == [])
        #expect(try run(text(80), in: scratch).began == [])
    }
}
