public import Datasets
internal import Documents
package import Fields
internal import Foundation
internal import Parallel
internal import Sampling
package import Shards
package import Solving

/// Checks a dataset from the outside: schemas, digests, every chunk, the laws of ranks and subsets,
/// and, on request, samples solved again from their configuration.
///
/// It trusts nothing that it reads, and goes on after a finding as far as that makes sense.
public final class Verifier {
    /// What was checked and what was found.
    public struct Report: Sendable {
        /// Stages that are there.
        public internal(set) var stages: [Stage] = []
        /// Versions beside the base that were checked.
        public internal(set) var versions = 0
        /// Files whose digest was computed; a part that is a shard counts as two.
        public internal(set) var files = 0
        /// Samples whose chunks were decoded and compared, in each stage.
        public internal(set) var samples = 0
        /// Samples that were solved again.
        public internal(set) var resolved = 0
        /// What is wrong; empty for a sound dataset.
        public internal(set) var findings: [String] = []
    }

    package var report = Report()
    package let dataset: Dataset
    /// The stages to look at.
    package let stages: [Stage]
    package let threads: Int
    /// The manifests that could be read.
    package var manifests = StageManifests()
    /// The versions that are there.
    package var versions: [PackManifest] = []
    /// Samples that can be solved again: file, row.
    package var solvable: [Solvable] = []
    /// Labels of the parts, and where those are, for comparing shards with them.
    package var labels: [SampleID: PartLabel] = [:]
    package var parted: [SampleID: Solvable] = [:]
    /// Number of sources and index of every configuration, where there are no parts.
    package var configurations: [SampleID: (sources: Int, index: Int)] = [:]

    /// The classes of the samples of a shard, by its path.
    package var problems: [String: [ProblemClass]] = [:]

    /// What was found of the samples of files of labels for training, by path.
    package var statistics: [String: SampleStatistics] = [:]

    /// What was found of files that are in several stages.
    var shared = SharedFindings()

    /// Where a sample's label is stored.
    package struct Solvable {
        package let path: String
        package let row: Int
        package let physics: Physics
        package let accuracy: Accuracy
    }

    /// Who hears of samples that were decoded, and how many of the stage are to be.
    private let progress: (Stage, Int, Int) -> Void
    private var decoded = 0
    private var toDecode = 0

    /// Prepares to verify a dataset's folder, or one stage of it.
    ///
    /// - Parameter progress: Called with a stage, the number of its samples that were decoded, and
    ///   of those that are to be.
    /// - Throws: `DatasetError` of kind `.noInput` where there is nothing of the kind.
    public init(
        path: String, threads: Int? = nil,
        progress: @escaping (Stage, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        self.threads = threads ?? Cores.usable
        self.progress = progress
        let (dataset, stages) = try Dataset.locate(path)
        // Of a version, its shards alone: the stages before them are the base's.
        (self.dataset, self.stages) = (dataset, dataset.version == nil ? stages : [.pack])
        Interruption.listen()
    }

    /// Runs all checks.
    ///
    /// - Parameters:
    ///   - resolve: How many samples to solve again, chosen at random.
    ///   - seed: What the choice is drawn from.
    public func verify(resolve: Int, seed: UInt32) throws -> Report {
        report.stages = stages
        for stage in stages { attempt { try checkManifest(stage) } }
        if let manifest = manifests.sample { attempt { try checkSample(manifest) } }
        if let manifest = manifests.solve { attempt { try checkSolve(manifest) } }
        if let manifest = manifests.split { attempt { try checkSplit(manifest) } }
        if let manifest = manifests.pack {
            if dataset.version != nil {
                attempt { try checkVersion(manifest) }
            } else {
                let files = Set(manifest.shards.map(\.file.path))
                attempt { try checkPack(manifest, decoding: files) }
                attempt { try checkProblems(of: manifest, in: files) }
                checkAllPacked()
                attempt { try checkVersions() }
            }
        }
        if dataset.version == nil, !stages.contains(.pack) {
            attempt {
                expect(
                    try Versions(of: dataset).shortIDs().isEmpty,
                    "\(dataset.folder(.pack)): has versions, but manifest.json, their base, is "
                        + "missing")
            }
        }
        if dataset.version == nil { try checkRounds() }
        if let manifest = manifests.train { attempt { try checkTrain(manifest) } }
        if let manifest = manifests.evaluate { attempt { try checkEvaluate(manifest) } }
        if let manifest = manifests.resample { attempt { try checkResample(manifest) } }
        try Interruption.check()
        if resolve > 0 { try solveAgain(resolve, seed: seed) }
        try Interruption.check()
        return report
    }

    /// From now on samples of these files are decoded.
    package func beginDecoding(_ files: [Manifest.File]) {
        (decoded, toDecode) = (0, files.reduce(0) { $0 + $1.samples })
    }

    /// Samples of `stage` were decoded.
    package func advance(_ stage: Stage, by count: Int = 1) {
        decoded += count
        progress(stage, decoded, toDecode)
    }

    package func found(_ message: String) { report.findings.append(message) }

    package func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition { found(message()) }
    }

