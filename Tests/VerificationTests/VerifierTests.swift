import Datasets
import Documents
import Fields
import Foundation
import Pipeline
import Shards
import Testing
import Verification

/// A small dataset of its own for one test, removed with it.
final class DamagedDataset {
    let root: String
    private let folder: String

    init(samples: Int = 10) throws {
        folder = NSTemporaryDirectory() + "steadyset-\(UUID().uuidString)"
        root = "\(folder)/data"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let pipeline = "\(folder)/pipeline.yaml"
        try """
        format: 1
        name: test
        physics: { lattice: [36, 33], decay_rate: 0.05 }
        sampling: { strata: [1, 3], samples_per_stratum: \(samples), radius: 1, seed: 3 }
        solver: { samples_per_part: 8 }
        split: { subsets: [50, 100] }
        pack: { samples_per_shard: 6 }
        """.write(toFile: pipeline, atomically: true, encoding: .utf8)
        var options = Commands.Options(pipeline: pipeline, output: root)
        options.threads = 2
        try Commands(options, reporter: Silence()).run(until: .pack)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8)
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }

    /// Flips a bit of a file.
    func flip(_ name: String, at offset: Int) throws {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path(name)))
        bytes[offset] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path(name)))
    }

    /// Writes a stage's manifest anew with another content, under the id that this has.
    func forge<Own: StageManifest>(_ type: Own.Type, _ change: (inout Own) -> Void) throws {
        var manifest = try Dataset(root: root).manifest(type)
        change(&manifest)
        try manifest.manifest.write(to: Dataset(root: root).folder(Own.stage))
    }

    func findings(resolve: Int = 0) throws -> [String] {
        try Verifier(path: root, threads: 2).verify(resolve: resolve, seed: 1).findings
    }

    /// Whether a finding says this.
    func isFound(_ words: String) throws -> Bool {
        let findings = try findings()
        let isSo = findings.contains { $0.contains(words) }
        if !isSo { Issue.record("not found: \(words); but: \(findings)") }
        return isSo
    }
}

/// Hears nothing.
final class Silence: Reporter {
    func hear(_ event: RunEvent) {}
}

