import Datasets
import Fields
import Foundation
import Pipeline
import Testing

/// What holds of every plan, whatever pipeline it is of.
@Suite struct PlanTests {
    /// A pipeline that trains; `rounds` are members of that block.
    private static func text(epochs: Int = 1, rounds: String? = nil) -> String {
        pipelineText(
            lattice: "[32, 32]",
            extra: """
                train:
                  model: {kind: u-net, width: 0.03125}
                  epochs: \(epochs)
                  judge: none
                  selection: S50%
                \(rounds.map { "rounds: {\($0)}" } ?? "")
                """)
    }

    private static let pipelines = [
        pipelineText(), text(), text(rounds: "count: 2, add: 3, pool: 20"),
        text(rounds: "count: 3, add: 3, candidates: unselected, stop: {standard_errors: 2}"),
        text(rounds: "count: 2, add: 3, pool: 20, trainer: {command: \"true\"}"),
    ]

    private func plan(_ text: String, codec: String? = nil) throws -> Plan {
        let scratch = try Scratch()
        var options = Commands.Options(
            pipeline: try scratch.file("pipeline.yaml", text), output: "\(scratch.path)/data")
        options.codec = codec
        return try Commands(options, reporter: Events()).plan()
    }

    @Test(arguments: pipelines) func everyInputIsAnEarlierOutput(text: String) throws {
        let plan = try plan(text)
        var written: Set<String> = []
        for step in plan.steps {
            for input in step.inputs { #expect(written.contains(input), "\(step.id): \(input)") }
            #expect(Set(step.outputs).count == step.outputs.count && !step.outputs.isEmpty)
            written.formUnion(step.outputs)
        }
    }

    @Test(arguments: pipelines) func stepsAreToldApart(text: String) throws {
        let steps = try plan(text).steps
        #expect(Set(steps.map(\.id)).count == steps.count)
        #expect(Set(steps.map(\.fingerprint)).count == steps.count)
        #expect(try plan(text).steps == steps)
    }

    @Test func roundsAreUnrolled() throws {
        let plan = try plan(PlanTests.pipelines[2])
        let stages = ["resample", "solve", "pack", "train", "evaluate"]
        for number in 1...2 {
            let steps = plan.steps.filter { $0.round == number }
            #expect(steps.map(\.id) == stages.map { "round-0000\(number)-\($0)" })
            #expect(steps.map(\.decides) == [true, false, false, false, false])
        }
        #expect(plan.steps.filter { $0.round == 0 }.allSatisfy { !$0.decides })
        // A program of the user's own is called in the first step of a round, and once at the end.
        #expect(
            try self.plan(PlanTests.pipelines[4]).steps.filter { $0.round > 0 }.map(\.id) == [
                "round-00001-resample", "round-00001-solve", "round-00001-pack",
                "round-00002-resample", "round-00002-solve", "round-00002-pack",
                "round-00002-train",
            ])
    }

    /// The ids of steps with other fingerprints.
    private func changed(_ one: Plan, _ other: Plan) -> [String] {
        zip(one.steps, other.steps).filter { $0.0.fingerprint != $0.1.fingerprint }.map(\.0.id)
    }

    @Test func whatChangesGoesDownstreamAndNowhereElse() throws {
        let text = PlanTests.text(rounds: "count: 2, add: 3, pool: 20")
        let base = try plan(text)
        let ids = base.steps.map(\.id)
        func from(_ id: String) -> [String] { Array(ids[ids.firstIndex(of: id)!...]) }
        #expect(try changed(base, plan(text + "\n# a comment\n")).isEmpty)
        #expect(try changed(base, plan(text, codec: "archive")) == from("pack"))
        #expect(
            try changed(base, plan(text.replacing("[25, 50, 100]", with: "[50, 100]")))
                == from("split"))
        #expect(
            try changed(base, plan(PlanTests.text(epochs: 2, rounds: "count: 2, add: 3, pool: 20")))
                == from("train"))
        #expect(
            try changed(base, plan(PlanTests.text(rounds: "count: 2, add: 4, pool: 20")))
                == from("round-00001-resample"))
        // More rounds leave those before as they are.
        #expect(
            try changed(base, plan(PlanTests.text(rounds: "count: 3, add: 3, pool: 20"))).isEmpty)
    }
}
