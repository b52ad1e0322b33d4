internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// What stages work in: where they write, with how many threads, and who hears of it.
struct StageContext {
    /// The dataset as a whole.
    let base: Dataset
    /// Where the stages are: the dataset itself, or the folder of one of its rounds.
    let dataset: Dataset
    let threads: Int
    let reporter: any Reporter
    /// Whether solved samples that nobody asks for any more, or a model, may be removed.
    let replace: Bool
    /// What the pipeline is called, and its file.
    let pipelineName: String
    let pipelinePath: String
    /// The user's own configurations, for the record.
    let importPath: String?
    /// What the threads of the step do.
    private(set) var clock = PhaseClock()
    /// The step that it is a part of, which is all that the reporter hears of; nil for none.
    private var isWithinStep = false

    /// A context for a dataset of its own.
    init(
        _ dataset: Dataset, threads: Int, reporter: any Reporter, replace: Bool = false,
        pipelineName: String, pipelinePath: String, importPath: String? = nil
    ) {
        base = dataset
        self.dataset = dataset
        self.threads = threads
        self.reporter = reporter
        self.replace = replace
        self.pipelineName = pipelineName
        self.pipelinePath = pipelinePath
        self.importPath = importPath
    }

    private init(_ dataset: Dataset, in other: StageContext) {
        base = other.base
        self.dataset = dataset
        threads = other.threads
        reporter = other.reporter
        replace = other.replace
        pipelineName = other.pipelineName
        pipelinePath = other.pipelinePath
        importPath = other.importPath
        (clock, isWithinStep) = (other.clock, other.isWithinStep)
    }

    /// The same in the folder of a round, or in the dataset's own for 0.
    func of(round: Int) -> StageContext {
        StageContext(round == 0 ? base : base.round(round), in: self)
    }

    /// A context for work on the way in a folder that holds nothing else.
    func work(in folder: Dataset, importing path: String? = nil) -> StageContext {
        var context = StageContext(
            folder, threads: threads, reporter: reporter, replace: true, pipelineName: pipelineName,
            pipelinePath: pipelinePath, importPath: path)
        (context.clock, context.isWithinStep) = (clock, true)
        return context
    }

    /// Does `body`, which is a step of the plan, and tells what it took; what it does on the way is
    /// a part of it.
    func measuring(_ step: StepName, _ body: () throws -> Void) throws {
        guard !isWithinStep else { return try body() }
        let (began, before, earlier) = (Stopwatch(), ProcessUsage.current(), clock.all)
        var isDone = false
        defer {
            let phases = clock.all.merging(earlier) { $0 - $1 }.filter { $0.value > 0 }
            reporter.hear(
                .measured(
                    StepMeasures(
                        step, isDone: isDone, began: began, threads: threads, phases: phases,
                        before: before)))
        }
        try body()
        isDone = true
    }

    /// Says which step of the plan begins.
    func enter(_ step: StepName) { if !isWithinStep { reporter.hear(.entered(step)) } }

    /// Does `body` in the folder of the dataset, which is locked meanwhile; the reporter hears how
    /// that ends.
    ///
    /// - Parameters:
    ///   - step: The step that is done, beside which others may do other steps; nil where nobody
    ///     else may work there.
    ///   - mustExist: Whether the dataset has been begun.
    ///   - last: The last stage that is to be done, for those who ask.
    ///   - rounds: The most rounds that are to be done, for the same.
    func working<Result>(
        on step: String? = nil, until last: Stage, rounds: Int = 0, mustExist: Bool = false,
        _ body: () throws -> Result
    ) throws -> Result {
        let whole = try base.claim(shared: step != nil, mustExist: mustExist)
        let own = try step.map { try base.claim(step: $0) }
        return try withExtendedLifetime((whole, own)) {
            var place = Workplace(root: base.root, step: step)
            place.pipeline = pipelinePath.isEmpty ? nil : pipelinePath
            (place.last, place.rounds) = (last, last == .resample ? rounds : 0)
            return try place.telling(
                reporter,
                failure: {
                    let failure = PipelineError($0)
                    return DatasetError(failure.kind, failure.message, path: failure.path)
                }, body)
        }
    }
}

