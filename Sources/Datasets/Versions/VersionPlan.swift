internal import Documents
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
                        "it is in the dataset already, in the part '\(there.part.rawValue)'")
                }
                guard parent.strata.contains(choice.sources) else {
                    throw refuse(
                        choice,
                        "it has \(choice.sources) sources, which no sample of the dataset has")
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

    /// The version's manifest, but for its shards and files.
    ///
    /// - Parameters:
    ///   - digest: of all samples.
    ///   - largest: the largest bound.
    ///   - choices: SHA-256 of the choices' file.
    package func version(
        of round: VersionWriter.Round, digest: Digest, largest: Double, choices: Digest
    ) throws(DatasetError) -> PackManifest {
        let name = "\(Split.Part.train.rawValue)/\(round.name)"
        var version = parent.manifest
        guard !version.selections.contains(where: { $0.name == name }) else {
            throw DatasetError(
                .data, "the selection '\(name)' is there already: choose another name")
        }
        let new = counts(.added)
        version.inputs = [parent.manifest.input]
        version.selections.append(
            Selection(name: name, part: .train, ranges: ranges, samples: size))
        version.samples += added.count
        for number in version.strata.indices {
            version.strata[number].samples += new[version.strata[number].sources] ?? 0
        }
        for number in version.parts.indices where version.parts[number].part == .train {
            version.parts[number].samples += added.count
        }
        version.digest = digest
        version.largestErrorBound = largest
        version.descent = PackManifest.Descent(
            parent: parent.manifest.id, choices: choices,
            round: try VersionRound(
                number: round.number, selection: name, from: round.from,
                acquisition: round.acquisition, added: table(.added), dropped: table(.dropped),
                taken: table(.taken), meanScore: meanScore, facts: round.facts))
        return version
    }

    private func counts(_ action: ChosenSample.Action) -> [Int: Int] {
        var counts: [Int: Int] = [:]
        for row in rows where row.choice.action == action {
            counts[row.choice.sources, default: 0] += 1
        }
        return counts
    }

    private func table(_ action: ChosenSample.Action) -> [Stratum] {
        counts(action).sorted { $0.key < $1.key }.map { Stratum(sources: $0, samples: $1) }
    }

    /// The mean score of the samples that joined and have one.
    private var meanScore: Double? {
        let scores = rows.filter { $0.choice.action != .dropped }.compactMap(\.choice.score)
        return scores.isEmpty ? nil : ScoreMean.of(scores)
    }
}
