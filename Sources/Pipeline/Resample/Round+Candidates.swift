internal import Datasets
internal import Fields
internal import Parallel
internal import Sampling
internal import Shards

extension Round {
    /// A sample that the round may take, or one that it may drop.
    struct Candidate {
        let id: SampleID
        /// Number of sources.
        let sources: Int
        let score: Double
        let origin: ChosenSample.ConfigurationOrigin
        /// The sample whose neighbour it is.
        var parent: SampleID?
        /// What it is, where the dataset does not have it.
        var configuration: Configuration?
    }

    /// What the round chooses from.
    struct CandidateSet {
        /// What it may take, each once, none of them held out.
        var candidates: [Candidate] = []
        /// Samples of the training selection, with scores where some are to be dropped.
        var members: [Candidate] = []
        /// Samples of the training selection that are copies of what models are judged by: the base
        /// may have them, what a round chooses may not.
        var copies: [Candidate] = []
        /// Features of the candidates, then of the members; nil where the rule needs none.
        var features: Features?
    }

    /// Draws candidates and has them scored, or takes the dataset's own.
    func candidates(_ store: PackedSamples, _ excluded: Exclusions) throws -> CandidateSet {
        let selected = try store.select(selection, of: .train)
        let copies = excluded.copies(among: selected)
        var set = try scored(store, excluded)
        set.copies = selected.filter { copies.contains($0.id) }.map {
            Candidate(id: $0.id, sources: Int($0.sources), score: 0, origin: .pool)
        }
        return set
    }

    private func scored(_ store: PackedSamples, _ excluded: Exclusions) throws -> CandidateSet {
        switch judge {
        case .table(let scores):
            if let from = scores.from {
                return try given(from, scores: scores.path, store, excluded)
            }
            return try unselected(
                try ScoreTable(path: scores.path, column: curation.column), store, excluded)
        case .model, .trainer: break
        }
        switch curation.source {
        case .unselected:
            let scored = try score(selection: "train", of: store)
            return try unselected(scored.table, store, excluded)
        case .drawn: return try drawn(store, excluded)
        }
    }

    /// The column of errors that holds the scores.
    var column: String { curation.score.column(by: curation.column) }

    /// Candidates of the pipeline's design, and neighbours of the hardest of them.
    private func drawn(_ store: PackedSamples, _ excluded: Exclusions) throws -> CandidateSet {
        guard let design = pipeline.design else {
            throw PipelineError(
                .data,
                "\(context.pipelinePath): has no 'sampling', so no candidates can be drawn: set "
                    + "rounds.candidates to 'unselected', or score configurations of your own and "
                    + "run 'steadyset resample' with --from and --scores")
        }
        let pool = work("pool")
        let stages = CandidateStages(pipeline)
        try stages.sample(
            .drawn(try curation.candidates(of: design, round: number))
        ).complete(in: pool)
        var scored = try score(configurations: pool, stages)
        var set = CandidateSet()
        var excluded = excluded
        try append(
            try Round.items(of: pool.dataset), scored, origin: .drawn, parents: [:], &excluded,
            to: &set)
        if let neighbours = curation.neighbours {
            let (near, parents) = try neighbourhood(of: set.candidates, neighbours)
            scored = try score(configurations: near, stages)
            try append(
                try Round.items(of: near.dataset), scored, origin: .neighbour, parents: parents,
                &excluded,
                to: &set)
        }
        if curation.drop > 0 || curation.acquisition.needsFeatures {
            let scored = try score(selection: selection, of: store)
            try addMembers(to: &set, scored, store)
        }
        return set
    }

    /// The configurations of a file, with scores that a table has.
    private func given(
        _ path: String, scores: String, _ store: PackedSamples, _ excluded: Exclusions
    ) throws -> CandidateSet {
        guard curation.drop == 0 else {
            throw PipelineError(
                .usage,
                "samples can be dropped by their own scores alone: leave out --drop, or --from"
            )
        }
        let items = try given(path, store)
        let table = try ScoreTable(path: scores, column: curation.column)
        try table.check(against: items.lazy.map(\.id), "the configurations in \(path)")
        var set = CandidateSet()
        var excluded = excluded
        let features = curation.acquisition.needsFeatures ? try features(of: table) : nil
        try append(items, (table, features), origin: .given, parents: [:], &excluded, to: &set)
        return set
    }

    /// The configurations of a file, or of a dataset's sample stage.
    private func given(_ path: String, _ store: PackedSamples) throws -> [ListedConfiguration] {
        guard InputFile.isFolder(path) == true else {
            let file = try ImportedConfigurations(path: path, physics: store.physics)
            return try file.addresses.map { address in
                let configuration = try file.configuration(address)
                return ListedConfiguration(
                    configuration: configuration, id: configuration.id, index: address.index)
            }
        }
        let (dataset, stages) = try Dataset.locate(path)
        guard stages.contains(.sample) else {
            throw PipelineError(
                .noInput, "\(path) has no configurations: run 'steadyset sample' with it first"
            )
        }
        let physics = try dataset.manifest(SampleManifest.self).origin.physics
        guard physics == store.physics else {
            throw PipelineError(
                .data,
                "\(path) has another physics than \(parent.name), to which its configurations "
                    + "would be added")
        }
        return try Round.items(of: dataset)
    }

