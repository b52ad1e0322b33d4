import Datasets
import Fields
import Foundation
import Learning
import Shards
import Testing

@Suite struct TableTests {
    private func scores(_ text: String, column: String = "mae") throws -> ScoreTable {
        try ScoreTable(Array(text.utf8), path: "t.csv", column: column)
    }

    private let first = "0000000000000001"
    private let second = "0000000000000002"

    @Test func scoresAreReadInAnyOrderOfColumns() throws {
        let table = try scores("mse,mae,id\n1,0.5,\(first)\n2,0.25,\(second)\n")
        #expect(table.ids == [try Samples.id(1), try Samples.id(2)])
        #expect(table.sorted.1 == [0.5, 0.25])
        let quoted = try scores("\"id\",\"mae\"\r\n\"\(second)\",1e-3\r\n")
        #expect(quoted.ids == [try Samples.id(2)] && quoted.sorted.1 == [0.001])
    }

    @Test(arguments: [
        "", "id,mae", "id,mse\n0000000000000001,1\n", "mae\n1\n",
        "id,mae\n0000000000000001,-1\n", "id,mae\n0000000000000001,nan\n",
        "id,mae\n0000000000000001,\n", "id,mae\n1,1\n", "id,mae\n0000000000000001,1",
        "id,mae\n0000000000000001,1\n0000000000000001,2\n", "id,mae\n0000000000000001\n",
        "id,mae,mae\n0000000000000001,1,2\n", "id,mae\n\"0000000000000001,1\n",
        "id,mae\r0000000000000001,1\r",
    ])
    func tablesThatAreNoneAreRefused(_ text: String) throws {
        let error = failure { _ = try scores(text) }
        #expect(error?.kind == .data && error?.message.contains("t.csv") == true)
    }

    @Test func aRegionWithoutSitesIsZero() throws {
        let table = try scores("id,mae,r4\n\(first),0.5,\n", column: "r4")
        #expect(table.sorted.1 == [0])
        #expect(failure { _ = try scores("id,r4\n\(first),\n", column: "r4") }?.kind == .data)
    }

    @Test func aRegionUnderTwoNamesIsRefused() throws {
        #expect(try scores("id,R2\n\(first),0.5\n", column: "r2").sorted.1 == [0.5])
        #expect(try scores("id,r2\n\(first),0.5\n", column: "R2").sorted.1 == [0.5])
        for column in ["r2", "R2"] {
            let error = failure {
                _ = try scores("id,r2,R2\n\(first),0.5,0.7\n", column: column)
            }
            #expect(error?.message.contains("'r2' and 'R2'") == true)
        }
    }

    /// A table beside a manifest of ours that lists it must be that one; other tables, and other
    /// programs' manifests, are their own business.
    @Test func aTableIsWhatItsManifestLists() throws {
        let scratch = try Scratch()
        let text = "id,mae\n\(first),0.5\n"
        let path = try scratch.file("e/errors.csv", text)
        var manifest = try Samples.evaluate(hasLabels: true)
        manifest.files[0] = Manifest.File(
            path: "errors.csv", bytes: text.utf8.count, sha256: Digest(of: Array(text.utf8)),
            samples: 3)
        #expect(try ScoreTable(path: path, column: "mae").sorted.1 == [0.5])
        try manifest.manifest.write(path: "\(scratch.path)/e/manifest.json")
        #expect(try ScoreTable(path: path, column: "mae").sorted.1 == [0.5])
        try scratch.file("e/errors.csv", "id,mae\n\(first),0.6\n")
        let error = failure { _ = try ScoreTable(path: path, column: "mae") }
        #expect(error?.kind == .data && error?.message.contains("is not what") == true)
        // One that is not listed, and a manifest of another program.
        let own = try scratch.file("e/own.csv", "id,mae\n\(first),0.6\n")
        #expect(try ScoreTable(path: own, column: "mae").sorted.1 == [0.6])
        try scratch.file("e/manifest.json", "{\"files\": []}")
        #expect(try ScoreTable(path: path, column: "mae").sorted.1 == [0.6])
        // A damaged one of ours says nothing any more.
        try scratch.file("e/manifest.json", "{\"format\": \"steadyset-manifest\", ")
        #expect(throws: (any Error).self) { try ScoreTable(path: path, column: "mae") }
    }

