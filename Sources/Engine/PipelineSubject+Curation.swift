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
            let proposal = try members.optional("proposal").map(proposal) ?? draws.plain
            return chosen(in: try draws.window(number, by: proposal), by: proposal)
        }
        let losses = try self.losses(listed)
        guard losses.count == count * curation.candidates else {
            throw EngineError(.usage, "there is not a loss for each candidate of the window")
        }
        return chosen(in: draws.window(number, losses: losses), by: nil)
    }

    /// Follows the losses of a window.
    func learn(_ request: JSON) throws -> JSON {
        let members = try Members(
            request, of: "a request",
            required: ["do", "with", "proposal", "kinds", "weights", "losses"])
        var proposal = try proposal(try members.json("proposal"))
        let losses = try self.losses(try members.json("losses"))
        let weights = try members.doubles("weights", count: losses.count).map(Float.init)
        let strata = stream.design.strata.count
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

    private func proposal(_ json: JSON) throws -> StreamProposal {
        guard let proposal = StreamProposal(json: json, strata: stream.design.strata.count) else {
            throw EngineError(.usage, "'proposal' is none of this stream")
        }
        return proposal
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

    private func chosen(in window: CuratedWindow, by proposal: StreamProposal?) -> JSON {
        .object([
            "proposal": proposal?.json ?? .null,
            "chosen": .array(window.chosen.map { $0.map(JSON.integer) ?? .null }),
            "weights": .array(window.weights.map { .number(Double($0)) }),
            "kinds": .array(window.kinds.map { .array($0.map(JSON.integer)) }),
        ])
    }
}
