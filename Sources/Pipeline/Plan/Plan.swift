public import Datasets
public import Documents
public import Fields
internal import Sampling

/// A pipeline as a list of steps, for whoever walks it: `run` here, Snakemake on a cluster.
public struct Plan: Sendable {
    /// One step; `steadyset step` does it.
    public struct Step: Sendable, Hashable {
        /// Its name: `sample`, `solve-00007`, `solve`, `split`, `pack`, `round-00001-resample`.
        public let id: String
        /// The stage that it belongs to.
        public let stage: Stage
        /// The round that it belongs to, from 1; 0 for none.
        public let round: Int
        /// The number of the part, or nil.
        public let part: Int?
        /// Files that must be there, relative to the dataset.
        public let inputs: [String]
        /// Files that it writes, relative to the dataset.
        public let outputs: [String]
        /// What the result depends on; the record of the step has the same.
        public let fingerprint: Digest
        /// Whether its result says whether the steps after it take place.
        public let decides: Bool
    }

    /// The pipeline's name.
    public let name: String
    /// All steps, in an order in which they can be done.
    public let steps: [Step]
    private let costs: StepCosts

    /// The plan of a pipeline whose samples are listed.
    init(_ pipeline: PipelineFile, _ steps: [PlannedStep], _ listing: SampleListing) {
        name = pipeline.name
        costs = StepCosts(pipeline, samples: listing.sequence.count)
        self.steps = steps.map { planned in
            let stage = planned.stage
            return Step(
                id: stage.id, stage: stage.stage, round: stage.round,
                part: (stage as? SolvePart)?.part.number, inputs: stage.inputs(listing),
                outputs: stage.outputs(listing), fingerprint: planned.fingerprint,
                decides: stage.decides)
        }
    }

    /// The plan as `schemas/plan` describes it.
    public var json: JSON {
        .object([
            "format": .string("steadyset-plan"), "version": .integer(2), "name": .string(name),
            "stages": .array(
                Stage.allCases.filter { stage in steps.contains { $0.stage == stage } }.map {
                    stage in
                    .object([
                        "name": .string(stage.rawValue),
                        "steps": .integer(steps.count { $0.stage == stage }),
                        "threads": .integer(1), "memory_mb": .integer(costs.megabytes(of: stage)),
                        "seconds_per_step": .number(costs.seconds(of: stage)),
                        "local": .bool(stage == .split),
                    ])
                }),
            "steps": .array(
                steps.map { step in
                    .object([
                        "id": .string(step.id), "stage": .string(step.stage.rawValue),
                        "round": .integer(step.round), "part": step.part.map(JSON.integer) ?? .null,
                        "inputs": .array(step.inputs.map(JSON.string)),
                        "outputs": .array(step.outputs.map(JSON.string)),
                        "fingerprint": .string(step.fingerprint.description),
                        "decides": .bool(step.decides),
                    ])
                }),
        ])
    }
}

extension Plan {
    /// The plan as indented JSON.
    public var text: String { String(decoding: json.prettyBytes, as: UTF8.self) }
}
