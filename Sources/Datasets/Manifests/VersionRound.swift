package import Documents
package import Fields
internal import Sampling

/// What a version says of the round that made it.
package struct VersionRound: Hashable, Sendable {
    /// From 1.
    package var number: Int
    /// The training set that it chose, `train/round-1`.
    package var selection: String
    /// The training set before it, an expression.
    package var from: String
    /// The rule that chose.
    package var acquisition: String
    package var added: [Stratum]
    package var dropped: [Stratum]
    package var taken: [Stratum]
    /// Of the samples that joined and have one.
    package var meanScore: Double?
    /// Further facts: how the round chose, and whatever else its maker knows.
    package var facts: [String: JSON]
    /// What it chose by, where it says so.
    package let scoring: Scoring?
    /// Who scored, where it says so.
    package let judge: RoundJudge?
    /// What it chose among, where it says so.
    package let pool: Pool?

    /// A score, and the column of errors where it is one of those.
    package struct Scoring: Hashable, Sendable {
        package let score: String
        package let column: String?
    }

    /// Candidates and their mean score.
    package struct Pool: Hashable, Sendable {
        package let candidates: Int
        package let meanScore: Double
    }

    private static let keys = [
        "number", "selection", "from", "acquisition", "added", "dropped", "taken", "mean_score",
    ]

    /// Creates what a version says; of `facts` those that are known here are checked.
    package init(
        number: Int, selection: String, from: String, acquisition: String, added: [Stratum],
        dropped: [Stratum], taken: [Stratum], meanScore: Double?, facts: [String: JSON],
        context: String = "the round"
    ) throws(DatasetError) {
        self.number = number
        self.selection = selection
        self.from = from
        self.acquisition = acquisition
        self.added = added
        self.dropped = dropped
        self.taken = taken
        self.meanScore = meanScore
        self.facts = facts.filter { !VersionRound.keys.contains($0.key) }
        let known = facts.filter { $0.value != .null }
        scoring = try known["curation"].map { (json) throws(DatasetError) in
            let members = try ManifestMembers(
                json, of: "'curation' of \(context)", required: ["score"],
                optional: Array((json.object ?? [:]).keys))
            return Scoring(
                score: try members.string("score"),
                column: members.has("by") ? try members.string("by") : nil)
        }
        judge = try known["judge"].map { (json) throws(DatasetError) in
            try RoundJudge(json, "'judge' of \(context)")
        }
        let members = try ManifestMembers(
            .object(known), of: context, required: [], optional: Array(known.keys))
        pool =
            members.has("candidates") && members.has("mean_candidate_score")
            ? Pool(
                candidates: try members.count("candidates"),
                meanScore: try members.size("mean_candidate_score")) : nil
    }

    /// Reads the member `round` of a version; `context` is for messages.
    init(_ json: JSON, _ context: String) throws(DatasetError) {
        let all = json.object ?? [:]
        let facts = all.filter { !VersionRound.keys.contains($0.key) }
        let members = try ManifestMembers(
            json, of: context, required: VersionRound.keys, optional: Array(facts.keys))
        try self.init(
            number: try members.count("number", in: 1...1_000_000),
            selection: try members.string("selection"), from: try members.string("from"),
            acquisition: try members.string("acquisition"),
            added: try members.list("added", Stratum.init),
            dropped: try members.list("dropped", Stratum.init),
            taken: try members.list("taken", Stratum.init),
            meanScore: try members.optionalSize("mean_score"), facts: facts, context: context)
    }

    package var json: JSON {
        .object(
            facts.merging([
                "number": .integer(number), "selection": .string(selection),
                "from": .string(from), "acquisition": .string(acquisition), "added": added.json,
                "dropped": dropped.json, "taken": taken.json,
                "mean_score": meanScore.map(JSON.number) ?? .null,
            ]) { $1 })
    }
}

/// Who scored the candidates of a round.
package enum RoundJudge: Hashable, Sendable {
    /// A model, by the digest of its weights.
    case model(Digest)
    /// The user's own program.
    case command(String)
    /// A table of scores, by its digest.
    case scores(Digest)

    /// Reads the member `judge`; `context` is for messages.
    init(_ json: JSON, _ context: String) throws(DatasetError) {
        let members = try ManifestMembers(
            json, of: context, required: [], optional: ["model", "command", "scores"])
        guard json.object?.count == 1 else {
            throw DatasetError(
                .data, "\(context) is not one of 'model', 'command' and 'scores'", member: "judge")
        }
        self =
            if members.has("model") {
                .model(try members.digest("model"))
            } else if members.has("command") {
                .command(try members.string("command"))
            } else {
                .scores(try members.digest("scores"))
            }
    }

    package var json: JSON {
        switch self {
        case .model(let digest): .object(["model": .string(digest.description)])
        case .command(let command): .object(["command": .string(command)])
        case .scores(let digest): .object(["scores": .string(digest.description)])
        }
    }
}