extension StageContext {
    /// The sample stage as it is on the disk, which must be what `design` asks for where it was
    /// drawn.
    func listing(of design: Design?) throws -> (SampleManifest, SampleListing) {
        let manifest = try dataset.manifest(SampleManifest.self)
        let listing = try SampleListing(manifest)
        if case .drawn(let drawn) = manifest.origin, let design, drawn.json != design.json {
            throw PipelineError(
                .data,
                "\(dataset.folder(.sample)) was made from another 'sampling' or 'physics' than "
                    + "\(pipelinePath) has: run 'steadyset sample' or 'steadyset run' with this "
                    + "pipeline first")
        }
        return (manifest, listing)
    }

    /// Refuses a stage that was made from another version of the one before it.
    func require<Own: StageManifest, Earlier: StageManifest>(
        _ manifest: Own, madeFrom earlier: Earlier
    ) throws {
        guard manifest.wasMade(from: earlier) else {
            throw PipelineError(
                .data,
                "\(dataset.root)/\(Own.stage) was made from another '\(Earlier.stage)' than the "
                    + "one that is there: run 'steadyset \(Own.stage)' again")
        }
    }

    /// Takes a stage's result back before its files change.
    func invalidate(_ stage: Stage) throws {
        try StepRecord.remove(stage.rawValue, in: dataset)
        try AtomicFile.withdraw("\(dataset.folder(stage))/\(Manifest.fileName)")
        try Dataset.createFolder(dataset.folder(stage))
        try Dataset.createFolder(dataset.stepsFolder)
    }

    /// Removes this program's files of a stage's folder that its manifest will not name, what a
    /// killed run left among them, and the records of steps other than the stage's own and `steps`.
    /// Files of any other name are the user's, and stay.
    func sweep(_ stage: Stage, keeping names: Set<String>, steps: Set<String> = []) throws {
        for step in try StepRecord.steps(stage, in: dataset)
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
        _ typed: some StageManifest, fingerprint: Digest, further: [Manifest.File] = [],
        samples: Int, started: Stopwatch, work: Double? = nil, worked: Int? = nil,
        provenance extra: [String: JSON] = [:]
    ) throws {
        let (manifest, stage) = (typed.manifest, type(of: typed).stage)
        let folder = dataset.folder(stage)
        let seconds = started.seconds
        try Provenance(
            stage: stage, manifest: manifest.id, pipeline: pipelineName, threads: threads,
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
    func skipped(_ typed: some StageManifest) {
        let manifest = typed.manifest
        reporter.ended(
            type(of: typed).stage, id: manifest.id, samples: typed.count,
            bytes: manifest.files.reduce(0) { $0 + $1.bytes }, seconds: 0, skipped: true)
    }

    /// What is thrown where labels would be lost that nobody asks for any more.
    func wouldLose(_ count: Int, partsOf samples: Int? = nil) -> PipelineError {
        let cut = samples.map { "or not in parts of \($0)" } ?? "or that no part of 'solve' has"
        return PipelineError(
            .cannotCreate,
            "\(dataset.root) holds \(count) solved samples that this pipeline does not ask for, "
                + "\(cut): choose another folder for --output, or pass "
                + "--replace to remove them")
    }
}

extension Dataset {
    /// The fingerprint of a stage that has this manifest here: that of its record, or the
    /// manifest's id where there is no record of it.
    func fingerprint<Own: StageManifest>(of manifest: Own) -> Digest {
        let stage = Own.stage
        guard version == nil, let record = StepRecord(step: stage.rawValue, in: self),
            let own = record.files.first, own.path == stage.manifestPath(),
            let found = try? FileDigest(
                of: "\(folder(stage))/\(Manifest.fileName)", followingLinks: false),
            own.sha256 == found.sha256
        else { return manifest.id }
        return record.fingerprint
    }
}
