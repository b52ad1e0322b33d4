import Datasets
import Documents
import Fields
import Learning
import Pipeline
import Sampling
import Shards
import Solving
import Testing

@Suite struct PipelineFileTests {
    @Test func readsEveryShippedPipeline() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let paper = try PipelineFile(path: "/\(root)/pipelines/paper.yaml")
        #expect(paper.design?.sampleCount == 400_000)
        #expect(paper.physics.diffusionLength == 20)
        #expect(paper.split.windows.count == 5)
        let emitting = try PipelineFile(path: "/\(root)/pipelines/diffsolver.yaml")
        #expect(emitting.physics.sources == .emitting)
        #expect(emitting.physics.overlap == .sum)
        for name in ["quickstart", "tiny"] {
            #expect(try PipelineFile(path: "/\(root)/pipelines/\(name).yaml").name == name)
        }
    }

    @Test func fillsDefaults() throws {
        let scratch = try Scratch()
        let path = try scratch.file("p.yaml", "format: 1\nname: p\nphysics: {lattice: [64, 32]}\n")
        let file = try PipelineFile(path: path)
        #expect(file.physics.diffusivity == .isotropic(.constant(1)))
        #expect(file.physics.decayRate == .constant(0.0025))
        #expect(file.physics.overlap == .max)
        #expect(file.accuracy == Accuracy() && file.samplesPerPart == file.samplesPerShard)
        #expect(file.physics == (try Physics(lattice: Lattice(rows: 64, columns: 32))))
        #expect(file.design == nil && file.training == nil && file.curation == nil)
        #expect(file.split == (try Split()))
        #expect(file.compressionLevel == 3 && file.samplesPerShard == 1000)
        #expect(file.codec.name == "standard" && file.trainer == nil && file.modelCode == nil)
    }

    /// Defaults that depend on other keys, and blocks that are read only where they are there.
    @Test func fillsDefaultsOfBlocks() throws {
        let scratch = try Scratch()
        let head = "format: 1\nname: p\nphysics: {lattice: [64, 32], sources: emitting}\n"
        let path = try scratch.file(
            "p.yaml",
            head + """
                sampling: {strata: {from: 2, to: 3}, samples_per_stratum: 4, seed: 1}
                train: {code: 4T-1, model: {kind: u-net}, optimiser: {beta1: 0.8}, epochs: 3}
                rounds: {add: 5, acquisition: power, trainer: {command: "true"}}
                """)
        let file = try PipelineFile(path: path)
        #expect(file.physics.overlap == .sum)
        let design = try Design(
            physics: file.physics, strata: [2, 3], counts: [4, 4], radius: 5, seed: 1)
        #expect(file.design == design)
        #expect(file.training?.bestBy == .mae && file.training?.epochs == 3)
        #expect(file.training?.optimiser.beta1 == 0.8)
        #expect(file.training?.optimiser.learningRate == 1e-4 && file.modelCode == "4T-1")
        #expect(file.curation?.acquisition.name == "power")
        #expect(file.curation?.json["power"] == .integer(3))
        #expect(file.curation?.column == "mae" && file.curation?.pool == 5000)
        #expect(file.trainer?.timeLimit == 3600 && file.trainer?.command == "true")
        // An import may replace what sources do, and with it the overlap's default.
        let pinned = try PipelineFile(path: path, sources: .pinned)
        #expect(pinned.physics.overlap == .max)
    }

    /// Text to replace, its replacement, and what the message must hold.
    @Test(arguments: [
        ("radius: 2", "radus: 2", "did you mean 'radius'"), ("radius: 2", "radus: 2", ":10:"),
        ("radius: 2", "radius: -1", "sampling.radius"), ("radius: 2", "radius: 20", "do not fit"),
        ("radius: 2", "radius: two", "radius"), ("seed: 3", "seed: 1.5", "seed"),
        ("seed: 3", "seed: 3\n  seed: 4", "seed"), ("seed: 3", "seed: &a 3", ""),
        ("lattice: [40, 33]", "lattice: [40]", "lattice"),
        ("lattice: [40, 33]", "lattice: [16, 33]", "32"),
        ("lattice: [40, 33]", "lattice: [40, 5000]", "4096"),
        ("sources: pinned", "sources: pined", "pinned"),
        ("tolerance: 1.0e-6", "tolerance: 1.0e-9", "grid_bits"),
        ("tolerance: 1.0e-6", "tolerance: .nan", "tolerance"),
        ("tolerance: 1.0e-6", "tolerance: 1e999", "too large"),
        ("subsets: [25, 50, 100]", "subsets: [50, 25, 100]", "split"),
        ("subsets: [25, 50, 100]", "subsets: [25, 50]", "split"),
        ("strata: [1, 3]", "strata: {from: 3, to: 1}", "strata"),
        ("strata: [1, 3]", "strata: [3, 1]", "strata"),
        ("samples_per_stratum: 10", "samples_per_stratum: [10]", "count"),
        ("samples_per_stratum: 10", "samples_per_stratum: 100000", "different"),
        ("seed: 3", "seed: !!int 3", "tags are not supported"),
        ("seed: 3", "seed: !!int \"3\"", "tags are not supported"),
        ("seed: 3", "!!str seed: 3", "tags are not supported"),
        ("format: 1", "format: 2", "format"), ("format: 1", "--- 1\n---\nformat: 1", ""),
        ("name: test", "name: ../x", "name"), ("pack:", "pakc:", "did you mean 'pack'"),
    ]) func saysWhatIsWrong(change: (String, String, String)) throws {
        let scratch = try Scratch()
        let text = pipelineText()
        #expect(text.contains(change.0))
        let path = try scratch.file("p.yaml", text.replacing(change.0, with: change.1))
        let error = failure { _ = try PipelineFile(path: path) }
        if change.1.contains("&a") {
            // An anchor alone is harmless; only aliases are refused.
            #expect(error == nil)
        } else {
            #expect(error?.kind == .data, "\(change)")
            #expect(error?.message.contains("p.yaml") == true, "\(error?.message ?? "no error")")
            #expect(error?.message.contains(change.2) == true, "\(error?.message ?? "no error")")
        }
    }

    @Test func refusesWhatIsNoPipeline() throws {
        let scratch = try Scratch()
        #expect(
            failure { _ = try PipelineFile(path: "\(scratch.path)/none.yaml") }?.kind == .noInput)
        #expect(failure { _ = try PipelineFile(path: scratch.path) }?.kind == .noInput)
        let empty = try scratch.file("empty.yaml", "")
        #expect(failure { _ = try PipelineFile(path: empty) }?.message.contains("is empty") == true)
        let alias = try scratch.file("alias.yaml", "format: &x 1\nname: *x\n")
        #expect(failure { _ = try PipelineFile(path: alias) }?.kind == .data)
        let broken = try scratch.file("broken.yaml", "format: [1\n")
        #expect(failure { _ = try PipelineFile(path: broken) }?.kind == .data)
    }
}
