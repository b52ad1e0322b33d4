public import Documents
internal import Fields

extension Curation {
    /// Reads the block `rounds` of a pipeline, or what a manifest records of it: a JSON object that
    /// its schema has accepted. Members that are missing have the schema's defaults.
    ///
    /// - Throws: `SamplingError` with code `.document` where keys contradict each other.
    public init(json: JSON) throws(SamplingError) {
        let json = Schema.filled(json, by: "curation")
        let members = try Members(
            json, of: "the rounds",
            required: [
                "count", "add", "drop", "candidates", "score", "acquisition", "budget",
                "random_share", "seed",
            ],
            optional: ["pool", "by", "passes", "neighbours", "stop", "trainer"]
                + Acquisition.rules.flatMap { rule in rule.keys.map(\.name) })
        self.init()
        count = try members.int("count")
        add = try members.int("add")
        drop = try members.int("drop")
        source = try members.word("candidates")
        score = try members.word("score")
        acquisition = try Acquisition(json: json)
        budget = try members.word("budget")
        randomShare = try members.double("random_share")
        seed = try members.get("seed", "an integer from 0 to 4294967295") {
            $0.int.flatMap(UInt32.init(exactly:))
        }
        // These are there where they have a part.
        if members.has("pool") { pool = try members.int("pool") }
        if members.has("by") { column = try members.string("by") }
        if members.has("passes") { passes = try members.int("passes") }
        stop = try members.optional("stop").map { (json) throws(SamplingError) in
            try Members(json, of: "'stop' of the rounds", required: ["standard_errors"])
                .double("standard_errors")
        }
        neighbours = try members.optional("neighbours").map { (json) throws(SamplingError) in
            try Neighbours(json: json)
        }
        func refuse(_ condition: Bool, _ message: String) throws(SamplingError) {
            if condition { throw SamplingError(.document, message) }
        }
        try refuse(add < 1 || drop < 0, "a round adds 1 sample at least, and drops 0")
        try refuse(
            source == .unselected && (neighbours != nil || json["pool"] != nil),
            "'pool' and 'neighbours' go with 'candidates: drawn', which draws configurations")
        try refuse(
            source == .unselected && !score.isForSamples,
            "'candidates: unselected' have labels, so their score is \(Score.forSamples)")
        try refuse(
            json["passes"] != nil && score.origin != .passes, "'passes' goes with 'score: variance'"
        )
        try refuse(
            json["by"] != nil && score.measures?.contains(column) == false,
            score.hasMeasure
                ? "'score: \(score.rawValue)' goes 'by' "
                    + (score.measures ?? []).joined(separator: " or ")
                : "'by' goes with 'score: error' or 'score: estimate'")
        try refuse(
            drop > 0 && !score.isForSamples,
            "'drop' needs scores of labelled samples: set 'score' to \(Score.forSamples)")
    }

    /// Every key that has a part in a round's choices, in one form for equal rounds. How many
    /// rounds there are, and what ends them, has none.
    public var json: JSON {
        var members: [String: JSON] = [
            "add": .integer(add), "drop": .integer(drop), "candidates": .string(source.rawValue),
            "score": .string(score.rawValue), "budget": .string(budget.rawValue),
            "random_share": .number(randomShare),
            "seed": .integer(Int(seed)),
        ]
        if source == .drawn { members["pool"] = .integer(pool) }
        if score.hasMeasure { members["by"] = .string(column) }
        if score.origin == .passes { members["passes"] = .integer(passes) }
        if let neighbours {
            members["neighbours"] = .object([
                "share": .number(neighbours.share), "hardest": .integer(neighbours.hardest),
                "moves": .integer(neighbours.perturbation.moves),
                "values": .number(neighbours.perturbation.values),
                "symmetries": .bool(neighbours.perturbation.symmetries),
            ])
        }
        return .object(members.merging(acquisition.members) { $1 })
    }
}

extension Curation.Neighbours {
    /// Reads the block `rounds.neighbours` with all its members.
    init(json: JSON) throws(SamplingError) {
        let members = try Members(
            json, of: "'neighbours' of the rounds",
            required: ["share", "hardest", "moves", "values", "symmetries"])
        self.init(
            share: try members.double("share"), hardest: try members.int("hardest"),
            perturbation: try Perturbation(
                moves: try members.int("moves"), values: try members.double("values"),
                symmetries: try members.get("symmetries", "true or false", \.bool)))
    }
}

extension JSONMembers where Failure == SamplingError {
    /// The member `key` as one of the words of a type.
    fileprivate func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String)
        throws(SamplingError) -> Word
    {
        let text = try string(key)
        guard let word = Word(rawValue: text) else {
            throw SamplingError(
                .document,
                "'\(key)' is '\(text)'; there are "
                    + "\(Word.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return word
    }
}
