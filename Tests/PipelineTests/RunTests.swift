import Datasets
import Documents
import Fields
import Foundation
import Pipeline
import Testing
import Verification

@Suite struct RunTests {
    @Test(arguments: ["pinned", "emitting"]) func makesADatasetThatVerifies(sources: String) throws
    {
        let scratch = try Scratch()
        let events = try run(pipelineText(sources: sources), in: scratch)
        #expect(events.began == [.sample, .solve, .split, .pack])
        #expect(events.samples[.pack] == 20)
        let report = try Verifier(path: "\(scratch.path)/data").verify(resolve: 20, seed: 1)
        #expect(report.findings.isEmpty)
        #expect(report.resolved == 20)
        #expect(report.samples == 40)
        let overview = try Overview(path: "\(scratch.path)/data")
        #expect(overview.json["stages"]?.array?.count == 4)
    }

    @Test func skipsWhatIsDone() throws {
        let scratch = try Scratch()
        let first = try run(pipelineText(), in: scratch)
        let second = try run("# a comment\n" + pipelineText(), in: scratch)
        #expect(second.began.isEmpty)
        #expect(second.ids == first.ids)
        let split = pipelineText().replacing("[25, 50, 100]", with: "[50, 100]")
        let third = try run(split, in: scratch)
        #expect(third.skipped == [.sample: true, .solve: true, .split: false, .pack: false])
        #expect(third.ids[.solve] == first.ids[.solve])
        #expect(third.ids[.pack] != first.ids[.pack])
    }

    @Test func idsDependOnNothingButTheProblem() throws {
        let scratch = try Scratch()
        let first = try run(pipelineText(), in: scratch, output: "a", threads: 1)
        let second = try run(pipelineText(samplesPerPart: 3), in: scratch, output: "b", threads: 3)
        #expect(first.ids == second.ids)
        let third = try run(pipelineText(seed: 4), in: scratch, output: "c")
        for stage in [Stage.sample, .solve, .pack] { #expect(third.ids[stage] != first.ids[stage]) }
        for name in ["train-00000.h5", "test-00000.h5", "manifest.json"] {
            #expect(try scratch.bytes("a/pack/\(name)") == scratch.bytes("b/pack/\(name)"))
        }
    }

    @Test func growthKeepsWhatIsThere() throws {
        let scratch = try Scratch()
        try run(pipelineText(samples: "12"), in: scratch)
        let part = try scratch.bytes("data/solve/part-00000.h5")
        let shard = try scratch.bytes("data/pack/train-00000.h5")
        let stamp = try FileManager.default.attributesOfItem(
            atPath: "\(scratch.path)/data/solve/part-00000.h5")
        let events = try run(pipelineText(samples: "20"), in: scratch)
        #expect(events.samples[.pack] == 40)
        #expect(try scratch.bytes("data/solve/part-00000.h5") == part)
        #expect(try scratch.bytes("data/pack/train-00000.h5") == shard)
        let now = try FileManager.default.attributesOfItem(
            atPath: "\(scratch.path)/data/solve/part-00000.h5")
        #expect(stamp[.modificationDate] as? Date == now[.modificationDate] as? Date)
        #expect(
            try Verifier(path: "\(scratch.path)/data").verify(resolve: 0, seed: 0).findings == [])
    }

