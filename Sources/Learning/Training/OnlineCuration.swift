package import Documents

/// How a training without an end chooses what it draws: `train.curation` of a pipeline.
package struct OnlineCuration: Hashable, Sendable {
    /// What makes a candidate probable.
    package enum Criterion: String, Hashable, Sendable, CaseIterable {
        /// The losses of its kinds so far: the candidates need not be solved.
        case kinds
        /// Its own loss under the model as it is: all candidates are solved and predicted.
        case loss
    }

    /// What makes a candidate probable.
    package var criterion = Criterion.kinds
    /// Fresh candidates of which one is taken, from 2 to `mostCandidates`.
    package var candidates = 8
    /// The share of draws by chance, from 0.01 to 1.
    package var floor = 0.1
    /// The power of the loss that probabilities follow, from 0 to 8.
    package var power = 1
    /// Whether losses and gradients are weighted, so that they are those of the design.
    package var isUnbiased = false

    /// The largest number of candidates: as many as there are digits for them in a log.
    package static let mostCandidates = 32

    /// The defaults.
    package init() {}

    /// Reads what a schema has accepted, with every key.
    ///
    /// - Throws: `LearningError` with code `.training` where a member is missing, unknown or wrong.
    package init(json: JSON) throws(LearningError) {
        let members = try Members(
            json, of: "train.curation",
            required: ["by", "candidates", "floor", "power", "unbiased"])
        self.init()
        criterion = try members.word("by")
        candidates = try members.get(
            "candidates", "an integer from 2 to \(OnlineCuration.mostCandidates)"
        ) { $0.int.flatMap { 2...OnlineCuration.mostCandidates ~= $0 ? $0 : nil } }
        floor = try members.get("floor", "a number from 0.01 to 1") {
            $0.double.flatMap { 0.01...1 ~= $0 ? $0 : nil }
        }
        power = try members.get("power", "an integer from 0 to 8") {
            $0.int.flatMap { 0...8 ~= $0 ? $0 : nil }
        }
        isUnbiased = try members.get("unbiased", "true or false", \.bool)
    }

    /// It with every key.
    package var json: JSON {
        .object([
            "by": .string(criterion.rawValue), "candidates": .integer(candidates),
            "floor": .number(floor), "power": .integer(power), "unbiased": .bool(isUnbiased),
        ])
    }
}
