import Documents
import Fields
import Foundation
import Shards
import Testing

struct ManifestTests {
    static let manifest = Manifest(
        stage: "inspect", parameters: .object(["tolerance": .number(1e-6)]),
        inputs: [.init(stage: "sample", path: "../samples", id: Digest(of: [1]))],
        content: .object(["samples": .integer(3)]), layout: .object(["zstd": .string("1.5.4")]),
        files: [
            .init(
                path: "part-a.h5", bytes: 10, sha256: Digest(of: [2]), samples: 3,
                extra: ["stratum": .integer(4)])
        ])

    @Test func roundTrip() throws {
        let folder = try TemporaryFolder()
        try Self.manifest.write(to: folder.path)
        #expect(folder.names == ["manifest.json"])
        #expect(try Manifest.read(folder: folder.path) == Self.manifest)
        let first = try contents(folder("manifest.json"))
        try Self.manifest.write(to: folder.path)
        #expect(try contents(folder("manifest.json")) == first)
    }

    @Test func idLeavesOutWhatDependsOnStorage() {
        var other = Self.manifest
        other.layout = .object([:])
        other.files = []
        #expect(other.id == Self.manifest.id)
        other.content = .object([:])
        #expect(other.id != Self.manifest.id)
        other = Self.manifest
        other.inputs[0].id = Digest(of: [9])
        #expect(other.id != Self.manifest.id)
    }

    /// Each edit of the text, and what reading it must report.
    @Test(arguments: [
        (
            "\"tolerance\": 0.000001", "\"tolerance\": 0.00001", ShardsError.Code.digestMismatch,
            "was altered"
        ), ("\"stage\": \"inspect\"", "\"stage\": \"reshuffle\"", .digestMismatch, "was altered"),
        ("part-a.h5", "../a.h5", .unsafePath, "only name files inside"),
        ("part-a.h5", "parts/a.h5", .unsafePath, "plain file name"),
        ("part-a.h5", "tags.json", .unsafePath, "can be called"),
        ("part-a.h5", "a\\nb", .unsafePath, "control character"),
        ("part-a.h5", "/etc/a", .unsafePath, "absolute"),
        ("\"layout\"", "\"layuot\"", .schema, "did you mean 'layout'"),
        ("\"version\": 3", "\"version\": 2", .format, "version"),
        ("steadyset-manifest", "other", .format, "not a manifest"),
        ("\"bytes\": 10", "\"bytes\": -1", .schema, "at least 0"),
        ("\"bytes\": 10", "\"bytes\": 1e300", .schema, "at most"), ("{", "[", .syntax, "line 2"),
        ("\"samples\": 3", "\"samples\": 0.5", .schema, "must be an integer"),
    ]) func alterations(_ old: String, _ new: String, _ expected: ShardsError.Code, _ part: String)
        throws
    {
        let folder = try TemporaryFolder()
        try Self.manifest.write(to: folder.path)
        var text = String(decoding: try contents(folder("manifest.json")), as: UTF8.self)
        // The last occurrence: "samples" is first in content.
        let range = try #require(old == "{" ? text.firstRange(of: old) : text.ranges(of: old).last)
        text.replaceSubrange(range, with: new)
        try put(text.utf8, folder("manifest.json"))
        let error = #expect(throws: ShardsError.self) { try Manifest.read(folder: folder.path) }
        #expect(error?.code == expected)
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        #expect(error?.description.contains("manifest.json") == true)
    }

    @Test func placesThatAreRefused() throws {
        let folder = try TemporaryFolder()
        #expect(try code { _ = try Manifest.read(folder: folder.path) } == .notFound)
        try put(Self.manifest.json.prettyBytes, folder("real.json"))
        try FileManager.default.createSymbolicLink(
            atPath: folder("manifest.json"), withDestinationPath: "real.json")
        #expect(try Manifest.read(folder: folder.path) == Self.manifest)
        try FileManager.default.removeItem(atPath: folder("real.json"))
        #expect(try code { _ = try Manifest.read(folder: folder.path) } == .notFound)
    }

    @Test func aManifestOfTheWrongFormIsNotWritten() throws {
        let folder = try TemporaryFolder()
        var wrong = Self.manifest
        wrong.parameters = .null
        #expect(try code { try wrong.write(to: folder.path) } == .schema)
        #expect(folder.names.isEmpty)
    }
}
