internal import Datasets
internal import Documents
internal import Learning
internal import Sampling

/// What a curated stream asks: which candidates to take, and what losses say of the next ones.
extension PipelineSubject {
    /// Chooses what a window has: by the kinds' factors of a proposal, or by the losses of all its
    /// candidates.
    func choose(_ request: JSON) throws -> JSON {
        let members = try Members(
            request, of: "a request",
            required: ["do", "with", "curation", "seed", "window", "number"],
            optional: ["proposal", "losses"])
        let curation = try curation(try members.json("curation"))
        let count = try members.get("window", "an integer from 1 to 2^24") {
            $0.int.flatMap { 1...1 << 24 ~= $0 ? $0 : nil }
        }
        let seed = try members.get("seed", "an integer from 0 to 4294967295") {
            $0.int.flatMap(UInt32.init(exactly:))
        }
        let number = try members.get("number", "an integer from 0") {
            $0.int.flatMap { 0...SampleSequence.maximumCount / (32 * count) ~= $0 ? $0 : nil }
        }
        let draws = CuratedDraws(stream, count: count, curation, seed: seed)
        guard let listed = members.optional("losses") else {
            let strata = stream.design.strata.count
            let proposal = try members.optional("proposal").map { json in
                guard let proposal = StreamProposal(json: json, strata: strata) else {
                    throw EngineError(.usage, "'proposal' is none of this stream")
                }
                return proposal
            }
            return chosen(in: try draws.window(number, by: proposal ?? draws.plain))
        }
        let losses = try self.losses(listed)
        guard losses.count == count * curation.candidates else {
            throw EngineError(.usage, "there is not a loss for each candidate of the window")
        }
        return chosen(in: draws.window(number, losses: losses))
    }

    /// Follows the losses of a window.
    func learn(_ request: JSON) throws -> JSON {
        let members = try Members(
            request, of: "a request", required: ["do", "with", "kinds", "weights", "losses"],
            optional: ["proposal"])
        let strata = stream.design.strata.count
        var proposal = StreamProposal(strata: strata)
        if let json = members.optional("proposal") {
            guard let given = StreamProposal(json: json, strata: strata) else {
                throw EngineError(.usage, "'proposal' is none of this stream")
            }
            proposal = given
        }
        let losses = try self.losses(try members.json("losses"))
        let weights = try members.doubles("weights", count: losses.count).map(Float.init)
        let limits = SampleTrait.allCases.map { $0.count(strata: strata) }
        let kinds = try members.array("kinds").enumerated().map { place, json in
            let listed = json.array?.compactMap(\.int) ?? []
            let isNone = listed.isEmpty && place < losses.count && losses[place] == nil
            guard isNone || listed.count == limits.count,
                zip(listed, limits).allSatisfy({ 0..<$1 ~= $0 })
            else { throw EngineError(.usage, "'kinds' has other kinds than there are") }
            return listed
        }
        guard kinds.count == losses.count, weights.allSatisfy({ $0.isFinite && $0 >= 0 }) else {
            throw EngineError(.usage, "kinds, weights and losses are not of the same samples")
        }
        proposal.learn(kinds, weights: weights, losses: losses)
        return .object(["proposal": proposal.json])
    }

    private func curation(_ json: JSON) throws -> OnlineCuration {
        do { return try OnlineCuration(json: json) } catch {
            throw EngineError(.usage, error.message)
        }
    }

    private func losses(_ json: JSON) throws -> [Double?] {
        guard let listed = json.array else {
            throw EngineError(.usage, "'losses' of a request is not an array")
        }
        return try listed.map { loss in
            if loss == .null { return nil }
            guard let value = loss.double, value.isFinite, value >= 0 else {
                throw EngineError(.usage, "a loss is not a number of at least 0")
            }
            return value
        }
    }

    private func chosen(in window: CuratedWindow) -> JSON {
        .object([
            "chosen": .array(window.chosen.map { $0.map(JSON.integer) ?? .null }),
            "weights": .array(window.weights.map { .number(Double($0)) }),
            "kinds": .array(window.kinds.map { .array($0.map(JSON.integer)) }),
        ])
    }
}
