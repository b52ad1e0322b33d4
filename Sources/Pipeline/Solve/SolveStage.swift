internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

extension Job {
    /// The solve stage: every part that is not done, then the manifest over all of them.
    func solve() throws {
        let started = Stopwatch()
        let (sampleManifest, listing) = try listing()
        let parts = listing.parts.map { (part: $0, fingerprint: partFingerprint(of: $0, listing)) }
        let fingerprint = Fingerprint.solve(parts.map(\.fingerprint))
        let done = parts.map { isDone($0.part, $0.fingerprint) }
        if done.allSatisfy({ $0 }),
            let manifest = finished("solve", .solve, fingerprint: fingerprint)
        {
            return skipped(manifest, stage: .solve)
        }
        try protectLabels(listing, sampleManifest, done: done)
        var solved = zip(parts, done).reduce(0) { $0 + ($1.1 ? $1.0.part.count : 0) }
        reporter.began(.solve, total: listing.sequence.count, done: solved)
        warnOfFullDisk(listing.sequence.count - solved, listing.physics.lattice)
        try invalidate(.solve)
        // While a part's file is synchronised and digested, the next part is solved.
        let closing = BackgroundWork()
        defer { closing.wait() }
        for (index, (part, fingerprint)) in parts.enumerated() where !done[index] {
            let before = solved
            let publish = try solve(part, listing, sampleManifest, fingerprint: fingerprint) {
                [reporter] count in reporter.advanced(.solve, done: before + count)
            }
            solved += part.count
            try closing.start(publish)
        }
        try closing.finish()
        try gather(listing, sampleManifest, fingerprint: fingerprint, started: started)
    }

    /// Solves one part, unless it is done; what `steadyset step` does.
    func solve(step: String) throws {
        let (sampleManifest, listing) = try listing()
        guard let part = listing.parts.first(where: { $0.step == step }) else {
            throw PipelineError(
                .usage,
                "there is no step '\(step)': the plan has solve-00000 to "
                    + "\(listing.parts.last?.step ?? "none")")
        }
        let fingerprint = partFingerprint(of: part, listing)
        guard !isDone(part, fingerprint) else { return }
        try protectLabels(
            listing, sampleManifest, done: listing.parts.map { _ in false }, only: part)
        try invalidate(.solve)
        reporter.began(.solve, total: part.count, done: 0)
        try solve(part, listing, sampleManifest, fingerprint: fingerprint) { [reporter] count in
            reporter.advanced(.solve, done: count)
        }()
    }

    /// Writes the solve stage's manifest from parts that are all done; what `steadyset step solve`
    /// does.
    func gatherSolved() throws {
        let started = Stopwatch()
        let (sampleManifest, listing) = try listing()
        let fingerprints = listing.parts.map { partFingerprint(of: $0, listing) }
        let fingerprint = Fingerprint.solve(fingerprints)
        for (part, fingerprint) in zip(listing.parts, fingerprints) where !isDone(part, fingerprint)
        {
            throw PipelineError(
                .noInput, "\(part.step) is not done: run 'steadyset step … " + "\(part.step)' first"
            )
        }
        if let manifest = finished("solve", .solve, fingerprint: fingerprint) {
            return skipped(manifest, stage: .solve)
        }
        try invalidate(.solve)
        try gather(listing, sampleManifest, fingerprint: fingerprint, started: started)
    }

    func partFingerprint(of part: SampleListing.Part, _ listing: SampleListing) -> Digest {
        Fingerprint.solvePart(
            ids: part.ids,
            without: listing.copies.positions(in: part.positions).map { $0 - part.first },
            physics: listing.physics, accuracy: pipeline.accuracy, level: pipeline.compressionLevel)
    }

    func isDone(_ part: SampleListing.Part, _ fingerprint: Digest) -> Bool {
        guard let record = StepRecord(step: part.step, in: dataset) else { return false }
        return record.fingerprint == fingerprint && record.isIntact(in: dataset)
    }

