package import Documents

/// The rule by which a round takes the most useful of its candidates.
public struct Acquisition: Hashable, Sendable {
    /// The rules that there are.
    package static let rules: [any AcquisitionRule.Type] = [
        RandomAcquisition.self, TopAcquisition.self, PowerAcquisition.self, CentreAcquisition.self,
        ClusterAcquisition.self, BaitAcquisition.self,
    ]

    /// The rule, with the values of its keys.
    package let rule: any AcquisitionRule

    /// All alike.
    package static let random = Acquisition(RandomAcquisition([]))
    /// The largest scores.
    package static let top = Acquisition(TopAcquisition([]))

    /// Creates an acquisition.
    package init(_ rule: some AcquisitionRule) { self.rule = rule }

    /// Reads the keys `acquisition`, `top` where it is left out, and those of its rule from the
    /// block `rounds`.
    ///
    /// - Throws: `SamplingError` with code `.document` where there is no such rule, a key belongs
    ///   to another one, or a value is out of range.
    package init(json: JSON) throws(SamplingError) {
        let name = json["acquisition"]?.string ?? TopAcquisition.name
        guard let rule = Acquisition.rules.first(where: { $0.name == name }) else {
            let near = EditDistance.nearest(to: name, among: Acquisition.rules.map { $0.name })
            throw SamplingError(
                .document,
                "there is no acquisition '\(name)'"
                    + (near.map { ": did you mean '\($0)'? There" } ?? "; there")
                    + " are \(Acquisition.list("and"))")
        }
        var values: [Double] = []
        for key in rule.keys {
            let value = json[key.name]?.double ?? key.standard
            guard key.range.contains(value) else {
                throw SamplingError(
                    .document,
                    "'\(key.name)' is \(value); it must be from \(key.range.lowerBound) to "
                        + "\(key.range.upperBound)")
            }
            values.append(value)
        }
        for other in Acquisition.rules where other.name != name {
            if let key = other.keys.first(where: { json[$0.name] != nil }) {
                throw SamplingError(
                    .document, "'\(key.name)' goes with 'acquisition: \(other.name)'")
            }
        }
        self.rule = rule.init(values)
    }

    /// The members that `init(json:)` reads.
    package var members: [String: JSON] {
        var members: [String: JSON] = ["acquisition": .string(name)]
        for (key, value) in zip(type(of: rule).keys, rule.values) {
            members[key.name] = .number(value)
        }
        return members
    }

    /// Its name in pipelines and manifests.
    public var name: String { type(of: rule).name }

    /// Whether the rule goes by distances between features.
    public var needsFeatures: Bool { type(of: rule).needsFeatures }

    /// Keys of the block `rounds` that a rule other than `name` has.
    package static func keys(besides name: String) -> [String] {
        rules.filter { $0.name != name }.flatMap { $0.keys.map(\.name) }
    }

    /// The names of all rules, with `conjunction` before the last.
    package static func list(_ conjunction: String) -> String {
        let names = rules.map { $0.name }
        return names.dropLast().joined(separator: ", ") + " \(conjunction) \(names.last ?? "")"
    }

    /// Chooses `count` of the candidates.
    ///
    /// - Parameters:
    ///   - count: how many, at most as many as there are.
    ///   - candidates: what to choose from.
    ///   - budget: how many of each number of sources.
    ///   - features: rows of features, of the candidates and then of what is there already; nil
    ///     where the rule needs none.
    ///   - threads: how many threads distances may use; the choices do not depend on it.
    ///   - seed: the seed.
    ///   - round: the number of the round, so that rounds with one seed differ.
    /// - Returns: the choices, the most wanted first within each stratum or, without a budget,
    ///   altogether.
    /// - Throws: `SamplingError` with code `.scores` where there are too few candidates or no
    ///   features, `.unreadable` where features cannot be read.
    public func choose(
        _ count: Int, of candidates: Candidates, budget: StratumBudget = .free,
        features: Features? = nil, threads: Int = 1, seed: UInt32, round: Int
    ) throws(SamplingError) -> [Choice] {
        guard (0...candidates.count).contains(count) else {
            throw SamplingError(
                .scores,
                "\(count) samples are to be chosen of \(candidates.count): lower the number, or "
                    + "score more")
        }
        guard !needsFeatures || features != nil else {
            throw SamplingError(
                .scores,
                "this acquisition needs features of the candidates: evaluate with --features")
        }
        if let features {
            precondition(features.rows >= candidates.count, "every candidate has features")
        }
        var pool = AcquisitionPool(
            candidates: candidates, features: features,
            there: features.map { Array(candidates.count..<$0.rows) } ?? [], threads: threads,
            seed: seed, round: round)
        var choices: [Choice] = []
        for (members, share) in budget.shares(of: count, among: candidates) {
            let taken = try rule.choose(share, of: members, in: pool)
            choices += taken
            pool.there += taken.map(\.candidate)
        }
        return choices
    }

    /// Whether both are the same rule with the same values.
    public static func == (one: Acquisition, other: Acquisition) -> Bool {
        one.name == other.name && one.rule.values == other.rule.values
    }

    /// Feeds name and values.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(rule.values)
    }
}
