internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Learning
internal import Sampling
internal import Shards
internal import Solving

/// One run over a dataset's folder: the pipeline, where to write, how many threads, and who hears
/// of it.
///
/// Each stage is an extension in a file of its own (`Job+Sample`, `Job+Solve`, …).
final class Job {
    let pipeline: PipelineFile
    let pipelinePath: String
    let dataset: Dataset
    let threads: Int
    let reporter: any Reporter
    /// The user's own configurations, instead of the pipeline's design.
    let importPath: String?
    /// Whether solved samples that the pipeline no longer asks for may be removed.
    let replace: Bool
    /// Whose shards a model is trained on: this dataset's as a rule.
    let source: Dataset
    /// How shards store labels.
    let codec: any ShardCodec
    /// Whether samples that are the same problem as an earlier one are left out; what is made
    /// without that is not sound, and serves to test how that is found.
    let findsCopies: Bool

    init(
        pipeline: PipelineFile, pipelinePath: String, dataset: Dataset, threads: Int,
        reporter: any Reporter, importPath: String? = nil, replace: Bool = false,
        source: Dataset? = nil, codec: (any ShardCodec)? = nil, findsCopies: Bool = true
    ) {
        self.pipeline = pipeline
        self.pipelinePath = pipelinePath
        self.dataset = dataset
        self.threads = threads
        self.reporter = reporter
        self.importPath = importPath
        self.replace = replace
        self.source = source ?? dataset
        self.codec = codec ?? pipeline.codec
        self.findsCopies = findsCopies
    }

    /// Does one stage, as far as it is not done.
    func perform(_ stage: Stage) throws {
        switch stage {
        case .sample: try sample()
        case .solve: try solve()
        case .split: try split()
        case .pack: try pack()
        case .train: try train()
        case .evaluate: try evaluate()
        case .resample: try resample()
        }
    }

    /// Where the sample stage takes configurations from; a file is read once.
    func origin() throws -> ConfigurationOrigin {
        if let knownOrigin { return knownOrigin }
        let origin = try readOrigin()
        knownOrigin = origin
        return origin
    }

    private var knownOrigin: ConfigurationOrigin?

    private func readOrigin() throws -> ConfigurationOrigin {
        if let importPath {
            return .imported(
                try ImportedConfigurations(path: importPath, physics: pipeline.physics))
        }
        guard let design = pipeline.design else {
            throw PipelineError(
                .data,
                "\(pipelinePath): has no 'sampling', so there is nothing to draw: add it, or "
                    + "import configurations with --from FILE.jsonl")
        }
        return .drawn(design)
    }

    /// The sample stage as it is on the disk, which must be what the pipeline asks for.
    func listing() throws -> (Manifest, SampleListing) {
        let manifest = try dataset.manifest(.sample)
        let listing = try SampleListing(manifest)
        let current = pipeline.design.map { ConfigurationOrigin.drawn($0).parameters }
        if manifest.parameters["import"] == nil, let current, manifest.parameters != current {
            throw PipelineError(
                .data,
                "\(dataset.folder(.sample)) was made from another 'sampling' or 'physics' than "
                    + "\(pipelinePath) has: run 'steadyset sample' or 'steadyset run' with this "
                    + "pipeline first")
        }
        return (manifest, listing)
    }

    /// The manifest of a finished step, or nil where the step must be done (again).
    func finished(_ step: String, _ stage: Stage, fingerprint: Digest) -> Manifest? {
        guard let record = StepRecord(step: step, in: dataset), record.fingerprint == fingerprint,
            record.isIntact(in: dataset), let manifest = try? dataset.manifest(stage)
        else { return nil }
        return manifest
    }

    /// Takes a stage's result back before its files change.
    func invalidate(_ stage: Stage) throws {
        try StepRecord.remove(stage.rawValue, in: dataset)
        try AtomicFile.withdraw("\(dataset.folder(stage))/\(Manifest.fileName)")
        try Dataset.createFolder(dataset.folder(stage))
    }

    /// Removes this program's files of a stage's folder that its manifest will not name, what a
    /// killed run left among them, and the records of steps other than the stage's own and `steps`.
    /// Files of any other name are the user's, and stay.
    ///
    /// - Throws: `PipelineError` where a finished part would be removed without `--replace`.
    func sweep(_ stage: Stage, keeping names: Set<String>, steps: Set<String> = []) throws {
        try protectUnlisted(stage, keeping: names)
        for step in StepRecord.steps(stage, in: dataset)
        where step != stage.rawValue && !steps.contains(step) {
            try? StepRecord.remove(step, in: dataset)
        }
        let folder = dataset.folder(stage)
        let prefixes: [String] =
            switch stage {
            case .sample: ["configurations-"]
            case .solve: ["part-"]
            case .split, .train, .evaluate, .resample: []
            case .pack: Split.Part.allCases.map { "\($0.rawValue)-" }
            }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where !names.contains(name) {
            let plain =
                name.hasPrefix(".") && name.hasSuffix(".tmp")
                ? String(name.dropFirst().dropLast(4)) : name
            let digits = prefixes.first(where: plain.hasPrefix).map {
                plain.dropFirst($0.count).prefix { $0 != "." }
            }
            if let digits, !digits.isEmpty, digits.allSatisfy(\.isNumber) {
                AtomicFile.remove("\(folder)/\(name)")
            }
        }
    }

    /// Commits a stage: its manifest, its provenance, and the record that lets it be skipped;
    /// `further` are files that the manifest names outside `files`, `worked` the samples that the
    /// work was on where that is another number, and `extra` further members of the provenance.
    func commit(
        _ manifest: Manifest, stage: Stage, fingerprint: Digest, further: [Manifest.File] = [],
        samples: Int, started: Stopwatch, work: Double? = nil, worked: Int? = nil,
        provenance extra: [String: JSON] = [:]
    ) throws {
        let folder = dataset.folder(stage)
        let seconds = started.seconds
        try Provenance(
            stage: stage, manifest: manifest.id, pipeline: pipeline.name, threads: threads,
            started: started, seconds: seconds, workSeconds: work ?? seconds,
            samples: worked ?? samples, importPath: importPath, extra: extra
        ).write(to: folder)
        try dataset.commit(
            manifest, of: stage, fingerprint: fingerprint, further: further, samples: samples,
            seconds: seconds)
        reporter.ended(
            stage, id: manifest.id, samples: samples,
            bytes: manifest.files.reduce(0) { $0 + $1.bytes }, seconds: seconds, skipped: false)
    }

    /// Reports a stage in which nothing was to do.
    func skipped(_ manifest: Manifest, stage: Stage) {
        let parts = manifest.content["parts"]?.array ?? []
        let samples =
            manifest.content["samples"]?.int ?? parts.reduce(0) { $0 + ($1["samples"]?.int ?? 0) }
        reporter.ended(
            stage, id: manifest.id, samples: samples,
            bytes: manifest.files.reduce(0) { $0 + $1.bytes }, seconds: 0, skipped: true)
    }

    /// A manifest's reference to the stage that it was made from.
    func input(_ stage: Stage, _ manifest: Manifest) -> Manifest.Input {
        Manifest.Input(
            stage: stage.rawValue,
            path: stage == .pack ? manifest.packPath : "\(stage.rawValue)/\(Manifest.fileName)",
            id: manifest.id)
    }
}