    private func choice(_ number: Int, score: Double?) throws -> ChosenSample {
        ChosenSample(
            id: try Samples.id(number), sources: 3, action: .added, round: 2, origin: .neighbour,
            parent: try Samples.id(9), acquisition: "k-centre", score: score, probability: 0.5)
    }

    @Test func choicesAreReadAsTheyWereWritten() throws {
        let table = ChoiceTable([(try choice(1, score: 0.1), 7), (try choice(2, score: nil), 8)])
        let read = try ChoiceTable(table.bytes, path: "c.csv")
        #expect(read == table && read.rows.map(\.rank) == [7, 8])
        #expect(read.rows.map(\.choice) == table.rows.map(\.choice))
    }

    @Test func aDamagedChoiceIsRefusedByItsLine() throws {
        let table = ChoiceTable([(try choice(1, score: 0.1), 7), (try choice(2, score: 2), 8)])
        let text = String(decoding: table.bytes, as: UTF8.self)
        for (old, new) in [
            (",added,", ",eaten,"), ("k-centre", "k centre"), (",0.1,", ",0.10,"), (",7,", ",-7,"),
            (",0.5", ",1.5"), (",3,", ",0,"), ("neighbour", "stranger"),
        ] {
            let damaged = text.replacing(old, with: new, maxReplacements: 1)
            #expect(damaged != text)
            let error = failure { _ = try ChoiceTable(Array(damaged.utf8), path: "c.csv") }
            #expect(error?.message.contains("c.csv:2") == true, "\(old) \(error?.message ?? "")")
        }
        #expect(failure { _ = try ChoiceTable(table.bytes.dropLast(), path: "c.csv") } != nil)
        #expect(failure { _ = try ChoiceTable([], path: "c.csv") } != nil)
        #expect(failure { _ = try ChoiceTable([10, 10, 10, 10], path: "c.csv") } != nil)
    }

    @Test func summariesCountByNumberOfSources() throws {
        var dropped = try choice(3, score: 8)
        dropped.action = .dropped
        dropped.sources = 1
        let rows = ChosenSample.summary(
            of: [try choice(1, score: 1), try choice(2, score: 2), dropped])
        #expect(rows.map(\.sources) == [1, 3] && rows.map(\.added) == [0, 2])
        #expect(rows.map(\.dropped) == [1, 0] && rows[0].meanScore == nil)
        #expect(rows[1].meanScore == 1.5)
    }

    @Test func aTableOfErrorsIsReadBack() throws {
        let scratch = try Scratch()
        let path = "\(scratch.path)/errors.csv"
        var table = try ErrorTable(path, hasLabels: true, spread: nil)
        #expect(ErrorTable.isMeasure("mae") && ErrorTable.isMeasure("R4"))
        #expect(!ErrorTable.isMeasure("mean"))
        let (x, y, prediction): ([Float], [Float], [Float]) = ([0, 1], [0.5, 1], [0.25, 1])
        let errors = FieldErrors(x: x[...], y: y[...], prediction: prediction[...])
        try table.add(
            EvaluatedSample(id: try Samples.id(4), sources: 1, place: nil), .errors(errors),
            spread: nil)
        #expect(!scratch.has("errors.csv"))
        _ = try table.commit()
        let scores = try ScoreTable(path: path, column: "mae")
        #expect(scores.ids == [try Samples.id(4)] && scores.sorted.1 == [table.mae])
        #expect(table.summaryText.hasPrefix("n_sources,measure,samples,"))
    }
}
