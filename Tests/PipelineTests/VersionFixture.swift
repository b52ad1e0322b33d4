import Datasets
import Documents
import Fields
import Foundation
import Pipeline
import Testing

/// A small dataset in `data` of a scratch folder, with solved samples for rounds.
struct VersionFixture {
    let scratch: Scratch
    var path: String { "\(scratch.path)/data" }

    /// Makes a base of 2 · `samples` samples, and as `rounds/1` twice 6 others.
    init(samples: Int = 20, codec: String = "standard") throws {
        scratch = try Scratch()
        try run(
            pipelineText(samples: "\(samples)").replacing(
                "pack:\n", with: "pack:\n  codec: \(codec)\n"), in: scratch)
        try solve(1, seed: 77)
    }

    /// Solves new samples for a round.
    func solve(_ round: Int, seed: Int) throws {
        try run(
            pipelineText(samples: "6", seed: seed), in: scratch, output: "data/rounds/\(round)",
            until: .solve)
    }

    /// The lines of a sample stage.
    func lines(_ folder: String = "data") throws -> [JSON] {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: "\(scratch.path)/\(folder)/sample"
        ).sorted()
        return try names.filter { $0.hasSuffix(".jsonl") }.flatMap { name in
            try String(decoding: scratch.bytes("\(folder)/sample/\(name)"), as: UTF8.self).split(
                separator: "\n"
            ).map { line in
                JSON.object(
                    try #require(
                        JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    ).compactMapValues {
                        ($0 as? String).map(JSON.string) ?? ($0 as? Int).map(JSON.integer)
                            ?? ($0 as? [Any]).map { .integer($0.count) }
                    })
            }
        }
    }

    /// Choices of all samples of a round with this action.
    func choices(
        _ round: Int = 1, _ action: ChosenSample.Action = .added,
        of folder: String = "data/rounds/1", count: Int
    ) throws -> [ChosenSample] {
        try lines(folder).prefix(count).enumerated().map { number, line in
            ChosenSample(
                id: try #require(line["id"]?.string.flatMap { SampleID($0) }),
                sources: line["sources"]?.int ?? 0, action: action, round: round, origin: .pool,
                acquisition: "power", score: action == .added ? 0.25 + Double(number) : nil,
                probability: action == .added ? 0.5 : nil)
        }
    }

    /// The training samples of the base in rank order, as choices.
    func training(_ action: ChosenSample.Action) throws -> [ChosenSample] {
        // Every fifth index is a test sample; ranks take the strata in turn.
        try lines().filter { ($0["index"]?.int ?? 0) % 5 != 4 }.sorted {
            ($0["index"]?.int ?? 0, $0["sources"]?.int ?? 0) < (
                $1["index"]?.int ?? 0, $1["sources"]?.int ?? 0
            )
        }.map { line in
            ChosenSample(
                id: try #require(line["id"]?.string.flatMap { SampleID($0) }),
                sources: line["sources"]?.int ?? 0, action: action, round: 1, origin: .pool,
                acquisition: "top")
        }
    }

    /// Writes a version.
    @discardableResult func write(
        _ choices: [ChosenSample], name: String = "round-1", from: String = "S50%",
        parent: String = "data", solved: String? = "data/rounds/1", threads: Int = 2
    ) throws -> Events {
        let events = Events()
        let writer = VersionWriter(
            parent: try Dataset(reference: "\(scratch.path)/\(parent)"),
            solved: solved.map { Dataset(root: "\(scratch.path)/\($0)") }, threads: threads,
            reporter: events)
        try writer.write(
            VersionWriter.Round(
                name: name, from: from, choices: choices, number: 1, acquisition: "power",
                facts: ["seed": .integer(5)]))
        return events
    }

    /// Names and bytes of everything in the pack stage but the provenance, which has times.
    func packed(_ folder: String = "data") throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: "\(scratch.path)/\(folder)/pack")
        return try Dictionary(
            uniqueKeysWithValues: names.filter { $0 != "provenance.json" }.map {
                ($0, try scratch.bytes("\(folder)/pack/\($0)"))
            })
    }
}
