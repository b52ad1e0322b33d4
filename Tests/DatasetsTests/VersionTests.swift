import Datasets
import Documents
import Fields
import Foundation
import Sampling
import Shards
import Testing

/// Versions that choose among samples that are there, so that nothing has to be solved.
@Suite struct VersionTests {
    private let scratch: Scratch
    private let dataset: Dataset
    private var versions: Versions { Versions(of: dataset) }

    init() throws {
        scratch = try Scratch()
        dataset = try scratch.makeDataset()
    }

    /// Writes a version that drops the training sample `number` of its parent's first half.
    private func drop(_ number: Int, as name: String, of parent: Dataset? = nil, round: Int = 1)
        throws -> PackManifest
    {
        let parent = parent ?? dataset
        let store = try PackedSamples(
            try parent.manifest(PackManifest.self), in: dataset.folder(.pack))
        let sample = try store.select("train/S50%")[number]
        let writer = VersionWriter(
            parent: parent, solved: nil, threads: 1, reporter: Silence())
        return try writer.write(
            VersionWriter.Round(
                name: name, from: "S50%",
                choices: [
                    ChosenSample(
                        id: sample.id, sources: Int(sample.sources), action: .dropped,
                        round: round, origin: .pool, acquisition: "top")
                ], number: round, acquisition: "top", facts: ["note": .string("a test")]))
    }

    @Test func aVersionContinuesItsParent() throws {
        let base = try versions.baseManifest()
        let version = try drop(0, as: "one")
        #expect(version.parent == base.id && version.samples == base.samples)
        #expect(version.selections.dropLast() == base.selections[...])
        #expect(version.selections.last?.name == "train/one")
        #expect(version.descent?.round.dropped.samples == 1)
        #expect(try versions.lineage(of: version.id) == [base, version])
        #expect(try versions.manifest(short: version.id.short) == version)
        #expect(try dataset.at(version: "one").manifest(PackManifest.self) == version)
        #expect(try versions.shortIDs() == [version.id.short])
        // The same again changes nothing.
        #expect(try drop(0, as: "one") == version)
    }

    @Test func namesAndDigitsOfIdsLeadToVersions() throws {
        let version = try drop(0, as: "one")
        #expect(try versions.resolve("one") == version.id)
        #expect(try versions.resolve(String(version.id.description.prefix(6))) == version.id)
        #expect(try versions.resolve("base") == nil)
        #expect(failure { _ = try versions.resolve("") }?.kind == .usage)
        let error = failure { _ = try versions.resolve("two") }
        #expect(error?.kind == .noInput && error?.message.contains("one (") == true)
        try versions.tag(version.id, as: "best")
        #expect(try versions.tags() == ["one": version.id, "best": version.id])
        #expect(try versions.holder(of: "best") == version.id)
        #expect(try versions.holder(of: "best", otherThan: version.id) == nil)
        try versions.deleteTags(["one"])
        #expect(try versions.tags() == ["best": version.id])
        try VersionTagging.delete("best", of: dataset.root)
        #expect(try versions.tags() == [:])
        #expect(failure { try VersionTagging.delete("best", of: dataset.root) }?.kind == .noInput)
    }

    @Test(arguments: ["", "1a", "a b", "base", "abcd", "é", String(repeating: "a", count: 65)])
    func wordsThatAreNoTags(_ name: String) {
        #expect(failure { try Versions.check(tag: name) }?.kind == .usage)
    }

    @Test func aNameOfAnotherVersionIsNotTaken() throws {
        let version = try drop(0, as: "one")
        let error = failure { _ = try drop(1, as: "one") }
        #expect(error?.kind == .cannotCreate && error?.message.contains(version.id.short) == true)
        #expect(try versions.shortIDs() == [version.id.short])
    }

    @Test func damagedTagsAreNotNone() throws {
        _ = try drop(0, as: "one")
        try scratch.file("data/pack/tags.json", "{")
        #expect(failure { _ = try versions.tags() }?.kind == .data)
        #expect(failure { _ = try versions.resolve("two") }?.kind == .data)
    }