    /// Runs a check; an error of it is a finding.
    package func attempt(_ check: () throws -> Void) {
        do { try check() } catch { found(DatasetError(error).message) }
    }

    /// A manifest's layout in its file, which has no part in the id.
    package func checkForm(_ manifest: Manifest, path: String) {
        attempt {
            expect(
                try InputFile.read(path, maximumBytes: Manifest.maximumBytes)
                    == manifest.json.prettyBytes,
                "\(path): is not laid out as Steadyset writes it; it was altered")
        }
    }

    /// The size and the digest of a file that a manifest lists.
    package func checkFile(_ file: Manifest.File, of stage: Stage) throws {
        try Interruption.check()
        let path = try SafePath.resolve(file.path, in: dataset.folder(stage))
        let digest = try shared.digest(of: path)
        report.files += 1
        expect(
            digest.bytes == file.bytes,
            "\(path): has \(digest.bytes) bytes instead of \(file.bytes); it was truncated or "
                + "replaced")
        expect(
            digest.bytes != file.bytes || digest.sha256 == file.sha256,
            "\(path): its content is not what the manifest lists (SHA-256 differs); it was "
                + "damaged or replaced")
    }

    /// The id of the manifest that an input names, where this dataset has it; of a version of the
    /// pack stage where it is one.
    private func id(of input: Manifest.Input, _ source: Stage) throws -> Digest {
        guard input.path != "\(source.rawValue)/\(Manifest.fileName)" else {
            return try dataset.manifest(source).id
        }
        return try Versions(of: dataset).manifest(short: input.id.short).id
    }

    /// Whether an input is where its stage's manifest is.
    private func isProper(_ input: Manifest.Input, _ source: Stage) -> Bool {
        input.path == "\(source.rawValue)/\(Manifest.fileName)"
            || (source == .pack
                && input.path == "\(source.rawValue)/\(PackManifest.fileName(of: input.id))")
    }

    /// The manifest itself, what it was made from, and the digests of its files.
    private func checkManifest(_ stage: Stage) throws {
        let manifest = try dataset.manifest(stage)
        let name =
            manifest.parent == nil ? Manifest.fileName : PackManifest.fileName(of: manifest.id)
        let path = "\(dataset.folder(stage))/\(name)"
        checkForm(manifest, path: path)
        attempt { try manifests.add(manifest, of: stage, path: path) }
        // What a version was made from is checked when it is read.
        for input in manifest.inputs where manifest.parent == nil {
            guard let source = Stage(rawValue: input.stage), isProper(input, source) else {
                found(
                    "\(dataset.folder(stage)): its input '\(input.path)' is not a stage of this "
                        + "dataset")
                continue
            }
            // A stage's folder alone can be verified; the whole dataset must hold together.
            guard stages.count > 1, stages.contains(source) else {
                // A model may be trained, and judged, on the shards of another dataset.
                expect(
                    stages.count == 1 || !Stage.ofData.contains(stage),
                    "\(dataset.folder(stage)): the stage '\(source)' that it was made from is "
                        + "missing")
                continue
            }
            let id = try id(of: input, source)
            // An evaluation that was written into a dataset's folder may be of another model.
            expect(
                id == input.id || (stage == .evaluate && source == .train),
                "\(dataset.folder(stage)): was made from another '\(source)' than the one that is "
                    + "there; run 'steadyset \(stage)' again")
        }
        let provenance = "\(dataset.folder(stage))/\(Provenance.fileName)"
        if manifest.parent == nil, InputFile.isFolder(provenance) == false {
            attempt {
                let json = try JSON.parse(file: provenance)
                try Schema.named("provenance").check(json, source: provenance)
                expect(
                    json["manifest"]?.string == manifest.id.description,
                    "\(provenance): tells of another manifest than the one beside it")
            }
        }
        for file in manifest.files {
            try Interruption.check()
            attempt { try checkFile(file, of: stage) }
        }
    }

