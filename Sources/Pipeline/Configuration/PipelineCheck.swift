internal import Datasets
internal import Documents
internal import Fields
internal import Learning
internal import Sampling
internal import Shards

/// What of a pipeline contradicts itself, or the numbers of samples that it is for: found before
/// any of them is made.
///
/// Whatever follows from the pipeline and those numbers alone belongs here, so that nobody waits
/// for labels and a model first.
struct PipelineCheck {
    let pipeline: PipelineFile
    let path: String
    /// How shards store labels.
    let codec: any ShardCodec
    /// Numbers of sources, ascending, and the samples of each.
    let strata: [Int]
    let counts: [Int]
    /// Whether the samples are those of the pipeline's design.
    let isDrawn: Bool

    /// Checks all that the stages up to `last` rest on.
    ///
    /// - Returns: What the user should know, though it is no error.
    /// - Throws: `PipelineError` naming file, line and key.
    @discardableResult func check(upTo last: Stage) throws -> [String] {
        do { try SampleListing.check(counts, pipeline.cut) } catch let
            error as DatasetError
        { throw fail("sampling.samples_per_stratum", error.message) }
        let selections = try selections()
        let stages = last.upToHere
        guard stages.contains(.train) else { return [] }
        let rounds = last == .resample ? pipeline.curation : nil
        let trains = pipeline.training != nil && (rounds == nil || pipeline.trainer == nil)
        guard trains || rounds != nil else { return [] }
        guard codec.labels != nil else {
            let others = ShardCodecs.all.filter { $0.labels != nil }.map { "'\($0.name)'" }
            throw fail(
                "pack.codec",
                "\(codec.name)s hold no fields, so no model can learn from them: choose "
                    + "\(others.joined(separator: " or ")), or make the dataset alone with "
                    + "--until pack"
            )
        }
        if pipeline.training?.samplesPerEpoch != nil {
            try checkEndless(rounds)
            if trains { try checkJudge() }
            return trains && stages.contains(.evaluate) ? notes : []
        }
        let start = try selection(pipeline.trainingSelection, among: selections)
        if trains { try checkJudge() }
        if let rounds {
            let members = count(selections) { start.contains(part: .train, rank: $0, sources: $1) }
            try check(rounds, members: members, others: samples(of: .train) - members)
        }
        return trains && stages.contains(.evaluate) ? notes : []
    }

    /// An error that names the line of `key`.
    private func fail(_ key: String, _ message: String) -> PipelineError {
        PipelineError(.data, "\(path):\(pipeline.line(of: key)): \(key): \(message)")
    }

    /// The selections that the split makes.
    private func selections() throws -> [Selection] {
        do { return try pipeline.split.selections(strata: strata, counts: counts) } catch {
            throw fail("split", error.message)
        }
    }

    // MARK: What a model learns from, and what it is judged by

    /// What models learn from: known names, and a sample at least.
    private func selection(_ text: String, among selections: [Selection]) throws
        -> SelectionExpression
    {
        let found: SelectionExpression
        do { found = try SelectionExpression(text, among: selections) } catch {
            throw fail("train.selection", error.message)
        }
        guard count(selections, where: { found.contains(part: .train, rank: $0, sources: $1) }) > 0
        else {
            throw fail(
                "train.selection",
                "'\(text)' has no sample of the part 'train' here: there are samples of "
                    + "\(PipelineCheck.list(strata)) sources")
        }
        return found
    }

    /// A model that learns from what is drawn on: there must be something to draw, and nothing to
    /// choose.
    private func checkEndless(_ rounds: Curation?) throws {
        guard isDrawn else {
            throw fail(
                "train.selection",
                "'endless' draws on, and these samples are imported: set it to what there is")
        }
        guard rounds == nil else {
            throw fail(
                "train.selection",
                "'endless' takes every sample once, and rounds choose among samples: leave out "
                    + "'rounds', or set it to a selection such as S100%")
        }
    }

    /// The part that chooses the best epoch must have a sample.
    private func checkJudge() throws {
        guard let training = pipeline.training else { return }
        let part: Split.Part
        switch training.judge {
        case .validation: part = .validation
        case .test: part = .test
        case .none: return
        }
        guard samples(of: part) == 0 else { return }
        let other =
            part == .validation
            ? "train.judge to 'test', as the paper does," : "train.judge to 'validation'"
        let key = "\(part.rawValue)_every"
        guard let first = pipeline.split.index(Split.Place(part: part, position: 0)) else {
            throw fail(
                "train.judge",
                "there is no \(part.rawValue) part to choose the best epoch by: set split.\(key), "
                    + "or set \(other) or 'none'")
        }
        throw fail(
            "train.judge",
            "the \(part.rawValue) part, which is to choose the best epoch, has no sample: with "
                + "this split.\(key) its first one is number \(first + 1) of a number of sources, "
                + "and there are \(counts.max() ?? 0) at most. Lower split.\(key), ask for more "
                + "samples, or set \(other) or 'none'")
    }

    /// What is judged where there is no test part.
    private var notes: [String] {
        guard samples(of: .test) == 0 else { return [] }
        return [PipelineCheck.withoutTest(samples(of: .validation) > 0 ? .validation : .train)]
    }

    /// What is said where a model is not judged on a test part, but on `part`.
    static func withoutTest(_ part: Split.Part) -> String {
        "there is no test part, so the model is judged on the "
            + (part == .validation
                ? "validation part, which may have chosen its best epoch"
                : "training part, samples that it has learnt from: its errors will look too small")
            + ". Set split.test_every for a test part"
    }

