import Datasets
import Documents
import Fields
import Foundation
import Learning
import Pipeline
import Sampling
import Shards
import Solving

/// A folder of its own for one test, removed with it.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "steadyset-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult func file(_ name: String, _ text: String) throws -> String {
        let whole = "\(path)/\(name)"
        let folder = (whole as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try text.write(toFile: whole, atomically: true, encoding: .utf8)
        return whole
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    /// Makes a small dataset in `data` with the stages up to the shards.
    func makeDataset(samples: Int = 10, seed: Int = 3, in folder: String = "data") throws -> Dataset
    {
        let pipeline = try file(
            "pipeline.yaml",
            """
            format: 1
            name: test
            physics: { lattice: [36, 33], decay_rate: 0.05 }
            sampling: { strata: [1, 3], samples_per_stratum: \(samples), radius: 1, seed: \(seed) }
            solver: { samples_per_part: 8 }
            split: { subsets: [50, 100] }
            pack: { samples_per_shard: 6 }
            """)
        var options = Commands.Options(pipeline: pipeline, output: "\(path)/\(folder)")
        options.threads = 2
        try Commands(options, reporter: Silence()).run(until: .pack)
        return Dataset(root: "\(path)/\(folder)")
    }
}

/// Hears nothing.
final class Silence: Reporter {
    func hear(_ event: RunEvent) {}
}

/// The error that `body` ends with, as one of a dataset.
func failure(_ body: () throws -> Void) -> DatasetError? {
    do {
        try body()
        return nil
    } catch { return DatasetError(error) }
}

/// One manifest of every stage, made up.
enum Samples {
    static func digest(_ number: UInt8) -> Digest { Digest(of: [number]) }

    static func file(_ name: String, samples: Int = 3) -> Manifest.File {
        Manifest.File(path: name, bytes: 100, sha256: digest(9), samples: samples)
    }

