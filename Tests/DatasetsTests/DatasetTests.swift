import Datasets
import Documents
import Fields
import Foundation
import Sampling
import Shards
import Testing

@Suite struct DatasetTests {
    @Test func aStageIsFoundByEveryNameThatItHas() throws {
        let scratch = try Scratch()
        let dataset = try scratch.makeDataset()
        #expect(try Dataset.locate(dataset.root).1 == [.sample, .solve, .split, .pack])
        #expect(try Dataset.locate(dataset.root + "/").0 == dataset)
        let (alone, stages) = try Dataset.locate(dataset.folder(.split))
        #expect(stages == [.split] && alone.folder(.split) == dataset.folder(.split))
        #expect(try Dataset.locate("\(dataset.root)@base").0 == dataset)
        let id = try dataset.manifest(PackManifest.self).id.description
        #expect(try Dataset.locate("\(dataset.root)@\(id.prefix(8))").0 == dataset)
    }

    @Test func whatIsNotThereIsSaid() throws {
        let scratch = try Scratch()
        #expect(failure { _ = try Dataset.locate("\(scratch.path)/none") }?.kind == .noInput)
        #expect(failure { _ = try Dataset.locate(scratch.path) }?.kind == .noInput)
        let dataset = try scratch.makeDataset()
        let error = failure { _ = try Dataset.locate("\(dataset.root)@nobody") }
        #expect(error?.kind == .noInput && error?.message.contains("is only 'base'") == true)
        #expect(failure { _ = try Dataset.locate("\(dataset.root)@") }?.kind == .usage)
        #expect(
            failure { _ = try dataset.manifest(TrainManifest.self) }?.message.contains(
                "steadyset train") == true)
    }

    @Test func stagesTellOfOneAnother() throws {
        let scratch = try Scratch()
        defer { withExtendedLifetime(scratch) {} }
        let dataset = try scratch.makeDataset()
        let sample = try dataset.manifest(SampleManifest.self)
        let solve = try dataset.manifest(SolveManifest.self)
        let split = try dataset.manifest(SplitManifest.self)
        let pack = try dataset.manifest(PackManifest.self)
        #expect(solve.wasMade(from: sample) && split.wasMade(from: solve))
        #expect(pack.wasMade(from: solve) && pack.wasMade(from: split))
        #expect(pack.samples == 20 && sample.samples == 20 && pack.selections == split.selections)
        for stage in Stage.ofData {
            let typed = try dataset.typedManifest(stage)
            #expect(typed.manifest == (try dataset.manifest(stage)) && typed.count == 20)
        }
    }

    @Test func aFolderWithSomethingElseIsNotClaimed() throws {
        let scratch = try Scratch()
        try scratch.file("mine/notes.txt", "mine")
        let error = failure { _ = try Dataset(root: "\(scratch.path)/mine").claim() }
        #expect(error?.kind == .cannotCreate && error?.message.contains("notes.txt") == true)
        #expect(!scratch.has("mine/.steadyset"))
        let file = try scratch.file("file", "")
        #expect(failure { _ = try Dataset(root: file).claim() }?.kind == .cannotCreate)
        #expect(
            failure { _ = try Dataset(root: "\(scratch.path)/new").claim(mustExist: true) }?.kind
                == .noInput)
        #expect(!scratch.has("new"))
    }

    @Test func aClaimedDatasetIsInUse() throws {
        let scratch = try Scratch()
        let dataset = Dataset(root: "\(scratch.path)/data")
        let lock = try dataset.claim()
        withExtendedLifetime(lock) {
            #expect(failure { _ = try dataset.claim() }?.kind == .inUse)
            #expect(failure { _ = try dataset.claim(shared: true) }?.kind == .inUse)
        }
    }

    @Test func stepsShareADataset() throws {
        let scratch = try Scratch()
        let dataset = Dataset(root: "\(scratch.path)/data")
        let shared = try dataset.claim(shared: true)
        withExtendedLifetime(shared) {
            #expect(failure { _ = try dataset.claim(shared: true) } == nil)
        }
    }

    @Test func aFolderThatCannotBeReadIsNoEmptyFolder() throws {
        let scratch = try Scratch()
        let path = try scratch.file("file", "")
        // A file in a folder's place cannot be listed, even by those who may read everything.
        #expect(failure { _ = try PathEntry.names(in: path) }?.kind == .cannotCreate)
        #expect(failure { _ = try PathEntry.names(in: "\(scratch.path)/none") } == nil)
        #expect(try PathEntry.names(in: "\(scratch.path)/none") == [])
        try scratch.file("data/pack", "no folder")
        let versions = Versions(of: Dataset(root: "\(scratch.path)/data"))
        #expect(failure { _ = try versions.shortIDs() }?.kind == .noInput)
        try scratch.file("data/.steadyset/steps", "no folder")
        #expect(
            failure {
                _ = try StepRecord.steps(.solve, in: Dataset(root: "\(scratch.path)/data"))
            }?.kind == .cannotCreate)
    }

    @Test func aLinkIsNotWrittenThrough() throws {
        let scratch = try Scratch()
        let dataset = try scratch.makeDataset()
        let shard = "\(dataset.folder(.pack))/train-00000.h5"
        try FileManager.default.moveItem(atPath: shard, toPath: "\(scratch.path)/kept.h5")
        try FileManager.default.createSymbolicLink(
            atPath: shard, withDestinationPath: "\(scratch.path)/kept.h5")
        #expect(failure { _ = try dataset.claim() }?.message.contains("train-00000.h5") == true)
        // Where the manifest cannot be read, the link may be of its result.
        try scratch.file("data/pack/manifest.json", "{")
        #expect(failure { _ = try dataset.claim() }?.kind == .cannotCreate)
    }
}