    /// Training samples that are not selected.
    private func unselected(_ table: ScoreTable, _ store: PackedSamples, _ excluded: Exclusions)
        throws -> CandidateSet
    {
        let all = store.all(of: .train)
        try table.check(against: all.lazy.map(\.id), "the training samples of \(parent.name)")
        let members = Set(try store.select(selection, of: .train).map(\.id))
        let others = all.filter { !members.contains($0.id) }
        let copies = excluded.copies(among: others)
        var set = CandidateSet()
        for sample in all where !copies.contains(sample.id) {
            let candidate = Candidate(
                id: sample.id, sources: Int(sample.sources), score: table[sample.id] ?? 0,
                origin: .pool)
            if members.contains(sample.id) {
                set.members.append(candidate)
            } else {
                set.candidates.append(candidate)
            }
        }
        if curation.acquisition.needsFeatures {
            set.features = try features(of: table).features(
                of: (set.candidates + set.members).map(\.id))
        }
        return set
    }

    /// Adds the training selection, with features after those of the candidates.
    private func addMembers(
        to set: inout CandidateSet, _ scored: (table: ScoreTable, features: FeatureTable?),
        _ store: PackedSamples
    ) throws {
        for sample in try store.select(selection, of: .train) {
            set.members.append(
                Candidate(
                    id: sample.id, sources: Int(sample.sources),
                    score: scored.table[sample.id] ?? 0, origin: .pool))
        }
        if let features = set.features, let own = scored.features {
            set.features = try features.appending(try own.features(of: set.members.map(\.id)))
        }
    }

    /// Adds those of `items` that may be chosen and are not there yet.
    private func append(
        _ items: [ListedConfiguration], _ scored: (table: ScoreTable, features: FeatureTable?),
        origin: ChosenSample.ConfigurationOrigin, parents: [SampleID: SampleID],
        _ excluded: inout Exclusions, to set: inout CandidateSet
    ) throws {
        let problems = try excluded.problems(of: items, threads: context.threads)
        var ids: [SampleID] = []
        for (item, problem) in zip(items, problems) {
            guard let score = scored.table[item.id], excluded.offer(problem) else { continue }
            ids.append(item.id)
            set.candidates.append(
                Candidate(
                    id: item.id, sources: item.configuration.sources.count, score: score,
                    origin: origin, parent: parents[item.id], configuration: item.configuration))
        }
        let left = items.count - ids.count
        if left > 0 {
            context.reporter.noted(
                "\(left) of \(items.count) candidates left out: the dataset has the same problem, "
                    + "in training, validation or test, as it is or seen from another side, or an "
                    + "earlier candidate is it")
        }
        guard let table = scored.features, !ids.isEmpty else { return }
        let own = try table.features(of: ids)
        set.features = try set.features?.appending(own) ?? own
    }

    /// Writes neighbours of the hardest candidates as a sample stage; returns it, and whose
    /// neighbour each is.
    private func neighbourhood(of candidates: [Candidate], _ neighbours: Curation.Neighbours) throws
        -> (StageContext, [SampleID: SampleID])
    {
        let hardest = candidates.sorted { ($1.score, $0.id.bits) < ($0.score, $1.id.bits) }.prefix(
            neighbours.hardest
        ).compactMap(\.configuration)
        let wanted = max(1, Int((neighbours.share * Double(candidates.count)).rounded()))
        let classifier = ProblemClassifier(pipeline.physics)
        var seen = Set(candidates.compactMap(\.configuration).map { classifier($0) })
        var lines: [UInt8] = []
        var parents: [SampleID: SampleID] = [:]
        // In turns, so that each has as many; draws without a new neighbour are few, and an end to
        // them there must be.
        for draw in 0..<(10 * wanted / max(1, hardest.count) + 10) where parents.count < wanted {
            for configuration in hardest where parents.count < wanted {
                guard
                    let near = neighbours.perturbation.neighbour(
                        of: configuration, draw: draw, seed: curation.seed),
                    seen.insert(classifier(near)).inserted
                else { continue }
                parents[near.id] = configuration.id
                SampleListing.append(near, under: pipeline.physics, index: nil, to: &lines)
            }
        }
        guard !parents.isEmpty else {
            throw PipelineError(
                .data,
                "\(context.pipelinePath): rounds: the hardest candidates have no neighbours: "
                    + "allow more moves or other values")
        }
        let folder = RoundWork(of: context).folder("neighbours")
        try Dataset.createFolder(folder.root)
        let path = "\(folder.root)/neighbours.jsonl"
        try AtomicFile.write(lines, to: path)
        let near = context.work(in: folder, importing: path)
        let file = try ImportedConfigurations(path: path, physics: pipeline.physics)
        try CandidateStages(pipeline).sample(.imported(file)).complete(in: near)
        return (near, parents)
    }

    /// The configurations of a sample stage, without copies of earlier ones.
    static func items(of dataset: Dataset) throws -> [ListedConfiguration] {
        let manifest = try dataset.manifest(SampleManifest.self)
        let listing = try SampleListing(manifest)
        return try listing.parts.flatMap { part in
            try Interruption.check()
            return listing.withoutCopies(
                try listing.configurations(of: part, manifest, in: dataset.folder(.sample)),
                in: part)
        }
    }
}
