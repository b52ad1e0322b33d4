public import Documents
internal import Fields

extension Curation {
    /// Reads the block `rounds` of a pipeline, or what a manifest records of it: a JSON object that
    /// its schema has accepted. Members that are missing have the schema's defaults.
    ///
    /// - Throws: `SamplingError` with code `.document` where keys contradict each other.
    public init(json: JSON) throws(SamplingError) {
        let json = Schema.filled(json, by: "curation")
        self.init()
        count = json["count"]?.int ?? count
        add = json["add"]?.int ?? add
        drop = json["drop"]?.int ?? drop
        source = try Curation.choice("candidates", of: json) ?? source
        pool = json["pool"]?.int ?? pool
        score = try Curation.choice("score", of: json) ?? score
        column = json["by"]?.string ?? column
        passes = json["passes"]?.int ?? passes
        acquisition = try Acquisition(json: json)
        budget = try Curation.choice("budget", of: json) ?? budget
        randomShare = json["random_share"]?.double ?? randomShare
        seed = UInt32(clamping: json["seed"]?.int ?? Int(seed))
        stop = json["stop"]?["standard_errors"]?.double
        if let near = json["neighbours"] {
            neighbours = Neighbours(
                share: near["share"]?.double ?? 1, hardest: near["hardest"]?.int ?? 50,
                perturbation: try Perturbation(
                    moves: near["moves"]?.int ?? 8, values: near["values"]?.double ?? 0.25,
                    symmetries: near["symmetries"] != .bool(false)))
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

    /// The member `key` as one of the cases of a type, or nil where it is missing.
    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, of json: JSON
    ) throws(SamplingError) -> Choice? {
        guard let text = json[key]?.string else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw SamplingError(
                .document,
                "'\(key)' is '\(text)'; there are "
                    + "\(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
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
