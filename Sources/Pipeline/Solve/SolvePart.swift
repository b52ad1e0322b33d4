internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

/// One part of the solve stage: samples that are solved and stored together, as a shard stores
/// them.
struct SolvePart: PipelineStage {
    let part: SampleListing.Part
    let listing: SampleListing
    /// The stage that it is a part of.
    let whole: SolveStage

    let stage = Stage.solve
    var id: String { part.step }
    let upstream: [String] = []

    func inputs(_ listing: SampleListing) -> [String] {
        [Stage.sample.manifestPath(), Stage.sample.path(part.configurations)]
    }

    func outputs(_ listing: SampleListing) -> [String] {
        [stage.path(part.labels), StepRecord.path(of: id)]
    }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.solvePart(
            ids: part.ids, part.place, strata: listing.strata.count,
            without: listing.copies(in: part), physics: listing.physics,
            accuracy: whole.accuracy, level: whole.compressionLevel)
    }

    func upstream(in context: StageContext) -> [Digest] { [] }

    func record(in context: StageContext) -> RecordPlace {
        RecordPlace(dataset: context.dataset, step: id)
    }

    func isReadable(_ record: StepRecord, in context: StageContext) -> Bool {
        !record.files.isEmpty
    }

    func skip(in context: StageContext) {}

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let sampleManifest = try context.dataset.manifest(SampleManifest.self)
        if !context.replace {
            try whole.protectLabels(
                listing, sampleManifest, done: listing.parts.map { _ in false }, only: part,
                in: context)
        }
        try context.invalidate(stage)
        context.reporter.began(stage, total: part.count, done: 0)
        try solve(sampleManifest, with: SolveWorkers(whole.form(of: listing)), in: context) {
            context.reporter.advanced(stage, done: $0)
        }()
    }

    /// Solves it: samples in parallel, written in order. Returns what commits its file, as a
    /// whole.
    func solve(
        _ sampleManifest: SampleManifest, with workers: SolveWorkers, in context: StageContext,
        progress: @escaping (Int) -> Void
    ) throws -> () throws -> Void {
        let (dataset, reporter, clock) = (context.dataset, context.reporter, context.clock)
        reporter.hear(.part(part.step))
        let started = Stopwatch()
        try StepRecord.remove(part.step, in: dataset)
        let configurations = try clock.time(.reading) {
            try context.configurations(part, listing, sampleManifest)
        }
        let count = configurations.count
        let physics = listing.physics
        let writer = try whole.form(of: listing).writer(
            for: dataset.path("solve/\(part.labels)"), capacity: max(1, count))
        let ranks = try configurations.map { try listing.rank(of: $0) }
        var leftOut: [UncertifiedSample] = []
        var ways: [Solution.Way: Int] = [:]
        let meters = part.place.part == .train ? SampleMeters(physics) : nil
        try clock.timeThreads(min(context.threads, max(1, count))) { clock in
            try OrderedWork.run(count: count, threads: context.threads) {
                { position in
                    try Interruption.check()
                    let item = configurations[position]
                    let image = SourceImage(item.configuration)
                    return try workers.withOne { worker in
                        let solution = clock.time(.solving) {
                            worker.solver.solve(
                                image, physics: item.configuration.physics, into: &worker.label)
                        }
                        guard solution.isCertified else { return (solution, nil as EncodedSample?) }
                        let sample = try clock.time(.compressing) {
                            try worker.encoder.encode(
                                item.configuration, under: physics, image: image,
                                label: worker.label, id: item.id, index: UInt64(item.index),
                                errorBound: solution.errorBound, by: worker.solver, telling: meters)
                        }
                        return (solution, sample)
                    }
                }
            } consume: { (position: Int, result: (Solution, EncodedSample?)) in
                if var sample = result.1 {
                    sample.rank = ranks[position]
                    ways[result.0.way, default: 0] += 1
                    try clock.time(.writing) { try writer.append(sample) }
                } else {
                    let (item, bound) = (configurations[position], result.0.errorBound)
                    leftOut.append(
                        UncertifiedSample(
                            id: item.id, sources: item.configuration.sources.count,
                            index: item.index, errorBound: bound.isFinite ? bound : nil))
                    if leftOut.count <= SolvePart.warningsPerPart {
                        reporter.warned(
                            "sample \(item.id) is left out: \(whole.reason(of: bound, physics))")
                    }
                }
                progress(position + 1)
            }
        }
        if count < part.count { progress(part.count) }
        if leftOut.count > SolvePart.warningsPerPart {
            reporter.warned(
                "\(leftOut.count - SolvePart.warningsPerPart) more samples of \(part.step) are "
                    + "left out; solve/manifest.json will list them all")
        }
        let fingerprint = fingerprint(upstream: [])
        let statistics = try meters?.statistics(of: .train)
        return { [leftOut, ways] in
            try clock.time(.writing) {
                _ = try dataset.publish(
                    writer, as: "solve/\(part.labels)", step: part.step, fingerprint: fingerprint,
                    leftOut: leftOut, ways: ways, statistics: statistics, started: started)
            }
        }
    }

    /// Samples that are named when they are left out; of the others only the number is said.
    private static let warningsPerPart = 5
}

extension StageContext {
    /// Reads and checks a part's configurations; those of copies of earlier samples are left out.
    func configurations(
        _ part: SampleListing.Part, _ listing: SampleListing, _ sampleManifest: SampleManifest
    ) throws -> [ListedConfiguration] {
        listing.withoutCopies(
            try listing.configurations(of: part, sampleManifest, in: dataset.folder(.sample)),
            in: part)
    }
}

extension SampleListing {
    /// The rank of a configuration that it lists.
    fileprivate func rank(of item: ListedConfiguration) throws -> UInt64 {
        guard let stratum = strata.firstIndex(of: item.configuration.sources.count) else {
            throw PipelineError(
                .data,
                "sample \(item.id) is of no stratum: run 'steadyset sample' again")
        }
        return UInt64(rank(of: SampleAddress(stratum: stratum, index: item.index)))
    }
}
