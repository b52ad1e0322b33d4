package import Documents
internal import Fields
internal import Foundation
internal import Parallel
internal import Sampling
internal import Shards
internal import Solving

/// Makes a further version of a dataset: new samples in shards of their own, a training set chosen
/// among all, and the reasons.
///
/// What the parent has is not copied. The manifest is written last, and then the tag; a version
/// that is there already is left as it is. The same input gives the same bytes and the same id. The
/// dataset's lock must be held.
package struct VersionWriter {
    /// What a round decided.
    package struct Round: Sendable {
        /// The name of the training set that it chose, `round-1`, which is also the version's tag.
        package var name: String
        /// The training set before it, an expression such as `S5%` or `round-1`.
        package var from: String
        /// What is added, dropped and taken, in the order of choice, which is that of the new
        /// samples' ranks.
        package var choices: [ChosenSample]
        /// From 1.
        package var number: Int
        /// The rule that chose.
        package var acquisition: String
        /// Further facts of the round, free of clocks, hosts and paths.
        package var facts: [String: JSON]

        /// Creates a round's decision.
        package init(
            name: String, from: String, choices: [ChosenSample], number: Int, acquisition: String,
            facts: [String: JSON] = [:]
        ) {
            self.name = name
            self.from = from
            self.choices = choices
            self.number = number
            self.acquisition = acquisition
            self.facts = facts
        }
    }

    /// The parent, with its version.
    package let parent: Dataset
    /// Where the new samples are solved, or nil where a round adds none.
    package let solved: Dataset?
    /// The problems of the parent, where they are known already.
    package let known: KnownProblems?
    /// Whether samples that the parent has are refused; what is written without that is not sound,
    /// and serves to test how that is found.
    package let refusesCopies: Bool
    /// Whether the round's name may be taken from another version.
    package var movesName = false
    package let threads: Int
    package let reporter: any Reporter
    /// Told what threads do.
    package var clock = PhaseClock()

    /// Prepares to make a version of `parent` with new samples from the solve stage of `solved`.
    package init(
        parent: Dataset, solved: Dataset?, threads: Int, reporter: any Reporter,
        refusesCopies: Bool = true
    ) {
        self.init(
            parent: parent, solved: solved, known: nil, threads: threads, reporter: reporter,
            refusesCopies: refusesCopies)
    }

    /// The same with the parent's problems, which the caller has read.
    package init(
        parent: Dataset, solved: Dataset?, known: KnownProblems?, threads: Int,
        reporter: any Reporter, refusesCopies: Bool = true
    ) {
        self.parent = parent
        self.solved = solved
        self.known = known
        self.refusesCopies = refusesCopies
        self.threads = threads
        self.reporter = reporter
    }

    /// Writes the version, as far as it is not there, and gives it its tag.
    ///
    /// Choices whose label could not be certified, which the solve stage left out, are left out
    /// here too.
    ///
    /// - Returns: its manifest.
    /// - Throws: `DatasetError` of kind `.data` where a choice makes no sense: a new sample
    ///   that is in the dataset already, under whatever id and from whatever side it is seen, or is
    ///   not solved; a dropped one that the training set lacks, a taken one that it has.
    @discardableResult package func write(_ round: Round) throws -> PackManifest {
        let started = Stopwatch()
        try Versions.check(roundName: round.name)
        let base = try ParentVersion(parent)
        let additions = try Additions(solved, parent: base.manifest, threads: threads)
        let choices = round.choices.filter { choice in
            guard choice.action == .added, additions.leftOut.contains(choice.id) else {
                return true
            }
            reporter.warned(
                "sample \(choice.id) is left out of \(round.name): its label could not be "
                    + "certified")
            return false
        }
        let plan = try VersionPlan(choices, from: round.from, in: base)
        let versions = Versions(of: parent)

        // Shards, by the digests of their samples.
        var all = base.digest
        var largest = base.manifest.largestErrorBound
        let new = try plan.added.enumerated().map { number, id in
            guard let place = additions.places[id] else {
                throw DatasetError(
                    .data,
                    "sample \(id) of \(round.name) is not solved in "
                        + "\(solved?.root ?? "any folder")")
            }
            guard place.sources == plan.sources[number] else {
                throw DatasetError(
                    .data,
                    "sample \(id) has \(place.sources) sources, its choice says "
                        + "\(plan.sources[number])")
            }
            return RankedSample(rank: base.nextRank + number, file: place.file, row: place.row)
        }
        var packing: ShardPacking?
        var shards: [ShardPacking.Shard] = []
        if let store = additions.store, !new.isEmpty {
            var writer = ShardPacking(
                dataset: parent, store: store, form: base.form(level: additions.level),
                threads: threads, isAddition: true)
            writer.clock = clock
            for start in stride(from: 0, to: new.count, by: base.samplesPerShard) {
                let samples = Array(new[start..<min(new.count, start + base.samplesPerShard)])
                let content = try writer.digest(of: samples, all: &all, largest: &largest)
                let first = base.nextRank + start
                let shard = RankOrder.Shard(
                    part: .train, ranks: first..<first + samples.count, samples: samples,
                    name: "\(ShardName.added)\(content.short).h5")
                shards.append(ShardPacking.Shard(plan: shard, content: content))
            }
            packing = writer
        }

        // What the version is, whatever its files.
        let bytes = ChoiceTable(plan.rows).bytes
        var manifest = try plan.version(
            of: round, digest: all.finish(), largest: largest, choices: Digest(of: bytes))
        let id = manifest.id
        if !movesName, let other = try versions.holder(of: round.name, otherThan: id) {
            throw Versions.taken(round.name, by: other, in: parent)
        }
        if let finished = finished(id, in: versions) {
            try versions.tag(finished.id, as: round.name)
            report(finished, samples: new.count, since: started, skipped: true)
            return finished
        }
        try refuseCopies(of: base, plan.added, additions)

        reporter.began(.pack, total: new.count, done: 0)
        manifest.shards +=
            try packing?.write(shards) { [reporter] in reporter.advanced(.pack, done: $0) } ?? []
        let choicesFile = Manifest.File(
            path: "choices-\(Digest(of: bytes).short).csv", bytes: bytes.count,
            sha256: Digest(of: bytes), samples: plan.rows.count)
        try AtomicFile.write(bytes, to: "\(versions.folder)/\(choicesFile.path)")
        let form = base.form(level: additions.level)
        let locations = try form.writeLocations(
            of: manifest.shards.map(\.file), in: versions.folder,
            as: "locations-\(id.short).npy")
        manifest.compressionLevel = form.recordedLevel
        manifest.statistics = try statistics(of: manifest, base.manifest, additions)
        manifest.locations = PackManifest.Companion(locations)
        manifest.choices = PackManifest.Companion(choicesFile)
        try manifest.manifest.write(path: "\(versions.folder)/\(PackManifest.fileName(of: id))")
        try versions.tag(id, as: round.name)
        report(manifest, samples: new.count, since: started, skipped: false)
        return manifest
    }

    /// The parent's statistics with those of the new samples; nil where the parent has none.
    private func statistics(
        of manifest: PackManifest, _ before: PackManifest, _ additions: Additions
    ) throws -> SampleStatistics? {
        let own = before.shards.count..<manifest.shards.count
        guard var all = before.statistics, !own.isEmpty else { return before.statistics }
        let samples = manifest.shards[own].reduce(0) { $0 + $1.file.samples }
        var new = additions.statistics.flatMap { $0.samples == samples ? $0 : nil }
        if new == nil {
            let packed = PackedShards(manifest, in: parent.folder(.pack), keeping: 4)
            new = try packed.statistics(of: own, threads: threads)
        }
        guard let new else { return nil }
        all.add(new)
        return all
    }

    /// The version's manifest where it is complete, with all its files.
    private func finished(_ id: Digest, in versions: Versions) -> PackManifest? {
        // What cannot be read is written anew, to the same bytes.
        guard let manifest = try? versions.lineage(of: id).last, manifest.companions.count == 2
        else { return nil }
        let files =
            manifest.shards.map { ($0.file.path, $0.file.bytes) }
            + manifest.companions.map { ($0.path, $0.bytes) }
        let isComplete = files.allSatisfy { file in
            guard let path = try? SafePath.resolve(file.0, in: versions.folder) else {
                return false
            }
            return PathEntry.size(of: path) == file.1
        }
        return isComplete ? manifest : nil
    }

    /// Refuses new samples that are the same problem as one of the parent, or as one another.
    private func refuseCopies(of base: ParentVersion, _ added: [SampleID], _ additions: Additions)
        throws
    {
        guard let store = additions.store, !added.isEmpty, refusesCopies else { return }
        let known = try self.known ?? KnownProblems(base.samples, threads: threads)
        var seen: [ProblemClass: SampleID] = [:]
        for id in added {
            try Interruption.check()
            guard let place = additions.places[id] else { continue }
            let problem = known.problem(
                of: try store.reader(Int(place.file)).configuration(
                    at: Int(place.row), under: base.samples.physics))
            if let other = known.sample(of: problem) {
                throw DatasetError(
                    .data,
                    "sample \(id) \(other.words(in: .train)): it must not come into training")
            }
            if let other = seen.updateValue(id, forKey: problem) {
                throw DatasetError(
                    .data,
                    "sample \(id) is the same problem as \(other), which is added with it: keep "
                        + "one")
            }
        }
    }

    private func report(
        _ manifest: PackManifest, samples: Int, since started: Stopwatch, skipped: Bool
    ) {
        let size = manifest.samplesPerShard
        let own = manifest.shards.map(\.file).filter { $0.path.hasPrefix(ShardName.added) }
            .suffix((samples + size - 1) / size)
        reporter.ended(
            .pack, id: manifest.id, samples: samples, bytes: own.reduce(0) { $0 + $1.bytes },
            seconds: started.seconds, skipped: skipped)
    }
}
