package import Documents
package import Fields
package import Sampling
package import Shards

/// What the resample stage chose.
package struct ResampleManifest: StageManifest {
    /// Choices among the samples of one number of sources.
    package struct StratumChoices: Hashable, Sendable {
        package var sources: Int
        package var added: Int
        package var taken: Int
        package var dropped: Int
        /// Of the samples that joined; nil where none did.
        package var meanScore: Double?

        package init(sources: Int, added: Int, taken: Int, dropped: Int, meanScore: Double?) {
            self.sources = sources
            self.added = added
            self.taken = taken
            self.dropped = dropped
            self.meanScore = meanScore
        }

        init(_ json: JSON, _ context: String) throws(DatasetError) {
            let members = try ManifestMembers(
                json, of: context,
                required: ["sources", "added", "taken", "dropped", "mean_score"])
            self.init(
                sources: try members.count("sources", in: 1...Configuration.maximumSources),
                added: try members.count("added"), taken: try members.count("taken"),
                dropped: try members.count("dropped"),
                meanScore: try members.optionalSize("mean_score"))
        }

        package var json: JSON {
            .object([
                "sources": .integer(sources), "added": .integer(added), "taken": .integer(taken),
                "dropped": .integer(dropped),
                "mean_score": meanScore.map(JSON.number) ?? .null,
            ])
        }
    }

    package static let stage = Stage.resample

    /// From 1.
    package var round: Int
    package var curation: Curation
    /// The training set before the round, an expression.
    package var selection: String
    package var judge: RoundJudge
    /// The id of the version that the round starts from.
    package var parent: Digest
    package var candidates: Int
    package var meanCandidateScore: Double
    package var added: Int
    package var taken: Int
    package var dropped: Int
    /// Of the samples that joined.
    package var meanScore: Double
    package var strata: [StratumChoices]
    /// Of the choices.
    package var digest: Digest
    package var files: [Manifest.File]

    package init(
        round: Int, curation: Curation, selection: String, judge: RoundJudge, parent: Digest,
        candidates: Int, meanCandidateScore: Double, added: Int, taken: Int, dropped: Int,
        meanScore: Double, strata: [StratumChoices], digest: Digest, files: [Manifest.File]
    ) {
        self.round = round
        self.curation = curation
        self.selection = selection
        self.judge = judge
        self.parent = parent
        self.candidates = candidates
        self.meanCandidateScore = meanCandidateScore
        self.added = added
        self.taken = taken
        self.dropped = dropped
        self.meanScore = meanScore
        self.strata = strata
        self.digest = digest
        self.files = files
    }

    package var count: Int { added + taken + dropped }

    package init(members manifest: Manifest, path: String) throws(DatasetError) {
        let own = try manifest.parameters(
            ["round", "curation", "selection", "judge"], path: path)
        round = try own.count("round", in: 1...1 << 53)
        curation = try own.value("curation") { try Curation(json: $0) }
        selection = try own.string("selection")
        judge = try RoundJudge(try own.json("judge"), "'judge' of the parameters of \(path)")
        let content = try manifest.content(
            [
                "parent", "candidates", "mean_candidate_score", "added", "taken", "dropped",
                "mean_score", "strata", "digest",
            ], path: path)
        parent = try content.digest("parent")
        candidates = try content.count("candidates")
        meanCandidateScore = try content.size("mean_candidate_score")
        added = try content.count("added")
        taken = try content.count("taken")
        dropped = try content.count("dropped")
        meanScore = try content.size("mean_score")
        strata = try content.list("strata", StratumChoices.init)
        digest = try content.digest("digest")
        files = manifest.files
        _ = try manifest.layout(path: path)
        try manifest.checkPlain(path: path)
    }

    package var manifest: Manifest {
        Manifest(
            stage: Self.stage.rawValue,
            parameters: .object([
                "round": .integer(round), "curation": curation.json,
                "selection": .string(selection), "judge": judge.json,
            ]), inputs: [],
            content: .object([
                "parent": .string(parent.description), "candidates": .integer(candidates),
                "mean_candidate_score": .number(meanCandidateScore), "added": .integer(added),
                "taken": .integer(taken), "dropped": .integer(dropped),
                "mean_score": .number(meanScore), "strata": .array(strata.map(\.json)),
                "digest": .string(digest.description),
            ]), files: files)
    }
}