    /// Configurations: the ids, that they are distinct, and for a drawn design that they are what
    /// the seed gives.
    private func checkSample(_ manifest: SampleManifest) throws {
        let folder = dataset.folder(.sample)
        let listing: SampleListing
        do { listing = try SampleListing(manifest) } catch {
            return found("\(folder): \(error.message)")
        }
        expect(
            manifest.samples == listing.sequence.count,
            "\(folder): the number of samples is not that of the strata")
        let findings = report.findings.count
        let isNeeded = stages.contains(.pack) && !stages.contains(.solve)
        var all = Digest.Hasher()
        var design: Design?
        if case .drawn(let drawn) = manifest.origin { design = drawn }
        var copies = Copies.Finder(strata: listing.strata, sequence: listing.sequence)
        let classifier = ProblemClassifier(listing.physics)
        var seen: [Int: (id: SampleID, problem: ProblemClass)] = [:]
        for part in listing.parts {
            try Interruption.check()
            attempt {
                let items = try listing.configurations(of: part, manifest, in: folder)
                for (item, position) in zip(items, listing.positions(of: part)) {
                    let address = listing.sequence[position]
                    seen[position] = (item.id, classifier(item.configuration))
                    if isNeeded {
                        configurations[item.id] = (item.configuration.sources.count, item.index)
                    }
                    expect(
                        item.index == address.index
                            && item.configuration.sources.count == listing.strata[address.stratum],
                        "\(folder)/\(part.configurations): sample \(item.id) is not at its place")
                    guard let design else { continue }
                    let drawn = try design.configuration(
                        stratum: address.stratum, index: address.index)
                    expect(
                        drawn == item.configuration,
                        "\(folder)/\(part.configurations): sample \(item.id) is not what the "
                            + "design's seed gives")
                }
            }
        }
        attempt {
            for (position, sample) in seen.sorted(by: { $0.key < $1.key }) {
                all.update(sample.id.bits.littleEndianBytes)
                try copies.add(sample.id, sample.problem, at: position)
            }
        }
        expect(
            all.finish() == listing.digest,
            "\(folder): the ids are not those that the manifest's digest covers")
        // Where a part could not be read that was found, and there is nothing to compare.
        guard report.findings.count == findings else { return }
        expect(
            copies.copies.entries == listing.copies.entries,
            "\(folder): the manifest lists \(listing.copies.count) samples that are the same "
                + "problem as an earlier one, and there are "
                + "\(copies.copies.count)\(copies.copies.firstUnlike(listing.copies))")
    }

    /// Labels: every chunk, and that the parts hold the configurations of the sample stage.
    private func checkSolve(_ manifest: SolveManifest) throws {
        let folder = dataset.folder(.solve)
        let sample = manifests.sample
        let listing = try sample.map { try SampleListing($0) }
        checkLayout(ofSolve: manifest, listing)
        let leftOut = Set(manifest.leftOut.map(\.id))
        var samples = 0
        var largest = 0.0
        var counts: [Int: Int] = [:]
        beginDecoding(manifest.parts.map(\.file))
        for (number, part) in manifest.parts.enumerated() {
            try Interruption.check()
            attempt {
                let reader = try reader(part.file, of: .solve)
                let physics = try self.physics(of: reader)
                expect(
                    listing.map { $0.physics == physics } ?? true,
                    "\(reader.path): its physics is not that of the stage 'sample'")
                // Where shards are there, those are solved again, and parts as far as they are not
                // the same.
                try checkSamples(
                    of: reader, .solve, listing?.part(number), physics: physics,
                    accuracy: manifest.accuracy, codec: reader.codec)
                if number == 0 { try checkLevel(manifest.compressionLevel, of: reader) }
                remember(reader)
                for row in 0..<reader.count {
                    largest = max(largest, reader.errorBounds[row])
                    counts[reader.sourceCounts[row], default: 0] += 1
                }
                samples += reader.count
                if let listing, let sample, number < listing.parts.count {
                    let part = listing.parts[number]
                    let solved = listing.withoutCopies(
                        try listing.configurations(of: part, sample, in: dataset.folder(.sample)),
                        in: part)
                    checkRanks(reader, part, listing)
                    expect(
                        solved.map(\.id).filter { !leftOut.contains($0) } == reader.ids,
                        "\(reader.path): does not hold the samples of "
                            + "\(listing.parts[number].configurations)")
                }
            }
        }
        if let listing {
            attempt {
                let training = manifest.parts.enumerated().filter {
                    listing.part($0.offset) == .train
                }.map(\.element.file)
                try checkStatistics(manifest.statistics, of: training, .solve)
            }
        }
        let labels = SolvedSamples(recorded: manifest.parts.map(\.file), in: folder)
        expect(
            (try? labels.summary(strata: manifest.strata.map(\.sources)))?.digest
                == manifest.digest,
            "\(folder): the labels are not those that the manifest's digest covers")
        expect(
            samples == manifest.samples,
            "\(folder): the number of samples is not the manifest's")
        expect(
            largest == manifest.largestErrorBound,
            "\(folder): the largest error bound is \(largest), not the manifest's")
        let strata = manifest.strata.map(\.sources)
        expect(
            manifest.strata.allSatisfy { $0.samples == counts[$0.sources] ?? 0 }
                && counts.keys.allSatisfy(strata.contains)
                && listing.map { $0.strata == strata } ?? true,
            "\(folder): the numbers of samples by stratum are not those of the parts")
        if let listing {
            // Copies of earlier samples are never solved; the sample stage's manifest lists them.
            let missing = listing.sequence.count - listing.copies.count - samples
            expect(
                leftOut.count == missing,
                "\(folder): \(leftOut.count) samples are left out, by the manifest; the parts "
                    + "lack \(missing)")
        }
    }

    /// The selections: what the split's parameters give, nested, and stratified.
    private func checkSplit(_ manifest: SplitManifest) throws {
        guard let sample = manifests.sample, let solve = manifests.solve else { return }
        let selections = try SplitSelections.of(manifest.split, try SampleListing(sample), solve)
        expect(
            manifest.selections == selections,
            "\(dataset.folder(.split)): the selections are not those that the parameters give")
        expect(
            manifest.parts == SplitSelections.counts(ofParts: selections),
            "\(dataset.folder(.split)): the numbers of samples in the parts are not those of the "
                + "selections")
    }
}
