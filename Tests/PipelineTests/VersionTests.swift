import Datasets
import Documents
import Fields
import Foundation
import Pipeline
import Shards
import Testing
import Verification

@Suite struct VersionTests {
    @Test(arguments: ["standard", "compact", "archive", "recipe"]) func aVersionAddsDropsAndTakes(
        codec: String
    ) throws {
        let fixture = try VersionFixture(codec: codec)
        let before = try fixture.packed()
        let training = try fixture.training(.dropped)
        // S50% is the first half of the 16 training positions of each stratum.
        let taken = training[20]
        var choices = try fixture.choices(count: 8) + [training[3]]
        choices.append(
            ChosenSample(
                id: taken.id, sources: taken.sources, action: .taken, round: 1, origin: .pool,
                acquisition: "top", score: 9))
        try fixture.write(choices)
        let after = try fixture.packed()
        // Nothing that was there changes; 8 samples in shards of 6 make two.
        for (name, bytes) in before { #expect(after[name] == bytes, "\(name)") }
        let new = after.keys.filter { before[$0] == nil }.sorted()
        let kinds: [String] = new.map { name in String(name.prefix { $0 != "-" && $0 != "." }) }
        #expect(kinds == ["added", "added", "choices", "locations", "tags", "version"])

        let overview = try Overview(path: "\(fixture.path)@round-1")
        let content = try #require(overview.json["stages"]?.array?.last?["content"])
        #expect(content["samples"] == .integer(48))
        let selection = try #require(content["selections"]?.array?.last)
        // 16 ranks without the fourth, rank 20, and the new ranks 32 to 39.
        #expect(
            selection.canonicalText
                == #"{"name":"train/round-1","part":"train","ranges":[[0,3],[4,16],[20,21],[32,40]],"samples":24}"#
        )
        let mean: Double = (2.0 + 28.0 + 9.0) / 9.0
        #expect(content["round"]?["mean_score"] == JSON.number(mean))
        #expect(content["round"]?["dropped"]?.array?.count == 1)
        // The base stays what a plain name means.
        let base = try Overview(path: fixture.path)
        #expect(base.json["stages"]?.array?.last?["content"]?["samples"] == .integer(40))
    }

    @Test func theSameInputGivesTheSameBytes() throws {
        let (one, other) = (try VersionFixture(), try VersionFixture())
        let choices = try one.choices(count: 9)
        let first = try one.write(choices, threads: 1)
        let second = try other.write(choices, threads: 3)
        #expect(first.ids == second.ids)
        #expect(try one.packed() == other.packed())
        // A finished version is left as it is.
        let again = try one.write(choices)
        #expect(again.skipped[.pack] == true && again.began.isEmpty)
        #expect(try one.packed() == other.packed())
        // Killed before the manifest, and before the tag: the same comes of it.
        let names = try one.packed().keys
        for removed in [
            ["version-"], ["tags"], ["version-", "tags", "locations-"], ["version-", "added-"],
        ] {
            for name in names where removed.contains(where: name.hasPrefix) {
                try FileManager.default.removeItem(atPath: "\(one.path)/pack/\(name)")
            }
            try one.write(choices)
            #expect(try one.packed() == other.packed(), "\(removed)")
        }
    }