    @Test func aVersionWithoutItsParentIsRefused() throws {
        let one = try drop(0, as: "one")
        let two = try drop(1, as: "two", of: dataset.at(one.id), round: 2)
        #expect(try versions.lineage(of: two.id).map(\.id).last == two.id)
        try scratch.remove("data/pack/version-\(one.id.short).json")
        let error = failure { _ = try versions.lineage(of: two.id) }
        #expect(error?.kind == .data && error?.message.contains("is missing") == true)
        // What it was made from is not known to the log either.
        #expect(try VersionLog(path: dataset.root).json["broken"]?.array?.count == 1)
    }

    @Test func anAlteredBaseHasNoVersions() throws {
        let version = try drop(0, as: "one")
        let path = "data/pack/manifest.json"
        let text = try scratch.text(path)
        try scratch.file(
            path, text.replacing("\"tolerance\": 0.000001", with: "\"tolerance\": 0.1"))
        let isAltered = try scratch.text(path) != text
        try scratch.file(path, isAltered ? try scratch.text(path) : String(text.dropLast(5)))
        let error = failure { _ = try versions.lineage(of: version.id) }
        #expect(error?.kind == .data && error?.cause != nil)
    }

    @Test func whatAVersionNeedsIsKept() throws {
        let one = try drop(0, as: "one")
        _ = try drop(1, as: "two")
        try scratch.file("data/pack/choices-0123456789abcdef.csv", "stray")
        try scratch.file("data/pack/mine.txt", "mine")
        let cleaning = try VersionCleaning(path: dataset.root, drop: [])
        #expect(cleaning.items.map(\.path) == ["pack/choices-0123456789abcdef.csv"])
        #expect(cleaning.bytes == 5 && cleaning.dropped.isEmpty)
        try cleaning.apply()
        #expect(!scratch.has("data/pack/choices-0123456789abcdef.csv"))
        #expect(scratch.has("data/pack/mine.txt"))
        #expect(try versions.lineage(of: one.id).count == 2)
    }

    @Test func aVersionIsForgottenWithItsName() throws {
        let one = try drop(0, as: "one")
        let two = try drop(1, as: "two", of: dataset.at(one.id), round: 2)
        let needed = failure { _ = try VersionCleaning(path: dataset.root, drop: ["one"]) }
        #expect(needed?.kind == .usage && needed?.message.contains(two.id.short) == true)
        #expect(
            failure { _ = try VersionCleaning(path: dataset.root, drop: ["base"]) }?.kind == .usage)
        #expect(
            failure { _ = try VersionCleaning(path: dataset.root, drop: ["none"]) }?.kind
                == .noInput)
        try VersionCleaning(path: dataset.root, drop: ["two"]).apply()
        #expect(try versions.shortIDs() == [one.id.short])
        #expect(try versions.tags() == ["one": one.id])
        #expect(!scratch.has("data/.steadyset/forgetting.json"))
    }

    @Test func whatIsNoForgettingIsNotOverlooked() throws {
        _ = try drop(0, as: "one")
        try scratch.file("data/.steadyset/forgetting.json", "{\"format\": \"other\"}")
        let error = failure { _ = try VersionCleaning(path: dataset.root, drop: []) }
        #expect(error?.kind == .data && error?.message.contains("forgetting.json") == true)
    }

    @Test func theLogAndTheDifferenceTellOfRounds() throws {
        let one = try drop(0, as: "one")
        let log = try VersionLog(path: dataset.root)
        #expect(log.json["versions"]?.array?.count == 2)
        #expect(log.json["versions"]?.array?.last?["id"]?.string == one.id.description)
        #expect(log.text.contains("round 1 after 'S50%': 0 added, 0 taken, 1 dropped"))
        #expect(log.text.contains("by top"))
        let diff = try VersionDiff("\(dataset.root)@one", nil)
        #expect(diff.json(ids: true)["left"] == .integer(1))
        #expect(diff.json(ids: true)["joined"] == .integer(0))
        #expect(failure { _ = try VersionDiff(dataset.root, nil) }?.kind == .usage)
    }
}