    private func samples(of part: Split.Part) -> Int {
        counts.reduce(0) { $0 + pipeline.split.positions(of: part, among: $1) }
    }

    /// Counts training samples by rank and number of sources. What belongs to a selection changes
    /// at the ends of the selections' ranges alone, which are whole positions, so that one rank
    /// stands for all in between. O(selections · strata).
    private func count(_ selections: [Selection], where isWanted: (Int, Int) -> Bool) -> Int {
        let positions = counts.map { pipeline.split.positions(of: .train, among: $0) }
        let most = positions.max() ?? 0
        let ends = selections.flatMap {
            [$0.span.lowerBound / strata.count, $0.span.upperBound / strata.count]
        }
        let cuts = Set(ends.filter { (0..<most).contains($0) } + [0, most]).sorted()
        var found = 0
        for (start, end) in zip(cuts, cuts.dropFirst()) {
            for (ordinal, sources) in strata.enumerated()
            where isWanted(start * strata.count + ordinal, sources) {
                found += max(0, min(end, positions[ordinal]) - start)
            }
        }
        return found
    }

    /// Numbers for a person: `1, 2, 3` or `1 to 20`.
    private static func list(_ numbers: [Int]) -> String {
        guard let first = numbers.first, let last = numbers.last, numbers.count > 3,
            last - first == numbers.count - 1
        else { return numbers.prefix(20).map(String.init).joined(separator: ", ") }
        return "\(first) to \(last)"
    }
}

// MARK: - Rounds

extension PipelineCheck {
    /// The first round must be possible; later ones end where candidates run out.
    private func check(_ curation: Curation, members: Int, others: Int) throws {
        // A trainer of the user's own tells errors of the test part alone.
        let judging = samples(of: .test) + (pipeline.trainer == nil ? samples(of: .validation) : 0)
        guard curation.stop == nil || judging > 0 else {
            throw fail(
                "rounds.stop",
                "it goes by errors on the "
                    + "\(pipeline.trainer == nil ? "validation or the test" : "test") part, which "
                    + "has no sample: set split.test_every")
        }
        guard curation.drop == 0 || members > curation.drop else {
            throw fail(
                "rounds.drop",
                "\(curation.drop) samples are to leave '\(pipeline.trainingSelection)', which has "
                    + "\(members): lower it")
        }
        switch curation.source {
        case .unselected:
            guard others >= curation.add else {
                throw fail(
                    "rounds.add",
                    "round 1 is to add \(curation.add) samples, but of the training samples only "
                        + "\(others) are not in '\(pipeline.trainingSelection)': lower it, start "
                        + "from a smaller train.selection, or draw candidates")
            }
        case .drawn: try checkPool(curation)
        }
    }

    /// Candidates must be possible to draw, and enough of them.
    private func checkPool(_ curation: Curation) throws {
        guard let design = pipeline.design else {
            throw fail(
                "rounds.candidates",
                "there is no 'sampling', so no candidates can be drawn: set it to 'unselected', "
                    + "or score configurations of your own and run 'steadyset resample' with "
                    + "--from and --scores")
        }
        let pool: Design
        do { pool = try curation.candidates(of: design, round: 1) } catch {
            throw fail("rounds.pool", poolMessage(curation, design, error))
        }
        var most = new(pool, beside: design)
        if let near = curation.neighbours {
            let isMoving = near.perturbation.moves > 0 || near.perturbation.symmetries
            guard isMoving || (near.perturbation.values > 0 && (design.strata.last ?? 1) > 1) else {
                throw fail(
                    "rounds.neighbours",
                    "without moves, changed values and symmetries a sample has no neighbours; a "
                        + "single source has the value 1 whatever 'values' says: allow more")
            }
            most += max(1, Int((near.share * Double(pool.sampleCount)).rounded()))
        }
        guard curation.add <= most else {
            throw fail(
                "rounds.add",
                "round 1 is to add \(curation.add) samples, but there are \(most) candidates at "
                    + "most: lower it, or raise rounds.pool")
        }
    }

    /// Candidates that the dataset may lack: all but single sources that are drawn without
    /// replacement, of which it has used up some.
    private func new(_ pool: Design, beside design: Design) -> Int {
        pool.strata.indices.reduce(0) { sum, ordinal in
            guard isDrawn, let limit = design.limit(stratum: ordinal) else {
                return sum + pool.counts[ordinal]
            }
            return sum + min(pool.counts[ordinal], max(0, limit - design.counts[ordinal]))
        }
    }

    /// What is said of a pool that cannot be drawn, with the largest one that can.
    private func poolMessage(_ curation: Curation, _ design: Design, _ error: SamplingError)
        -> String
    {
        guard error.code == .exhausted else { return error.message }
        func isPossible(_ pool: Int) -> Bool {
            var other = curation
            other.pool = pool
            return (try? other.candidates(of: design, round: 1)) != nil
        }
        var (low, high) = (design.strata.count, curation.pool)
        var hint = "; rounds that choose among these samples need 'candidates: unselected'"
        if isPossible(low) {
            while high - low > 1 {
                let middle = (low + high) / 2
                if isPossible(middle) { low = middle } else { high = middle }
            }
            hint = "; this 'sampling' gives a pool of \(low) at most"
        }
        return "a pool of \(curation.pool) "
            + "candidates\(curation.pool == Curation().pool ? ", as many as by default," : "") "
            + "cannot be drawn: \(error.message)\(hint)"
    }
}
