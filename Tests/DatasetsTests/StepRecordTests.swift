import Datasets
import Documents
import Fields
import Foundation
import Shards
import Testing

@Suite struct StepRecordTests {
    private func record(_ scratch: Scratch) throws -> (Dataset, StepRecord) {
        let dataset = Dataset(root: "\(scratch.path)/data")
        try scratch.file("data/solve/part-00000.h5", "12345")
        try Dataset.createFolder(dataset.stepsFolder)
        return (
            dataset,
            StepRecord(
                step: "solve-00000", fingerprint: Samples.digest(1),
                files: [
                    Manifest.File(
                        path: "solve/part-00000.h5", bytes: 5, sha256: Samples.digest(2),
                        samples: 3)
                ],
                leftOut: [
                    UncertifiedSample(
                        id: try Samples.id(5), sources: 3, index: 2, errorBound: nil)
                ], seconds: 1.5)
        )
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        let scratch = try Scratch()
        let (dataset, record) = try record(scratch)
        try record.write(in: dataset)
        let read = try #require(StepRecord(step: "solve-00000", in: dataset))
        #expect(read.fingerprint == record.fingerprint && read.files == record.files)
        #expect(read.leftOut == record.leftOut && read.seconds == 1.5)
        #expect(read.isIntact(in: dataset))
        #expect(try StepRecord.steps(.solve, in: dataset) == ["solve-00000"])
        #expect(try StepRecord.steps(.pack, in: dataset) == [])
        try StepRecord.remove("solve-00000", in: dataset)
        #expect(StepRecord(step: "solve-00000", in: dataset) == nil)
    }

    @Test func filesThatChangedAreSeen() throws {
        let scratch = try Scratch()
        let (dataset, record) = try record(scratch)
        try scratch.file("data/solve/part-00000.h5", "1234")
        #expect(!record.isIntact(in: dataset))
        try scratch.remove("data/solve/part-00000.h5")
        #expect(!record.isIntact(in: dataset))
        try scratch.file("elsewhere", "12345")
        try FileManager.default.createSymbolicLink(
            atPath: "\(scratch.path)/data/solve/part-00000.h5",
            withDestinationPath: "\(scratch.path)/elsewhere")
        #expect(!record.isIntact(in: dataset))
    }

    @Test func aDamagedRecordIsNone() throws {
        let scratch = try Scratch()
        let (dataset, record) = try record(scratch)
        try record.write(in: dataset)
        let path = "data/.steadyset/steps/solve-00000.json"
        let text = try scratch.text(path)
        for damaged in [
            text.replacing("\"samples\": 3", with: "\"samples\": 4"), String(text.dropLast(9)), "",
            text.replacing("\"seconds\"", with: "\"minutes\""),
        ] {
            #expect(damaged != text)
            try scratch.file(path, damaged)
            #expect(StepRecord(step: "solve-00000", in: dataset) == nil)
        }
        try scratch.file(path, text)
        #expect(StepRecord(step: "solve-00000", in: dataset) != nil)
    }
}
