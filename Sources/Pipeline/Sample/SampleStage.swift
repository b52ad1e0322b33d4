internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

/// The sample stage: writes every configuration, as JSON Lines, cut into the parts that will be
/// solved.
struct SampleStage: PipelineStage {
    /// Where configurations come from.
    let origin: ConfigurationOrigin
    let cut: PartCut
    /// Whether samples that are the same problem as an earlier one are left out; what is made
    /// without that is not sound, and serves to test how that is found.
    var findsCopies = true
    /// How samples are solved and divided afterwards, by which labels and versions that are there
    /// are told from others; nil where none are.
    var later: (solve: SolveStage, split: Split)?

    let stage = Stage.sample
    let upstream: [String] = []

    func inputs(_ listing: SampleListing) -> [String] { [] }

    func outputs(_ listing: SampleListing) -> [String] {
        listing.parts.map { stage.path($0.configurations) } + [stage.manifestPath()]
    }

    func fingerprint(upstream: [Digest]) -> Digest {
        Fingerprint.sample(origin, cut)
    }

    func upstream(in context: StageContext) -> [Digest] { [] }

    func perform(in context: StageContext, fingerprint: Digest) throws {
        let started = Stopwatch()
        let dataset = context.dataset
        if let later, !context.replace {
            try protectSolvedSamples(later.solve, in: context)
            try VersionGuard(context, split: later.split).check(
                origin, strata: origin.strata, counts: origin.counts)
        }
        if case .drawn(let design) = origin { try design.checkContrast() }
        let total = origin.counts.reduce(0, +)
        context.reporter.began(stage, total: total, done: 0)
        try context.invalidate(stage)
        var (found, done) = ([Int: Manifest.File](), 0)
        let listing = try SampleListing(
            origin, cut, threads: context.threads, lines: true, findsCopies: findsCopies,
            clock: context.clock
        ) { part, lines in
            try context.clock.time(.writing) {
                _ = try AtomicFile.write(
                    lines, to: "\(dataset.folder(stage))/\(part.configurations)")
            }
            found[part.number] = Manifest.File(
                path: part.configurations, bytes: lines.count, sha256: Digest(of: lines),
                samples: part.count)
            done += part.count
            context.reporter.advanced(stage, done: done)
        }
        let files = listing.parts.compactMap { found[$0.number] }
        try context.sweep(stage, keeping: Set(files.map(\.path)))
        warn(of: listing.copies, among: total, context.reporter)
        let manifest = listing.manifest(of: origin.recorded, files: files)
        try context.commit(
            manifest, fingerprint: fingerprint, samples: total, started: started)
    }

    /// Says how many samples are left out because earlier ones are the same problem.
    private func warn(of copies: Copies, among total: Int, _ reporter: any Reporter) {
        guard let first = copies.entries.first else { return }
        let table = Dictionary(grouping: copies.entries, by: \.sources).sorted { $0.key < $1.key }
            .map { "\($0.value.count) of \($0.key) \($0.key == 1 ? "source" : "sources")" }.joined(
                separator: ", ")
        reporter.warned(
            "\(copies.count) of \(total) samples are left out (\(table)): each is the image of an "
                + "earlier one, as it is or seen from another side, such as \(first.id) of "
                + "\(first.original); sample/manifest.json lists them all")
    }
}
