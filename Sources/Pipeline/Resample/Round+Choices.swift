internal import Datasets
internal import Documents
internal import Fields
internal import Foundation
internal import Sampling
internal import Shards

extension Round {
    /// The rule by which copies of held-out samples leave a selection.
    static let heldOut = "held-out"

    /// Applies the rule to the candidates.
    func choose(_ set: CandidateSet) throws -> [ChosenSample] {
        func columns(_ samples: [Candidate]) throws -> Candidates {
            try Candidates(
                ids: samples.map(\.id), strata: samples.map(\.sources), scores: samples.map(\.score)
            )
        }
        guard set.candidates.count >= curation.add else {
            throw RoundsEnd(
                "round \(number) is to add \(curation.add) samples, but there are "
                    + "\(set.candidates.count) candidates: lower 'add', or offer more")
        }
        var rows = try curation.choose(
            of: try columns(set.candidates), features: set.features, threads: context.threads,
            round: number
        ).map { choice, isRandom in
            let candidate = set.candidates[choice.candidate]
            return ChosenSample(
                id: candidate.id, sources: candidate.sources,
                action: candidate.configuration == nil ? .taken : .added, round: number,
                origin: candidate.origin, parent: candidate.parent,
                acquisition: isRandom ? "random" : curation.acquisition.name,
                score: candidate.score, probability: choice.probability)
        }
        let copies = Set(set.copies.map(\.id))
        rows += set.copies.map { copy in
            ChosenSample(
                id: copy.id, sources: copy.sources, action: .dropped, round: number, origin: .pool,
                acquisition: Round.heldOut)
        }
        let members = set.members.filter { !copies.contains($0.id) }
        guard curation.drop == 0 || curation.drop < members.count else {
            throw RoundsEnd(
                "round \(number) is to drop \(curation.drop) samples of a selection of "
                    + "\(members.count): lower 'drop'")
        }
        for place in try curation.dropped(of: try columns(members)) {
            let member = members[place]
            rows.append(
                ChosenSample(
                    id: member.id, sources: member.sources, action: .dropped, round: number,
                    origin: .pool, acquisition: curation.acquisition.name, score: member.score,
                    probability: nil))
        }
        return rows
    }

    /// Writes the resample stage: the choices, and the configurations that are to be solved, in the
    /// order of choice.
    func write(
        _ choices: [ChosenSample], _ set: CandidateSet, parent: PackManifest, fingerprint: Digest
    ) throws {
        let folder = context.dataset.folder(.resample)
        let started = Stopwatch()
        try context.invalidate(.resample)
        let configurations = Dictionary(
            set.candidates.compactMap { candidate in
                candidate.configuration.map { (candidate.id, $0) }
            }
        ) { first, _ in first }
        var lines: [UInt8] = []
        for row in choices where row.action == .added {
            guard let configuration = configurations[row.id] else { continue }
            SampleListing.append(configuration, under: pipeline.physics, index: nil, to: &lines)
        }
        let text = ChosenSample.text(choices)
        try AtomicFile.write(text, to: "\(folder)/\(StageFile.choices)")
        try AtomicFile.write(lines, to: "\(folder)/\(StageFile.configurations)")
        func file(_ name: String, _ bytes: [UInt8], samples: Int) -> Manifest.File {
            Manifest.File(
                path: name, bytes: bytes.count, sha256: Digest(of: bytes), samples: samples)
        }
        let joined = choices.filter { $0.action != .dropped }
        let added = choices.count { $0.action == .added }
        let manifest = ResampleManifest(
            round: number, curation: curation, selection: selection, judge: try recordedJudge(),
            parent: parent.id, candidates: set.candidates.count,
            meanCandidateScore: ScoreMean.of(set.candidates.map(\.score)), added: added,
            taken: choices.count { $0.action == .taken },
            dropped: choices.count { $0.action == .dropped },
            meanScore: ScoreMean.of(joined.map { $0.score ?? 0 }),
            strata: ChosenSample.summary(of: choices), digest: Digest(of: text),
            files: [
                file(StageFile.choices, text, samples: choices.count),
                file(StageFile.configurations, lines, samples: added),
            ])
        try context.commit(
            manifest, fingerprint: fingerprint, samples: choices.count, started: started)
    }

    /// Who scored, for manifests.
    func recordedJudge() throws -> RoundJudge {
        switch judge {
        case .model(let model): .model(try model.manifest(TrainManifest.self).digest)
        case .trainer(let trainer): .command(trainer.command)
        case .table(let scores): .scores(scores.digest)
        }
    }
}