    /// Solves one part: samples in parallel, written in order. Returns what commits its file, as a
    /// whole.
    private func solve(
        _ part: SampleListing.Part, _ listing: SampleListing, _ sampleManifest: Manifest,
        fingerprint: Digest, progress: @escaping (Int) -> Void
    ) throws -> () throws -> Void {
        let started = Stopwatch()
        try StepRecord.remove(part.step, in: dataset)
        let configurations = try configurations(part, listing, sampleManifest)
        let count = configurations.count
        let physics = listing.physics
        let writer = try ShardWriter(
            path: AtomicFile.temporary(for: dataset.path("solve/\(part.labels)")),
            lattice: physics.lattice, capacity: count,
            maximumSources: configurations.map { $0.configuration.sources.count }.max() ?? 1,
            kind: .part, coefficients: ShardCoefficient.drawn(under: physics),
            fixed: try ShardCoefficient.fixedValues(under: physics),
            attributes: ShardAttribute.describing(physics, pipeline.accuracy),
            level: pipeline.compressionLevel)
        var leftOut: [StepRecord.LeftOut] = []
        let (accuracy, level) = (pipeline.accuracy, pipeline.compressionLevel)
        try OrderedWork.run(count: count, threads: threads) {
            let solver = Solver(physics: physics, accuracy: accuracy)
            let encoder = try SampleEncoder(lattice: physics.lattice, level: level)
            var label = [Float](repeating: 0, count: physics.lattice.count)
            return { position in
                try Interruption.check()
                let item = configurations[position]
                let image = SourceImage(item.configuration)
                let solution = solver.solve(
                    image, physics: item.configuration.physics, into: &label)
                guard solution.isCertified else { return (solution, nil as EncodedSample?) }
                let sample = try encoder.encode(
                    item.configuration, under: physics, image: image, label: label, id: item.id,
                    index: UInt64(item.index), errorBound: solution.errorBound)
                return (solution, sample)
            }
        } consume: { [reporter] (position: Int, result: (Solution, EncodedSample?)) in
            if let sample = result.1 {
                try writer.append(sample)
            } else {
                let (item, bound) = (configurations[position], result.0.errorBound)
                leftOut.append(
                    StepRecord.LeftOut(
                        id: item.id, sources: item.configuration.sources.count, index: item.index,
                        errorBound: bound.isFinite ? bound : nil))
                if leftOut.count <= Job.warningsPerPart {
                    reporter.warned(
                        "sample \(item.id) is left out: its error bound is \(bound), above the "
                            + "tolerance of \(accuracy.tolerance)")
                }
            }
            progress(position + 1)
        }
        if count < part.count { progress(part.count) }
        if leftOut.count > Job.warningsPerPart {
            reporter.warned(
                "\(leftOut.count - Job.warningsPerPart) more samples of \(part.step) are left "
                    + "out; solve/manifest.json will list them all")
        }
        return { [dataset, leftOut] in
            try dataset.publish(
                writer, as: "solve/\(part.labels)", step: part.step, fingerprint: fingerprint,
                leftOut: leftOut, started: started)
        }
    }

    /// Samples that are named when they are left out; of the others only the number is said.
    private static let warningsPerPart = 5

    /// Says so where the disk will probably not hold what is still to be written: parts, and shards
    /// of the same size.
    private func warnOfFullDisk(_ samples: Int, _ lattice: Lattice) {
        // Labels of the paper's problem take 1.2 bytes a site; others were seen from 0.5 to 3.
        let needed = Double(samples * lattice.count) * 1.2 * 2
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: dataset.root)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.doubleValue, free < needed
        else { return }
        reporter.warned(
            "\(dataset.root) will take about \(Words.bytes(Int(needed))) more, and the disk has "
                + "only \(Words.bytes(Int(free))) free")
    }

    /// Reads and checks a part's configurations; those of copies of earlier samples are left out.
    func configurations(
        _ part: SampleListing.Part, _ listing: SampleListing, _ sampleManifest: Manifest
    ) throws -> [ListedConfiguration] {
        try ConfigurationsFile.read(
            sampleManifest.files[part.number], in: dataset.folder(.sample),
            physics: listing.physics, ids: part.ids
        ).enumerated().filter { !listing.copies.contains(part.first + $0.offset) }.map(\.element)
    }

    /// Writes the manifest over parts that are all there.
    private func gather(
        _ listing: SampleListing, _ sampleManifest: Manifest, fingerprint: Digest,
        started: Stopwatch
    ) throws {
        var hasher = Digest.Hasher()
        var largest = 0.0
        var counts: [Int: Int] = [:]
        var leftOut: [StepRecord.LeftOut] = []
        var files: [Manifest.File] = []
        var work = 0.0
        for part in listing.parts {
            guard let record = StepRecord(step: part.step, in: dataset),
                let file = record.files.first
            else {
                throw PipelineError(
                    .noInput, "\(part.step) is not done: run 'steadyset solve' " + "again")
            }
            let reader = try ShardReader(path: dataset.path(file.path), followingLinks: false)
            for row in 0..<reader.count {
                hasher.update(reader.content(at: row))
                largest = max(largest, reader.errorBounds[row])
                counts[reader.sourceCounts[row], default: 0] += 1
            }
            leftOut += record.leftOut
            work += record.seconds
            files.append(
                Manifest.File(
                    path: part.labels, bytes: file.bytes, sha256: file.sha256,
                    samples: reader.count, extra: ["first": .integer(part.first)]))
        }
        try sweep(.solve, keeping: Set(files.map(\.path)), steps: Set(listing.parts.map(\.step)))
        let samples = counts.values.reduce(0, +)
        guard samples > 0 else {
            throw PipelineError(
                .data,
                "no label at all reaches the tolerance of \(pipeline.accuracy.tolerance): raise "
                    + "solver.tolerance, or look at the configurations in "
                    + "\(dataset.folder(.sample))")
        }
        let manifest = Manifest(
            stage: Stage.solve.rawValue, parameters: pipeline.accuracy.json,
            inputs: [input(.sample, sampleManifest)],
            content: .object([
                "samples": .integer(samples), "digest": .string(hasher.finish().description),
                "strata": SampleListing.table(
                    strata: listing.strata, counts: listing.strata.map { counts[$0] ?? 0 }),
                "largest_error_bound": .number(largest), "left_out": .array(leftOut.map(\.json)),
            ]),
            layout: .object([
                "samples_per_part": sampleManifest.layout["samples_per_part"]
                    ?? .integer(pipeline.samplesPerPart),
                "compression_level": .integer(pipeline.compressionLevel),
            ]), files: files)
        try commit(
            manifest, stage: .solve, fingerprint: fingerprint, samples: samples, started: started,
            work: work)
    }
}