    static func physics() throws -> Physics {
        let own = Array(#"{"lattice": [36, 33], "decay_rate": 0.05}"#.utf8)
        return try Physics(
            json: Schema.filled(try JSON.parse(own, source: "test"), by: "physics"))
    }

    static func id(_ number: Int) throws -> SampleID {
        let digits = String(number, radix: 16)
        guard let id = SampleID(String(repeating: "0", count: 16 - digits.count) + digits) else {
            throw DatasetError(.software, "no id")
        }
        return id
    }

    static func sample() throws -> SampleManifest {
        SampleManifest(
            origin: .imported(try physics()), samples: 5,
            strata: [Stratum(sources: 1, samples: 2), Stratum(sources: 3, samples: 3)],
            digest: digest(1), copies: [], cut: PartCut(size: 4),
            parts: [
                SampleManifest.Part(
                    file: file("configurations-00000.jsonl", samples: 4), first: 0, ids: digest(2)),
                SampleManifest.Part(
                    file: file("configurations-00001.jsonl", samples: 1), first: 4, ids: digest(3)),
            ])
    }

    static func solve() throws -> SolveManifest {
        SolveManifest(
            accuracy: Accuracy(), inputs: [try sample().input], samples: 4,
            strata: [Stratum(sources: 1, samples: 2), Stratum(sources: 3, samples: 2)],
            digest: digest(4), largestErrorBound: 9e-7,
            leftOut: [
                UncertifiedSample(id: try id(7), sources: 3, index: 1, errorBound: nil),
                UncertifiedSample(id: try id(8), sources: 3, index: 2, errorBound: 0.5),
            ], samplesPerPart: 4, compressionLevel: 3,
            parts: [SolveManifest.Part(file: file("part-00000.h5", samples: 4), first: 0)])
    }

    static func split() throws -> SplitManifest {
        SplitManifest(
            split: try Split(testEvery: 5, subsets: [50, 100]), inputs: [try solve().input],
            parts: [PartCount(part: .train, samples: 3), PartCount(part: .test, samples: 1)],
            selections: [
                Selection(name: "train/S100%", part: .train, ranks: 0..<4, samples: 3),
                Selection(name: "test/S100%", part: .test, ranks: 0..<1, samples: 1),
            ])
    }

    static func pack(isVersion: Bool) throws -> PackManifest {
        let solve = try solve()
        let split = try split()
        var pack = PackManifest(
            physics: try physics(), accuracy: solve.accuracy, inputs: [solve.input, split.input],
            samples: 4, strata: solve.strata, parts: split.parts, selections: split.selections,
            digest: digest(5), largestErrorBound: 9e-7, codec: ShardCodecs.standard,
            compressionLevel: nil, samplesPerShard: 2,
            locations: PackManifest.Companion(file("locations.npy")),
            shards: [
                PackManifest.Shard(
                    file: file("train-00000.h5"), part: .train, ranks: 0..<2, digest: digest(6))
            ])
        guard isVersion else { return pack }
        pack.inputs = [pack.input]
        pack.choices = PackManifest.Companion(file("choices-0123456789abcdef.csv"))
        pack.descent = PackManifest.Descent(
            parent: digest(7), choices: digest(8),
            round: try VersionRound(
                number: 2, selection: "train/round-2", from: "S50%", acquisition: "top",
                added: [Stratum(sources: 1, samples: 2)], dropped: [], taken: [], meanScore: nil,
                facts: [
                    "curation": .object(["score": .string("error"), "by": .string("mae")]),
                    "judge": RoundJudge.model(digest(1)).json, "candidates": .integer(8),
                    "mean_candidate_score": .number(0.5), "seed": .integer(4),
                ]))
        return pack
    }

    static func train() throws -> TrainManifest {
        TrainManifest(
            training: TrainingDescription(), inputs: [try pack(isVersion: false).input],
            samples: 3, judgedSamples: 1, parameterCount: 1000, epochs: 2, steps: 4, bestEpoch: 2,
            judged: [0.5, nil], digest: digest(10),
            files: [file("weights.safetensors"), file("metrics.jsonl")])
    }

    static func evaluate(hasLabels: Bool) throws -> EvaluateManifest {
        var parameters = EvaluateManifest.Parameters(selection: "test")
        parameters.models = [digest(10)]
        parameters.dropoutSamples = 4
        parameters.labels = hasLabels ? .solved : .none
        parameters.solver = hasLabels ? Accuracy(tolerance: 1e-5, gridBits: nil) : nil
        parameters.writesFeatures = true
        return EvaluateManifest(
            parameters: parameters, inputs: [try train().input], samples: 3,
            result: hasLabels
                ? .measured(mae: 0.25) : .estimated(mae: 0.25, largestBound: .infinity),
            digest: digest(11), leftOut: 2,
            features: EvaluateManifest.Features(width: 8, digest: digest(12)),
            files: [file("errors.csv"), file("summary.csv"), file("features.npy")])
    }

    static func resample() throws -> ResampleManifest {
        ResampleManifest(
            round: 1, curation: Curation(), selection: "S50%", judge: .command("train.py"),
            parent: digest(7), candidates: 9, meanCandidateScore: 0.5, added: 2, taken: 1,
            dropped: 0, meanScore: 0.75,
            strata: [
                ResampleManifest.StratumChoices(
                    sources: 1, added: 2, taken: 1, dropped: 0, meanScore: 0.75),
                ResampleManifest.StratumChoices(
                    sources: 3, added: 0, taken: 0, dropped: 0, meanScore: nil),
            ], digest: digest(13), files: [file("choices.csv"), file("configurations.jsonl")])
    }

    /// One of each.
    static func all() throws -> [any StageManifest] {
        [
            try sample(), try solve(), try split(), try pack(isVersion: false),
            try pack(isVersion: true), try train(), try evaluate(hasLabels: true),
            try evaluate(hasLabels: false), try resample(),
        ]
    }
}
