package import Documents
package import Fields
internal import Sampling
internal import Shards

/// What a version adds to its parent's manifest: the training set that its choices make, and counts
/// of them.
package struct VersionPlan {
    /// The choices with the ranks of their samples.
    package let rows: [(choice: ChosenSample, rank: Int)]
    /// Ids of new samples, in the order of their ranks.
    package let added: [SampleID]
    /// Their numbers of sources.
    package let sources: [Int]
    private let parent: ParentVersion
    /// Ranks of the training set.
    private let ranges: [Range<Int>]
    private let size: Int

    /// Follows `choices` from the training set `expression` of `parent`.
    ///
    /// - Throws: `DatasetError` where a choice contradicts the dataset or another choice.
    package init(_ choices: [ChosenSample], from expression: String, in parent: ParentVersion)
        throws
    {
        self.parent = parent
        let training = try parent.samples.select(expression, of: .train)
        var chosen = Set(training.map(\.rank))
        var byID: [SampleID: PackedSamples.Sample] = [:]
        byID.reserveCapacity(parent.samples.samples.count)
        for sample in parent.samples.samples { byID[sample.id] = sample }
        func refuse(_ choice: ChosenSample, _ why: String) -> DatasetError {
            DatasetError(.data, "sample \(choice.id) cannot be \(choice.action.rawValue): \(why)")
        }
        var added: [SampleID] = []
        var seen: Set<SampleID> = []
        rows = try choices.map { choice in
            guard seen.insert(choice.id).inserted else {
                throw refuse(choice, "it is chosen twice")
            }
            guard choice.round >= 1, ChoiceTable.isWord(choice.acquisition),
                choice.score.map({ $0.isFinite && $0 >= 0 }) ?? true,
                choice.probability.map({ $0 > 0 && $0 <= 1 }) ?? true
            else { throw refuse(choice, "its round, acquisition, score or probability is not one") }
            if choice.action == .added {
                if let there = byID[choice.id] {
                    throw refuse(
                        choice,
                        "it is in the dataset already, in the part " + "'\(there.part.rawValue)'")
                }
                guard parent.strata.contains(choice.sources) else {
                    throw refuse(
                        choice,
                        "it has \(choice.sources) sources, which no sample of " + "the dataset has")
                }
                let rank = parent.nextRank + added.count
                added.append(choice.id)
                chosen.insert(rank)
                return (choice, rank)
            }
            guard let sample = byID[choice.id], sample.part == .train else {
                throw refuse(
                    choice,
                    byID[choice.id] == nil
                        ? "the dataset lacks it" : "it is not of the part 'train'")
            }
            guard Int(sample.sources) == choice.sources else {
                throw refuse(choice, "it has \(sample.sources) sources, not \(choice.sources)")
            }
            if choice.action == .dropped {
                guard chosen.remove(sample.rank) != nil else {
                    throw refuse(choice, "it is not in the training set '\(expression)'")
                }
            } else {
                guard chosen.insert(sample.rank).inserted else {
                    throw refuse(choice, "it is in the training set '\(expression)' already")
                }
            }
            return (choice, sample.rank)
        }
        self.added = added
        sources = rows.filter { $0.choice.action == .added }.map(\.choice.sources)
        size = chosen.count
        let end = parent.nextRank + added.count
        ranges = Selection.ranges(
            among: parent.ranks + Array(parent.nextRank..<end), where: chosen.contains)
        guard !ranges.isEmpty else {
            throw DatasetError(.data, "nothing is left of the training set '\(expression)'")
        }
    }

    /// The version's content.
    ///
    /// - Parameters:
    ///   - digest: of all samples.
    ///   - largest: the largest bound.
    ///   - choices: SHA-256 of the choices' file.
    package func content(
        of round: VersionWriter.Round, digest: Digest, largest: Double, choices: Digest
    ) throws -> JSON {
        var content = parent.manifest.content.object ?? [:]
        let name = "\(Split.Part.train.rawValue)/\(round.name)"
        let selections = content["selections"]?.array ?? []
        guard !selections.contains(where: { $0["name"]?.string == name }) else {
            throw DatasetError(
                .data, "the selection '\(name)' is there already: choose another " + "name")
        }
        let selection = Selection(name: name, part: .train, ranges: ranges, samples: size)
        let new = counts(.added)
        content["selections"] = .array(selections + [selection.json])
        content["samples"] = .integer((content["samples"]?.int ?? 0) + added.count)
        content["strata"] = .array(
            (content["strata"]?.array ?? []).map { entry in
                let sources = entry["sources"]?.int ?? 0
                return .object([
                    "sources": .integer(sources),
                    "samples": .integer((entry["samples"]?.int ?? 0) + (new[sources] ?? 0)),
                ])
            })
        content["parts"] = .array(
            (content["parts"]?.array ?? []).map { entry in
                let isTrain = entry["part"]?.string == Split.Part.train.rawValue
                return .object([
                    "part": entry["part"] ?? .null,
                    "samples": .integer((entry["samples"]?.int ?? 0) + (isTrain ? added.count : 0)),
                ])
            })
        content["digest"] = .string(digest.description)
        content["largest_error_bound"] = .number(largest)
        content["parent"] = .string(parent.manifest.id.description)
        content["choices"] = .string(choices.description)
        content["round"] = .object(
            (round.facts.object ?? [:]).merging([
                "selection": .string(name), "from": .string(round.from), "added": table(.added),
                "dropped": table(.dropped), "taken": table(.taken), "mean_score": meanScore,
            ]) { $1 })
        return .object(content)
    }

    private func counts(_ action: ChosenSample.Action) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for row in rows where row.choice.action == action {
            counts[row.choice.sources, default: 0] += 1
        }
        return counts
    }

    private func table(_ action: ChosenSample.Action) -> JSON {
        let counts = counts(action)
        let strata = counts.keys.sorted()
        return SampleListing.table(strata: strata, counts: strata.map { counts[$0] ?? 0 })
    }

    /// The mean score of the samples that joined and have one.
    private var meanScore: JSON {
        let scores = rows.filter { $0.choice.action != .dropped }.compactMap(\.choice.score)
        return scores.isEmpty ? .null : .number(ScoreMean.of(scores))
    }
}
