public import Datasets
public import Documents
public import Fields
internal import Sampling
internal import Shards
internal import Solving

/// A pipeline as a list of steps, for whoever walks it: `run` here, Snakemake on a cluster.
public struct Plan: Sendable {
    /// One step; `steadyset step` does it.
    public struct Step: Sendable, Hashable {
        /// Its name: `sample`, `solve-00007`, `solve`, `split`, `pack`.
        public let id: String
        /// The stage that it belongs to.
        public let stage: Stage
        /// The number of the part, or nil.
        public let part: Int?
        /// Files that must be there, relative to the dataset.
        public let inputs: [String]
        /// Files that it writes, relative to the dataset.
        public let outputs: [String]
        /// What the result depends on.
        public let fingerprint: Digest
    }

    /// The pipeline's name.
    public let name: String
    /// All steps, in an order in which they can be done.
    public let steps: [Step]
    private let memory: [Stage: Int]
    private let seconds: [Stage: Double]

    /// The plan of a pipeline. Draws every configuration, to know which parts there are: about 10 s
    /// for 400,000.
    init(_ job: Job, _ origin: ConfigurationOrigin) throws {
        let pipeline = job.pipeline
        let listing = try SampleListing(
            origin, samplesPerPart: pipeline.samplesPerPart, threads: job.threads, lines: false
        ) { _, _ in }
        var steps: [Step] = []
        func manifest(_ stage: Stage) -> String { "\(stage.rawValue)/\(Manifest.fileName)" }
        steps.append(
            Step(
                id: "sample", stage: .sample, part: nil, inputs: [],
                outputs: listing.parts.map { "sample/\($0.configurations)" } + [manifest(.sample)],
                fingerprint: Fingerprint.sample(origin, samplesPerPart: pipeline.samplesPerPart)))
        for part in listing.parts {
            steps.append(
                Step(
                    id: part.step, stage: .solve, part: part.number,
                    inputs: [manifest(.sample), "sample/\(part.configurations)"],
                    outputs: [
                        "solve/\(part.labels)", "\(Dataset.privateName)/steps/\(part.step).json",
                    ], fingerprint: job.partFingerprint(of: part, listing)))
        }
        let parts = steps.dropFirst()
        let solve = Fingerprint.solve(parts.map(\.fingerprint))
        steps.append(
            Step(
                id: "solve", stage: .solve, part: nil,
                inputs: [manifest(.sample)] + parts.flatMap(\.outputs), outputs: [manifest(.solve)],
                fingerprint: solve))
        let split = Fingerprint.split(solve: solve, pipeline.split)
        steps.append(
            Step(
                id: "split", stage: .split, part: nil, inputs: [manifest(.solve)],
                outputs: [manifest(.split)], fingerprint: split))
        steps.append(
            Step(
                id: "pack", stage: .pack, part: nil,
                inputs: [manifest(.solve), manifest(.split)]
                    + listing.parts.map { "solve/\($0.labels)" }, outputs: [manifest(.pack)],
                fingerprint: Fingerprint.pack(
                    split: split, codec: job.codec, level: pipeline.compressionLevel,
                    samplesPerShard: pipeline.samplesPerShard)))
        // A trainer of the user's own takes the place of both, in the rounds.
        if let training = pipeline.training, pipeline.trainer == nil {
            let pack = steps[steps.count - 1].fingerprint
            let fingerprint = Fingerprint.train(pack: pack, training)
            steps.append(
                Step(
                    id: "train", stage: .train, part: nil, inputs: [manifest(.pack)],
                    outputs: [manifest(.train), "train/\(StageFile.weights)"],
                    fingerprint: fingerprint))
            steps.append(
                Step(
                    id: "evaluate", stage: .evaluate, part: nil,
                    inputs: [manifest(.pack), manifest(.train)],
                    outputs: [manifest(.evaluate), "evaluate/\(StageFile.errors)"],
                    fingerprint: Fingerprint.evaluate(
                        parameters: .string(fingerprint.description),
                        data: (Stage.pack.rawValue, pack))))
        }
        if let curation = pipeline.curation {
            steps.append(
                Step(
                    id: "resample", stage: .resample, part: nil,
                    inputs: steps.last?.outputs.prefix(1).map { $0 } ?? [],
                    outputs: ["pack/\(Versions.tagsName)"],
                    fingerprint: Fingerprint.rounds(
                        pipeline, curation, after: steps[steps.count - 1].fingerprint)))
        }
        name = pipeline.name
        self.steps = steps
        let megabytes = max(1, pipeline.physics.lattice.count >> 20)
        // Multigrid for any medium takes about 200 bytes a site and 40 ms for 512² sites, the other
        // ways less than half of either.
        let isGeneral = pipeline.physics.uniform == nil || pipeline.physics.boundary != .absorbing
        let solving = 100 + (isGeneral ? 350 : 150) * megabytes
        let load = pipeline.training.flatMap {
            TrainingLoad($0, pipeline.physics.lattice, samples: listing.sequence.count)
        }
        let training = load?.megabytes ?? 0
        memory = [
            .sample: 200, .solve: solving, .split: 100, .pack: 200 + 30 * megabytes,
            .train: training, .evaluate: training, .resample: training + solving,
        ]
        let perSample =
            Double(pipeline.physics.lattice.count) / Double(1 << 18) * (isGeneral ? 0.06 : 0.015)
        var seconds: [Stage: Double] = [
            .sample: 10, .solve: perSample * Double(pipeline.samplesPerPart), .split: 1, .pack: 60,
            .train: load?.seconds ?? 0, .evaluate: 60,
        ]
        if let curation = pipeline.curation {
            let round = (load?.seconds ?? 0) + 60 + perSample * Double(curation.pool + curation.add)
            seconds[.resample] = round * Double(curation.count)
        }
        self.seconds = seconds
    }

    /// The plan as `schemas/plan` describes it.
    public var json: JSON {
        .object([
            "format": .string("steadyset-plan"), "version": .integer(1), "name": .string(name),
            "stages": .array(
                Stage.allCases.filter { stage in steps.contains { $0.stage == stage } }.map {
                    stage in
                    .object([
                        "name": .string(stage.rawValue),
                        "output": .string("\(stage.rawValue)/\(Manifest.fileName)"),
                        "steps": .integer(steps.count { $0.stage == stage }),
                        "threads": .integer(1), "memory_mb": .integer(memory[stage] ?? 100),
                        "seconds_per_step": .number(seconds[stage] ?? 1),
                        "local": .bool(stage == .split), "decides": .bool(stage == .resample),
                    ])
                }),
            "steps": .array(
                steps.map { step in
                    .object([
                        "id": .string(step.id), "stage": .string(step.stage.rawValue),
                        "round": .integer(0), "part": step.part.map(JSON.integer) ?? .null,
                        "inputs": .array(step.inputs.map(JSON.string)),
                        "outputs": .array(step.outputs.map(JSON.string)),
                        "fingerprint": .string(step.fingerprint.description),
                    ])
                }),
        ])
    }
}

extension Plan {
    /// The plan as indented JSON.
    public var text: String { String(decoding: json.prettyBytes, as: UTF8.self) }
}
