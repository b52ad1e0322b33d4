internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

/// The solve stage: every part that is not done, then the manifest over all of them.
struct SolveStage: PipelineStage {
    /// What the samples must have been drawn from, where they were.
    let design: Design?
    /// What labels must satisfy.
    let accuracy: Accuracy
    /// zstd's level.
    let compressionLevel: Int
    /// How parts hold labels. Those that are there may be of any codec: what they say of a label
    /// is the same.
    let codec: any ShardCodec
    /// Whether only the manifest is to be written, over parts that are all done.
    var gathersOnly = false

    let stage = Stage.solve
    /// Those of its parts, which a plan names in their place.
    let upstream: [String] = []

    func inputs(_ listing: SampleListing) -> [String] {
        [Stage.sample.manifestPath()] + parts(of: listing).flatMap { $0.outputs(listing) }
    }

    func outputs(_ listing: SampleListing) -> [String] { [stage.manifestPath()] }

    func fingerprint(upstream: [Digest]) -> Digest { Fingerprint.solve(upstream) }

    func upstream(in context: StageContext) throws -> [Digest] {
        parts(of: try context.listing(of: design).1).map { $0.fingerprint(upstream: []) }
    }

    /// The steps that it is made from.
    func parts(of listing: SampleListing) -> [SolvePart] {
        listing.parts.map { SolvePart(part: $0, listing: listing, whole: self) }
    }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let started = Stopwatch()
        let (sampleManifest, listing) = try context.listing(of: design)
        let parts = parts(of: listing)
        let done = parts.map { $0.isDone($0.fingerprint(upstream: []), in: context) }
        if gathersOnly, let missing = zip(parts, done).first(where: { !$0.1 })?.0 {
            throw PipelineError(
                .noInput,
                "\(missing.id) is not done: run 'steadyset step … \(missing.id)' first")
        }
        if !gathersOnly {
            if !context.replace {
                try protectLabels(listing, sampleManifest, done: done, in: context)
            }
            let solved = zip(parts, done).reduce(0) { $0 + ($1.1 ? $1.0.part.count : 0) }
            context.reporter.began(stage, total: listing.sequence.count, done: solved)
            warnOfFullDisk(listing.sequence.count - solved, listing.physics.lattice, context)
        }
        try context.invalidate(stage)
        // While a part's file is synchronised and digested, the next part is solved.
        let closing = BackgroundWork()
        defer { closing.wait() }
        let workers = SolveWorkers(form(of: listing))
        var solved = zip(parts, done).reduce(0) { $0 + ($1.1 ? $1.0.part.count : 0) }
        for (part, _) in zip(parts, done).filter({ !$0.1 }) {
            let before = solved
            let publish = try part.solve(sampleManifest, with: workers, in: context) { count in
                context.reporter.advanced(stage, done: before + count)
            }
            solved += part.part.count
            try closing.start(publish)
        }
        context.reporter.hear(.part(nil))
        try closing.finish()
        try gather(
            listing, sampleManifest, fingerprint: fingerprint, started: started, in: context)
    }

    /// Why a label with this bound is left out, for people.
    func reason(of bound: Double, _ physics: Physics) -> String {
        if bound == .infinity, accuracy.method == .direct {
            return "it has more pinned sites than the direct method takes; solver.method 'auto' "
                + "solves it"
        }
        if bound == .infinity, physics.isLognormal {
            return "none of \(GaussianCoefficient.maximumAttempts) draws of its medium has a "
                + "contrast in the range; a wider 'contrast' loses fewer samples"
        }
        return "its error bound is \(bound), above the tolerance of \(accuracy.tolerance)"
    }

    /// What all parts have in common.
    func form(of listing: SampleListing) -> ShardFormat {
        ShardFormat(
            physics: listing.physics, accuracy: accuracy, maximumSources: listing.strata.last ?? 1,
            codec: codec, level: compressionLevel)
    }

    /// Says so where the disk will probably not hold the parts that are still to be written.
    private func warnOfFullDisk(
        _ samples: Int, _ lattice: Lattice, _ context: StageContext
    ) {
        // Labels of the paper's problem take 1.3 bytes a site; others were seen from 0.5 to 3.
        let needed = Double(samples * lattice.count) * 1.3
        let attributes = try? FileManager.default.attributesOfFileSystem(
            forPath: context.dataset.root)
        guard codec.labels != nil,
            let free = (attributes?[.systemFreeSize] as? NSNumber)?.doubleValue, free < needed
        else { return }
        context.reporter.warned(
            "\(context.dataset.root) will take about \(Words.bytes(Int(needed))) more, and the "
                + "disk has only \(Words.bytes(Int(free))) free")
    }

    /// Writes the manifest over parts that are all there.
    private func gather(
        _ listing: SampleListing, _ sampleManifest: SampleManifest, fingerprint: Digest,
        started: Stopwatch, in context: StageContext
    ) throws {
        let dataset = context.dataset
        var leftOut: [UncertifiedSample] = []
        var files: [SolveManifest.Part] = []
        var work = 0.0
        // Parts of an earlier release do not say how they were solved; then nothing is said of all.
        var ways: [Solution.Way: Int]? = [:]
        var statistics: [SampleStatistics?] = []
        for part in listing.parts {
            guard let record = StepRecord(step: part.step, in: dataset),
                let file = record.files.first
            else {
                throw PipelineError(
                    .noInput, "\(part.step) is not done: run 'steadyset solve' again")
            }
            leftOut += record.leftOut
            work += record.seconds
            if part.place.part == .train, file.samples > 0 { statistics.append(record.statistics) }
            ways = record.ways.flatMap { own in ways?.merging(own) { $0 + $1 } }
            files.append(
                SolveManifest.Part(
                    file: Manifest.File(
                        path: part.labels, bytes: file.bytes, sha256: file.sha256,
                        samples: file.samples), first: part.place.first))
        }
        let labels = try SolvedSamples(recorded: files.map(\.file), in: dataset.folder(stage))
            .summary(strata: listing.strata)
        let names = Set(files.map(\.file.path))
        if !context.replace { try protectUnlisted(listing, keeping: names, in: context) }
        try context.sweep(stage, keeping: names, steps: Set(listing.parts.map(\.step)))
        let samples = labels.counts.reduce(0, +)
        guard samples > 0 else {
            throw PipelineError(
                .data,
                "no label at all reaches the tolerance of \(accuracy.tolerance): raise "
                    + "solver.tolerance, or look at the configurations in "
                    + "\(dataset.folder(.sample))")
        }
        let manifest = SolveManifest(
            accuracy: accuracy, inputs: [sampleManifest.input], samples: samples,
            strata: [Stratum](strata: listing.strata, counts: labels.counts),
            digest: labels.digest, largestErrorBound: labels.largestBound,
            leftOut: leftOut.sorted { ($0.index, $0.sources) < ($1.index, $1.sources) },
            samplesPerPart: listing.cut.size, compressionLevel: compressionLevel, parts: files,
            statistics: SampleStatistics.sum(statistics))
        try context.commit(
            manifest, fingerprint: fingerprint, samples: samples, started: started,
            work: work, provenance: ways.map { ["methods": WayCounts.json($0)] } ?? [:])
    }
}