    @Test func refusesToLoseSolvedSamples() throws {
        let scratch = try Scratch()
        let first = try run(pipelineText(), in: scratch)
        let others = [
            pipelineText(seed: 9), pipelineText(samples: "4"), pipelineText(samplesPerPart: 5),
            pipelineText(tolerance: "1.0e-5"),
        ]
        for changed in others {
            let error = failure { try run(changed, in: scratch) }
            #expect(error?.kind == .cannotCreate)
            #expect(error?.message.contains("--replace") == true)
        }
        // Nothing was touched.
        #expect(try run(pipelineText(), in: scratch).skipped.values.allSatisfy { $0 })
        let replaced = try run(pipelineText(seed: 9), in: scratch, replace: true)
        #expect(replaced.ids[.pack] != first.ids[.pack])
        #expect(
            try Verifier(path: "\(scratch.path)/data").verify(resolve: 3, seed: 0).findings == [])
    }

    @Test func aMissingPartIsSolvedAgain() throws {
        let scratch = try Scratch()
        let first = try run(pipelineText(), in: scratch)
        try FileManager.default.removeItem(atPath: "\(scratch.path)/data/solve/part-00001.h5")
        let error = failure {
            let options = Commands.Options(
                pipeline: "\(scratch.path)/pipeline.yaml", output: "\(scratch.path)/data")
            try FileManager.default.removeItem(atPath: "\(scratch.path)/data/pack/manifest.json")
            try Commands(options, reporter: Events()).perform(.pack)
        }
        #expect(error?.kind == .noInput)
        #expect(error?.message.contains("part-00001.h5") == true)
        let second = try run(pipelineText(), in: scratch)
        #expect(second.skipped[.sample] == true)
        #expect(second.skipped[.solve] == false)
        #expect(second.ids == first.ids)
    }

    @Test func aSampleThatCannotBeCertifiedIsLeftOut() throws {
        // Rounding to multiples of 2⁻²⁰ takes 2⁻²¹ of this tolerance, and leaves 10⁻¹⁵ for the
        // solver.
        let scratch = try Scratch()
        let text = pipelineText(tolerance: "4.7683716e-7")
        let error = failure { try run(text, in: scratch) }
        #expect(error?.kind == .data)
        #expect(error?.message.contains("solver.tolerance") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/data/solve/manifest.json"))
    }

    @Test func thePlanIsWhatARunDoes() throws {
        let scratch = try Scratch()
        var options = Commands.Options(
            pipeline: try scratch.file("pipeline.yaml", pipelineText()),
            output: "\(scratch.path)/steps")
        options.threads = 1
        let commands = try Commands(options, reporter: Events())
        let plan = try commands.plan()
        #expect(
            plan.steps.map(\.id) == [
                "sample", "solve-00000", "solve-00001", "solve-00002", "solve", "split", "pack",
            ])
        #expect(try commands.dryRun(until: .pack).steps.allSatisfy { !$0.isDone })
        for step in plan.steps {
            for input in step.inputs {
                #expect(
                    FileManager.default.fileExists(atPath: "\(scratch.path)/steps/\(input)"),
                    "\(step.id) needs \(input)")
            }
            try commands.step(step.id)
            for output in step.outputs {
                #expect(
                    FileManager.default.fileExists(atPath: "\(scratch.path)/steps/\(output)"),
                    "\(step.id) makes \(output)")
            }
        }
        #expect(try commands.dryRun(until: .pack).steps.allSatisfy { $0.isDone })
        try run(pipelineText(), in: scratch, output: "whole")
        for stage in Stage.ofData {
            let manifest = "\(stage.rawValue)/manifest.json"
            #expect(try scratch.bytes("steps/\(manifest)") == scratch.bytes("whole/\(manifest)"))
        }
        #expect(failure { try commands.step("solve-00099") }?.kind == .usage)
    }

    @Test func aStepTakesTheStagesManifestBack() throws {
        let scratch = try Scratch()
        try run(pipelineText(), in: scratch)
        let looser = try scratch.file("looser.yaml", pipelineText(tolerance: "1.0e-5"))
        var options = Commands.Options(pipeline: looser, output: "\(scratch.path)/data")
        let refused = failure { try Commands(options, reporter: Events()).step("solve-00000") }
        #expect(refused?.kind == .cannotCreate)
        #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/data/solve/manifest.json"))
        options.replace = true
        try Commands(options, reporter: Events()).step("solve-00000")
        // The other parts are still those of the old accuracy, so the stage must not look whole.
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/data/solve/manifest.json"))
    }

    @Test func importsKeepTheirOrder() throws {
        let scratch = try Scratch()
        let lines = (0..<7).map {
            #"{"sources": [{"row": \#(10 + $0), "column": 12, "radius": 3, "value": 1.0}]}"#
        }
        let file = try scratch.file("mine.jsonl", lines.joined(separator: "\n"))
        var options = Commands.Options(
            pipeline: try scratch.file("pipeline.yaml", pipelineText()),
            output: "\(scratch.path)/data")
        options.from = file
        options.sources = .emitting
        let events = Events()
        try Commands(options, reporter: events).run(until: .pack)
        #expect(events.samples[.pack] == 7)
        let text = String(
            decoding: try scratch.bytes("data/sample/configurations-00000.jsonl"), as: UTF8.self)
        for (index, line) in text.split(separator: "\n").enumerated() {
            #expect(line.contains("\"row\":\(10 + index)") && line.contains("\"index\":\(index)"))
        }
        #expect(
            try Verifier(path: "\(scratch.path)/data").verify(resolve: 2, seed: 0).findings == [])
    }

    @Test func shardsSayWhatTheyWereMadeTo() throws {
        // The labels of this tolerance are the same, but the shards' attributes are not.
        let scratch = try Scratch()
        try run(pipelineText(), in: scratch)
        try run(pipelineText(tolerance: "9.9e-7"), in: scratch, replace: true)
        #expect(
            try Verifier(path: "\(scratch.path)/data").verify(resolve: 0, seed: 0).findings == [])
        try run(pipelineText(tolerance: "9.9e-7"), in: scratch, output: "fresh")
        for name in ["train-00000.h5", "test-00000.h5", "manifest.json"] {
            #expect(try scratch.bytes("data/pack/\(name)") == scratch.bytes("fresh/pack/\(name)"))
        }
    }

    @Test func leavesTheUsersFilesAlone() throws {
        let scratch = try Scratch()
        try run(pipelineText(), in: scratch)
        _ = try scratch.file("data/pack/notes.txt", "mine")
        _ = try scratch.file("data/pack/train-00099.h5", "left by an earlier run")
        // Whether such a file holds labels nobody knows, so it goes on --replace alone.
        #expect(throws: DatasetError.self) { try run(pipelineText(samples: "12"), in: scratch) }
        #expect(FileManager.default.fileExists(atPath: "\(scratch.path)/data/pack/train-00099.h5"))
        try run(pipelineText(samples: "12"), in: scratch, replace: true)
        #expect(try scratch.bytes("data/pack/notes.txt") == Data("mine".utf8))
        #expect(!FileManager.default.fileExists(atPath: "\(scratch.path)/data/pack/train-00099.h5"))
    }

    @Test func verifiesAStageUnderAnyName() throws {
        let scratch = try Scratch()
        try run(pipelineText(), in: scratch)
        try FileManager.default.copyItem(
            atPath: "\(scratch.path)/data/pack", toPath: "\(scratch.path)/published")
        let report = try Verifier(path: "\(scratch.path)/published").verify(resolve: 4, seed: 0)
        #expect(report.findings == [])
        #expect(report.stages == [.pack])
        #expect(report.resolved == 4)
    }

    @Test func sourcesGoWithFrom() throws {
        let scratch = try Scratch()
        var options = Commands.Options(
            pipeline: try scratch.file("p.yaml", pipelineText()), output: "x")
        options.overlap = .sum
        #expect(failure { _ = try Commands(options, reporter: Events()) }?.kind == .usage)
    }
}