    @Test func versionsOfVersionsShareShards() throws {
        let fixture = try VersionFixture()
        try fixture.write(try fixture.choices(count: 4))
        let first = try fixture.packed()
        try fixture.solve(2, seed: 78)
        try fixture.write(
            try fixture.choices(2, of: "data/rounds/2", count: 5), name: "round-2", from: "round-1",
            parent: "data@round-1", solved: "data/rounds/2")
        let second = try fixture.packed()
        for (name, bytes) in first where name != "tags.json" {
            #expect(second[name] == bytes, "\(name)")
        }
        let content = try Overview(path: "\(fixture.path)@round-2").json["stages"]?.array?.last?[
            "content"]
        #expect(content?["samples"] == .integer(49))
        #expect(content?["selections"]?.array?.last?["ranges"]?.canonicalText == "[[0,16],[32,41]]")
        // Without new samples, the parent's shards are all.
        try fixture.write(
            Array(try fixture.training(.dropped)[..<2]), name: "smaller", from: "round-2",
            parent: "data@round-2", solved: nil)
        #expect(
            Set(try fixture.packed().keys.filter { $0.hasSuffix(".h5") })
                == Set(second.keys.filter { $0.hasSuffix(".h5") }))
    }

    @Test func referencesAreResolved() throws {
        let fixture = try VersionFixture()
        try fixture.write(try fixture.choices(count: 4))
        let name = try #require(try fixture.packed().keys.first { $0.hasPrefix("version-") })
        let short = String(name.dropFirst(8).prefix(16))
        let tagged = try Dataset(reference: "\(fixture.path)@round-1")
        #expect(tagged.version?.description.hasPrefix(short) == true)
        for digits in [4, 10, 16] {
            #expect(try Dataset(reference: "\(fixture.path)@\(short.prefix(digits))") == tagged)
        }
        #expect(
            try Dataset(reference: "\(fixture.path)@\(tagged.version?.description ?? "")") == tagged
        )
        #expect(try Dataset(reference: "\(fixture.path)@base").version == nil)
        #expect(try Dataset(reference: "\(fixture.path)/pack@round-1").version == tagged.version)
        let base = try #require(
            try Overview(path: fixture.path).json["stages"]?.array?.last?["id"]?.string)
        #expect(try Dataset(reference: "\(fixture.path)@\(base.prefix(8))").version == nil)
        for wrong in ["round-2", "abc", "0000", "\(short)ffff", ""] {
            let error = failure { _ = try Dataset(reference: "\(fixture.path)@\(wrong)") }
            #expect(
                error?.message.contains("round-1 (\(short))") == true,
                "\(wrong): \(error?.message ?? "no error")")
        }
        // A folder with such a name is meant as it is.
        let odd = "\(fixture.scratch.path)/data@round-1"
        try FileManager.default.copyItem(atPath: fixture.path, toPath: odd)
        #expect(try Dataset(reference: odd).version == nil)
        #expect(try Dataset(reference: "\(odd)@round-1").version == tagged.version)
    }

    @Test func choicesThatMakeNoSenseAreRefused() throws {
        let fixture = try VersionFixture()
        let new = try fixture.choices(count: 3)
        let training = try fixture.training(.dropped)
        func message(
            _ choices: [ChosenSample], from: String = "S50%", solved: String? = "data/rounds/1"
        ) -> String {
            failure { try fixture.write(choices, from: from, solved: solved) }?.message
                ?? "no error"
        }
        func changed(_ choice: ChosenSample, _ change: (inout ChosenSample) -> Void) -> ChosenSample
        {
            var choice = choice
            change(&choice)
            return choice
        }
        #expect(message(new + [new[0]]).contains("twice"))
        #expect(
            message([changed(training[0]) { $0.action = .added }]).contains(
                "already, in the part 'train'"))
        #expect(message([training[30]]).contains("not in the training set"))
        #expect(message([changed(training[0]) { $0.action = .taken }]).contains("already"))
        #expect(message([changed(new[0]) { $0.action = .dropped }]).contains("lacks it"))
        #expect(message([changed(new[0]) { $0.sources = 7 }]).contains("7 sources"))
        #expect(message([changed(new[0]) { $0.score = .nan }]).contains("score"))
        #expect(message(new, solved: nil).contains("not solved"))
        #expect(message(new, from: "S7%").contains("no selection 'S7%'"))
        #expect(message(Array(training[..<16])).contains("nothing is left"))
        #expect(
            try fixture.packed().keys.allSatisfy {
                !$0.hasPrefix("version-") && !$0.hasPrefix("added-")
            })
    }

    /// A test sample in any of its orientations, or the very same, never comes in.
    @Test func symmetricCopiesOfTestSamplesAreRefused() throws {
        let fixture = try VersionFixture()
        let manifest = try Dataset(root: "\(fixture.scratch.path)/data")
            .manifest(SampleManifest.self)
        let lines = try manifest.parts.flatMap { part in
            String(
                decoding: try fixture.scratch.bytes("data/sample/\(part.file.path)"),
                as: UTF8.self
            ).split(separator: "\n")
        }
        let line = try #require(lines.first { $0.contains(#""index":9,"#) })
        for (flipsRows, flipsColumns) in [
            (true, false), (false, true), (true, true), (false, false),
        ] {
            var object = try #require(
                JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            var sources = try #require(object["sources"] as? [[String: Any]])
            for number in sources.indices {
                let (row, column) = (
                    sources[number]["row"] as? Int ?? 0, sources[number]["column"] as? Int ?? 0
                )
                if flipsRows { sources[number]["row"] = 39 - row }
                if flipsColumns { sources[number]["column"] = 32 - column }
            }
            object = ["sources": sources]
            let lines = try fixture.scratch.file(
                "copy.jsonl",
                String(decoding: JSONSerialization.data(withJSONObject: object), as: UTF8.self)
                    + "\n")
            let folder = "copy-\(flipsRows)-\(flipsColumns)"
            var options = Commands.Options(
                pipeline: "\(fixture.scratch.path)/pipeline.yaml",
                output: "\(fixture.scratch.path)/\(folder)")
            options.from = lines
            try Commands(options, reporter: Events()).run(until: .solve)
            let choices = try fixture.choices(of: folder, count: 1)
            let error = failure { try fixture.write(choices, solved: folder) }
            #expect(
                error?.message.contains(
                    flipsRows || flipsColumns ? "symmetric copy" : "in the part 'test'") == true,
                "\(folder): \(error?.message ?? "no error")")
        }
    }

    @Test func theBaseIsProtected() throws {
        let fixture = try VersionFixture()
        try fixture.write(try fixture.choices(count: 4))
        let packed = try fixture.packed()
        let others = [
            pipelineText(samples: "25"),
            pipelineText(samples: "20").replacing("[25, 50, 100]", with: "[50, 100]"),
            pipelineText(samples: "20").replacing(
                "samples_per_shard: 6", with: "samples_per_shard: 7"),
            pipelineText(samples: "20").replacing("pack:\n", with: "pack:\n  codec: archive\n"),
        ]
        for text in others {
            let error = failure { try run(text, in: fixture.scratch) }
            #expect(
                error?.kind == .cannotCreate && error?.message.contains("--replace") == true,
                "\(text): \(error?.message ?? "none")")
            #expect(try fixture.packed() == packed)
        }
        // What comes out the same may be done again.
        try FileManager.default.removeItem(atPath: "\(fixture.path)/.steadyset/steps/pack.json")
        try run(pipelineText(samples: "20"), in: fixture.scratch)
        #expect(try fixture.packed() == packed)
        _ = try Overview(path: "\(fixture.path)@round-1")
        try run(others[1], in: fixture.scratch, replace: true)
        let error = failure { _ = try Overview(path: "\(fixture.path)@round-1") }
        #expect(
            error?.kind == .data && error?.message.contains("is missing or was altered") == true,
            "\(error?.message ?? "none")")
    }

    @Test func damagedVersionsAreRefused() throws {
        let fixture = try VersionFixture()
        try fixture.write(try fixture.choices(count: 4))
        let packed = try fixture.packed()
        let version = try #require(packed.keys.first { $0.hasPrefix("version-") })
        func damaged(_ name: String, _ change: (inout String) -> Void) throws -> String {
            let original = try #require(packed[name])
            var text = String(decoding: original, as: UTF8.self)
            change(&text)
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(fixture.path)/pack/\(name)"))
            let error = failure { _ = try Overview(path: "\(fixture.path)@round-1") }
            try original.write(to: URL(fileURLWithPath: "\(fixture.path)/pack/\(name)"))
            return error?.message ?? "no error"
        }
        #expect(try damaged("tags.json") { $0 = "{" }.contains("tags.json"))
        #expect(try damaged("tags.json") { $0 = #"{"round-1": "12"}"# }.contains("tags.json"))
        #expect(
            try damaged("tags.json") { $0 = #"{"base": "\#(String(repeating: "0", count: 64))"}"# }
                .contains("base"))
        #expect(
            try damaged("tags.json") {
                $0 = #"{"round-1": "\#(String(repeating: "0", count: 64))"}"#
            }.contains("not there"))
        #expect(try damaged(version) { $0.removeLast(200) }.contains(version))
        #expect(
            try damaged(version) {
                $0.replace(#""number" : 1"#, with: #""number" : 2"#);
                $0.replace(#""number": 1"#, with: #""number": 2"#)
            }.contains("altered"))
        #expect(try damaged("manifest.json") { $0 = "{}" }.contains("manifest.json"))
        _ = try Overview(path: "\(fixture.path)@round-1")
    }

    /// A tenth more samples are a tenth more bytes, but for a fixed cost of each shard; forgetting
    /// them frees just that.
    @Test func aTenthOfTheSamplesIsATenthOfTheBytes() throws {
        let fixture = try VersionFixture(samples: 60)
        func shardBytes() throws -> Int {
            try fixture.packed().filter { $0.key.hasSuffix(".h5") }.reduce(0) {
                $0 + $1.value.count
            }
        }
        let before = try fixture.packed()
        let base = try shardBytes()
        try fixture.write(try fixture.choices(count: 12))
        let share = Double(try shardBytes() - base) / Double(base)
        #expect((0.07...0.13).contains(share), "\(share)")
        #expect(try Verifier(path: fixture.path).verify(resolve: 200, seed: 1).findings == [])
        let added = try fixture.packed().filter { before[$0.key] == nil }.reduce(0) {
            $0 + $1.value.count
        }
        let cleaning = try VersionCleaning(path: fixture.path, drop: ["round-1"])
        // The tags stay, as an empty file of their own.
        let tags = try fixture.scratch.bytes("data/pack/tags.json").count
        let own = cleaning.items.filter { $0.path.hasPrefix("pack/") }.reduce(0) { $0 + $1.bytes }
        #expect(own == added - tags)
        #expect(cleaning.items.contains { $0.path == "rounds/1" })
        try cleaning.apply()
        var after = try fixture.packed()
        after["tags.json"] = nil
        #expect(after == before)
    }

    /// Shards of versions, whatever their codec, are the same when they are made standard.
    @Test(arguments: ShardCodecs.all.map(\.name).filter { $0 != "standard" })
    func unpackingGivesTheStandardVersion(codec: String)
        throws
    {
        let (standard, other) = (try VersionFixture(), try VersionFixture(codec: codec))
        let choices = try standard.choices(count: 7)
        let first = try standard.write(choices)
        let second = try other.write(choices)
        #expect(first.ids[.pack] == second.ids[.pack])
        #expect(try Verifier(path: other.path).verify(resolve: 50, seed: 1).findings == [])
        let result = try Unpacker(
            path: "\(other.path)@round-1", output: "\(other.scratch.path)/unpacked"
        ).unpack()
        #expect(result.samples == 47)
        let (unpacked, packed) = (try other.packed("unpacked"), try standard.packed())
        #expect(Set(unpacked.keys) == Set(packed.keys))
        for (name, bytes) in packed where unpacked[name] != bytes {
            let text = unpacked[name].map { String(decoding: $0, as: UTF8.self) }
            Issue.record("\(name): \(text ?? "") is not \(String(decoding: bytes, as: UTF8.self))")
        }
    }

    @Test func aDatasetWithVersionsVerifies() throws {
        let fixture = try VersionFixture()
        try fixture.write(try fixture.choices(count: 8))
        try fixture.solve(2, seed: 78)
        try fixture.write(
            try fixture.choices(2, of: "data/rounds/2", count: 3), name: "round-2", from: "round-1",
            parent: "data@round-1", solved: "data/rounds/2")
        let report = try Verifier(path: fixture.path).verify(resolve: 10, seed: 3)
        #expect(report.findings == [] && report.versions == 2 && report.resolved == 10)
        // The solved samples of both rounds too.
        #expect(report.samples == 40 + 40 + 8 + 3 + 12 + 12)
        #expect(
            try Verifier(path: "\(fixture.path)@round-2").verify(resolve: 51, seed: 3).findings
                == [])
        let log = try VersionLog(path: fixture.path)
        #expect(log.json["versions"]?.array?.compactMap { $0["samples"]?.int } == [40, 48, 51])
        #expect(
            try VersionDiff("\(fixture.path)@round-2", nil).json(ids: false)["joined"]
                == .integer(3))
    }
}