@Suite struct VerifierTests {
    @Test func aSoundDatasetHasNoFinding() throws {
        let dataset = try DamagedDataset()
        let report = try Verifier(path: dataset.root, threads: 2).verify(resolve: 5, seed: 1)
        #expect(report.findings == [])
        #expect(report.stages == Stage.ofData && report.resolved == 5 && report.versions == 0)
        // Labels are in a part and in a shard.
        #expect(report.samples == 40)
        // A stage alone is sound, too.
        for stage in Stage.ofData {
            #expect(
                try Verifier(path: dataset.path(stage.rawValue), threads: 1).verify(
                    resolve: 0, seed: 1
                ).findings == [], "\(stage)")
        }
    }

    @Test func whatIsNoDatasetCannotBeVerified() {
        #expect(throws: DatasetError.self) { try Verifier(path: "/nowhere/at/all") }
    }

    @Test func aFlippedBitOfAFileIsFound() throws {
        for name in [
            "sample/configurations-00001.jsonl", "solve/part-00000.h5", "pack/train-00000.h5",
            "pack/locations.npy",
        ] {
            let dataset = try DamagedDataset(samples: 5)
            try dataset.flip(name, at: 200)
            let findings = try dataset.findings()
            #expect(findings.contains { $0.contains(name) }, "\(name): \(findings)")
        }
    }

    @Test func aMissingAndACutFileAreFound() throws {
        let dataset = try DamagedDataset()
        try dataset.remove("solve/part-00001.h5")
        let cut = try Data(
            contentsOf: URL(fileURLWithPath: dataset.path("pack/test-00000.h5"))
        ).dropLast(100)
        try cut.write(to: URL(fileURLWithPath: dataset.path("pack/test-00000.h5")))
        #expect(try dataset.isFound("part-00001.h5"))
        #expect(try dataset.isFound("it was truncated or replaced"))
    }

    @Test func aManifestThatIsLaidOutOtherwiseIsFound() throws {
        let dataset = try DamagedDataset()
        try dataset.write(try dataset.text("split/manifest.json") + "\n", to: "split/manifest.json")
        #expect(try dataset.isFound("is not laid out as Steadyset writes it"))
    }

    @Test func aManifestWithAnotherIdIsFound() throws {
        let dataset = try DamagedDataset()
        let text = try dataset.text("sample/manifest.json")
        try dataset.write(
            text.replacing("\"seed\": 3", with: "\"seed\": 4"), to: "sample/manifest.json")
        #expect(try dataset.isFound("was altered"))
    }

    @Test func aStageMadeFromAnotherIsFound() throws {
        let dataset = try DamagedDataset()
        try dataset.forge(SolveManifest.self) { $0.largestErrorBound *= 2 }
        #expect(try dataset.isFound("was made from another 'solve'"))
        #expect(try dataset.isFound("the largest error bound is"))
    }

    @Test func forgedNumbersOfASampleStageAreFound() throws {
        let dataset = try DamagedDataset()
        try dataset.forge(SampleManifest.self) { $0.samples += 1 }
        #expect(try dataset.isFound("the number of samples is not that of the strata"))
        let other = try DamagedDataset()
        try other.forge(SampleManifest.self) { $0.cut = PartCut($0.cut.split, size: 9) }
        #expect(try other.isFound("sample: the sample stage's manifest contradicts itself"))
        let third = try DamagedDataset()
        try third.forge(SampleManifest.self) { $0.digest = Digest(of: [1]) }
        #expect(try third.isFound("the ids are not those that the manifest's digest covers"))
    }

    @Test func forgedNumbersOfASolveStageAreFound() throws {
        let dataset = try DamagedDataset()
        try dataset.forge(SolveManifest.self) { solve in
            solve.samples -= 1
            solve.digest = Digest(of: [1])
            solve.strata[0].samples += 1
            solve.compressionLevel = 19
        }
        #expect(try dataset.isFound("the number of samples is not the manifest's"))
        #expect(try dataset.isFound("the labels are not those that the manifest's digest covers"))
        #expect(try dataset.isFound("the numbers of samples by stratum"))
        #expect(try dataset.isFound("its chunks are of compression_level"))
    }

    @Test func forgedSelectionsAreFound() throws {
        let dataset = try DamagedDataset()
        try dataset.forge(SplitManifest.self) { split in
            split.selections.removeLast()
            split.parts[0].samples += 1
        }
        #expect(try dataset.isFound("the selections are not those that the parameters give"))
        #expect(try dataset.isFound("the numbers of samples in the parts"))
        #expect(try dataset.isFound("the selections are not those of the split stage"))
    }

    @Test func forgedNumbersOfShardsAreFound() throws {
        let dataset = try DamagedDataset()
        try dataset.forge(PackManifest.self) { pack in
            pack.samples += 1
            pack.digest = Digest(of: [1])
            pack.shards[0].digest = Digest(of: [2])
            pack.largestErrorBound *= 2
            pack.samplesPerShard = 7
        }
        for words in [
            "the samples are not those that the manifest's digest covers",
            "its samples are not those that the manifest's digest covers",
            "the manifest's numbers of samples are not those of the shards",
            "the largest error bound is", "samples_per_shard is not what the ranks",
            "is not named by its part and ranks",
        ] {
            #expect(try dataset.isFound(words))
        }
    }

    @Test func aShardThatIsMissingInTheManifestIsFound() throws {
        let dataset = try DamagedDataset()
        try dataset.forge(PackManifest.self) { $0.shards.removeLast() }
        #expect(try dataset.isFound("are in no shard"))
        #expect(try dataset.isFound("does not say where the samples of the shards lie"))
    }

    @Test func aProvenanceOfAnotherManifestIsFound() throws {
        let dataset = try DamagedDataset()
        let other = try dataset.text("split/provenance.json")
        let own = try Dataset(root: dataset.root).manifest(SplitManifest.self).id.description
        try dataset.write(
            other.replacing(own, with: Digest(of: [1]).description), to: "split/provenance.json")
        #expect(try dataset.isFound("tells of another manifest than the one beside it"))
    }

    @Test func aTagOfNoVersionIsFound() throws {
        let dataset = try DamagedDataset()
        try Versions(of: Dataset(root: dataset.root)).tag(Digest(of: [1]), as: "gone")
        #expect(try dataset.isFound("the tag 'gone' is of version"))
    }

    @Test func foldersThatCannotBeListedAreFound() throws {
        let dataset = try DamagedDataset()
        try dataset.write("no folder", to: "rounds")
        #expect(try dataset.isFound("so its rounds cannot be checked"))
    }

    @Test func unpackingGivesTheStandardShardsAgain() throws {
        let dataset = try DamagedDataset()
        let output = dataset.path("../unpacked")
        let result = try Unpacker(path: dataset.root, output: output, threads: 2).unpack()
        let id = try Dataset(root: dataset.root).manifest(PackManifest.self).id
        #expect(result.id == id.description && result.samples == 20)
        #expect(
            try String(contentsOfFile: "\(output)/pack/manifest.json", encoding: .utf8)
                == dataset.text("pack/manifest.json"))
        #expect(throws: DatasetError.self) { try Unpacker(path: dataset.root, output: output) }
    }
}
